"""The page on files: its examples run, its tables say what the code says."""

import doctest
import json
import re
import tomllib
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats import records as records_module
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.known import FORMATS
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.mapping.targets import RUN_TARGETS
from evalkit.fetchers.files.reading.functions import OWN, Functions

PAGE = Path(records_module.__file__).parents[1] / "README.md"
TEXT = PAGE.read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HARNESSES = PAGE.with_name("harnesses.md").read_text("utf-8")
SECTIONS = [
    part for page in (TEXT, HARNESSES) for part in page.split("\n## ")[1:] if "```toml" in part
]
FETCHERS = {"records": RecordsFetcher, "files": AutoFetcher}
OWN_KEYS = ("fetcher", "slices", "reducers", "evaluators")


def rows(pairs):
    return "".join(f"| `{name}` | {doc} |\n" for name, doc in pairs)


TABLES = {
    "fields": "| field | is |\n| --- | --- |\n"
    + rows((name, target.doc) for name, target in RUN_TARGETS.items()),
    "functions": "| function | gives |\n| --- | --- |\n"
    + rows(
        (name, Functions.FUNCTION_TABLE[name]["function"].__doc__.split("\n")[0]) for name in OWN
    ),
    "formats": "| format | is |\n| --- | --- |\n" + rows((each.name, each.doc) for each in FORMATS),
}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.split("\n")[0])
def test_an_example_does_what_it_says(section, tmp_path):
    said = None
    for kind, name, content in BLOCK.findall(section):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            if kind == "parquet":
                rows = [json.loads(line) for line in content.splitlines()]
                parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / name)
            else:
                (tmp_path / name).write_text(content)
        elif kind == "toml":
            (experiment, table), *_ = tomllib.loads(content)["experiments"].items()
            options = {key: value for key, value in table.items() if key not in OWN_KEYS}
        elif kind == "pycon":
            said = content
    fetcher = FETCHERS[table["fetcher"]](options, FetchContext(experiment, tmp_path))
    runs = list(fetcher.runs())
    names = {
        "runs": runs,
        "run": runs[0],
        "examples": {example.example_id: example for example in fetcher.examples()},
        "notes": fetcher.counts().notes,
    }
    assert said is not None
    test = doctest.DocTestParser().get_doctest(said, names, section[:30], str(PAGE), 0)
    failures: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=failures.append)
    assert test.examples
    assert not failures, "".join(failures)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_the_code_says(name):
    (found,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert found == TABLES[name], "run `python tests/fetchers/files/test_files_readme.py`"


if __name__ == "__main__":
    for name, table in TABLES.items():
        block = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        TEXT = re.sub(block, lambda found, t=table: found[1] + t + found[2], TEXT, flags=re.DOTALL)
    PAGE.write_text(TEXT, "utf-8")
