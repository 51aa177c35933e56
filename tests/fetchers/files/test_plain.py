"""Options that are nothing but paths: what is taken without pydantic, its models take too."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.mapping.options import DatasetOptions
from evalkit.fetchers.files.plain import PLAIN, digest_of_plain, is_plain, plain_options
from evalkit.fetchers.files.reading.plain import plain_dataset
from evalkit.fetchers.plain import PlainOptions
from evalkit.project import plugins

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.sampled_from(["run_id", "inputs", "outputs.answer", "usage.total_cost", "usage.x", "id"])
PATHS = st.sampled_from(["id", "extra.metadata", "not_null(a, b)", "length(", "", "@"]) | TEXTS
FIELDS = st.dictionaries(NAMES, PATHS | st.integers(), max_size=3)
VALUES = TEXTS | st.lists(TEXTS, max_size=3) | st.none() | st.booleans() | st.integers() | FIELDS
KEYS = st.sampled_from(["path", "dataset", "experiment", "format", "session", "pth", "fields"])
OPTIONS = st.dictionaries(KEYS, VALUES, max_size=3) | st.fixed_dictionaries(
    {"path": TEXTS | st.lists(TEXTS, max_size=2), "fields": FIELDS}, optional={"dataset": TEXTS}
)


def said(options: PlainOptions) -> dict[str, Any]:
    return {name: each for name, each in vars(options).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", PLAIN)
@settings(deadline=None)
@given(options=OPTIONS)
def test_what_is_plain_is_valid_and_stays_as_it_is(name: str, options: dict[str, Any]) -> None:
    plain = plain_options(name, options)
    assert (plain is not None) is is_plain(name, options)
    if plain is not None:
        made = plugins.fetcher(name).Options.model_validate(options)
        assert said(plain) == made.model_dump()
        given = plain.model_dump(exclude_unset=True)
        assert given == made.model_dump(exclude_unset=True) == options


def test_a_dataset_that_is_a_path_has_the_keys_of_its_table() -> None:
    assert said(plain_dataset("a.jsonl")) == DatasetOptions(path="a.jsonl").model_dump()


@pytest.mark.parametrize(
    ("name", "options", "plain"),
    [
        ("files", {"path": "a.jsonl"}, True),
        ("files", {"path": ["a.jsonl", "b.jsonl"], "dataset": "c.jsonl"}, True),
        ("evalkit", {"path": "a.jsonl", "dataset": "c.jsonl"}, False),
        ("files", {"path": "a.jsonl", "dataset": {"path": "c.jsonl"}}, False),
        ("files", {"path": "a.jsonl", "format": "tau2"}, False),
        ("files", {"path": ""}, False),
        ("files", {"path": []}, False),
        ("files", {"dataset": "c.jsonl"}, False),
        ("records", {"path": "a.jsonl"}, False),
        ("records", {"path": "a.jsonl", "fields": {}}, False),
        ("records", {"path": "a.jsonl", "fields": {"run_id": "id", "usage.total_cost": "c"}}, True),
        ("records", {"path": "a.jsonl", "fields": {"run_id": "id", "usage": {"x": "c"}}}, False),
        ("records", {"path": "a.jsonl", "fields": {"run_id": "length("}}, False),
        ("records", {"path": "a.jsonl", "fields": {"run": "id"}}, False),
        ("records", {"path": "a.jsonl", "fields": {"run_id": "id"}, "group_by": "id"}, False),
    ],
)
def test_only_paths_are_plain(name: str, options: dict[str, Any], plain: bool) -> None:
    assert is_plain(name, options) is plain


@pytest.mark.parametrize("name", PLAIN)
def test_the_same_files_are_looked_at_as_the_fetcher_looks_at(name: str, tmp_path: Path) -> None:
    for each in ("a.jsonl", "b.jsonl"):
        (tmp_path / each).write_text(f'{{"run_id": "{each}"}}\n')
    options: dict[str, Any] = {"path": "a.jsonl"}
    options |= {"dataset": "b.jsonl"} if "dataset" in PLAIN[name] else {}
    options |= {"fields": {"run_id": "run_id"}} if "fields" in PLAIN[name] else {}
    made: Any = plugins.fetcher(name)(options, FetchContext(experiment="one", base=tmp_path))
    assert digest_of_plain(options, tmp_path, "one") == made.look()
