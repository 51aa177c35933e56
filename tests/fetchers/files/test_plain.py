"""Options that are nothing but paths: what is taken without pydantic, its models take too."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.reading.plain import PLAIN, digest_of_plain, is_plain
from evalkit.project import plugins

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = TEXTS | st.lists(TEXTS, max_size=3) | st.none() | st.booleans() | st.integers()
KEYS = st.sampled_from(["path", "dataset", "experiment", "format", "session", "pth"])


@pytest.mark.parametrize("name", PLAIN)
@given(options=st.dictionaries(KEYS, VALUES, max_size=3))
def test_what_is_plain_is_valid_and_stays_as_it_is(name: str, options: dict[str, Any]) -> None:
    if is_plain(name, options):
        made = plugins.fetcher(name).Options.model_validate(options)
        assert made.model_dump(exclude_unset=True) == options


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
    ],
)
def test_only_paths_are_plain(name: str, options: dict[str, Any], plain: bool) -> None:
    assert is_plain(name, options) is plain


@pytest.mark.parametrize("name", PLAIN)
def test_the_same_files_are_looked_at_as_the_fetcher_looks_at(name: str, tmp_path: Path) -> None:
    for each in ("a.jsonl", "b.jsonl"):
        (tmp_path / each).write_text(f'{{"run_id": "{each}"}}\n')
    options = {"path": "a.jsonl"} | ({"dataset": "b.jsonl"} if "dataset" in PLAIN[name] else {})
    made: Any = plugins.fetcher(name)(options, FetchContext(experiment="one", base=tmp_path))
    assert digest_of_plain(options, tmp_path, "one") == made.look()
