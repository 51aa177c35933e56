"""The own keys of every source refuse what cannot be meant: new keys and sources are held too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from inside import evalkit_here

from evalkit.errors import ConfigError
from evalkit.project import plugins
from evalkit.project.config import load

NEEDED = {
    "langfuse": {"experiment": "'e'"},
    "langgraph": {"url": "'http://h'"},
    "langgraph-checkpoints": {"url": "'postgresql://h/d'"},
    "langsmith": {"experiment": "'e'"},
    "mlflow": {"experiment": "'e'"},
    "phoenix": {"experiment": "'e'"},
    "records": {"path": "'a'", "fields": "{run_id = 'id'}"},
}
"""What a source cannot do without; files need a path."""
NUMBERS = ["true", "false", "inf", "-inf", "nan", "-1", "-0.5", "1e300", "'x'"]
WITHOUT_END = {"requests_per_second", "limit"}
"""Numbers that may be as large as they like."""
PLACES = ["'http://h:99999'", "'http://h:0'", "'http://h:x'", "'http://h:-1'"]


def holds(kind: Any, *wanted: type) -> bool:
    return kind in wanted or any(holds(each, *wanted) for each in get_args(kind))


def wrong() -> Iterator[tuple[str, str, str]]:
    """Yield source, key and value for everything that each declared key has to refuse."""
    for name in plugins.fetchers():
        for field, about in plugins.fetcher(name).Options.model_fields.items():
            key, kind = about.alias or field, about.annotation
            values: list[str] = []
            if holds(kind, int, float):
                values = [each for each in NUMBERS if each != "1e300" or key not in WITHOUT_END]
            elif any(word in key for word in ("url", "endpoint", "proxy", "address")):
                values = PLACES
            elif holds(kind, Any):
                values = ["{a = nan}", "{a = {b = [1, inf]}}"]
            yield from ((name, key, value) for value in values)


def problems(folder: Path, name: str, keys: dict[str, str]) -> list[str]:
    (folder / "evaluators").mkdir()
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    (folder / "evalkit.toml").write_text(f"[experiments.x]\nfetcher = '{name}'\n{lines}")
    try:
        load(folder, deep=True)
    except ConfigError as error:
        return list(error.problems)
    return []


def needed(name: str) -> dict[str, str]:
    return NEEDED.get(name, {"path": "'a'"})


@pytest.mark.parametrize("name", [*plugins.fetchers()])
def test_what_a_source_needs_is_enough(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, name, needed(name)) == []


@pytest.mark.parametrize(("name", "key", "value"), [*wrong()])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, name: str, key: str, value: str) -> None:
    (said,) = problems(tmp_path, name, {key: value, **{**needed(name), key: value}})
    assert f"evalkit.toml:3: experiments.x.{key}" in said


def test_every_source_with_numbers_and_addresses_is_in_the_table() -> None:
    rows = {(name, key) for name, key, _ in wrong()}
    assert rows >= {
        *((name, "timeout") for name in ("langfuse", "langgraph", "langsmith", "mlflow")),
        *((name, "max_record_mb") for name in ("evalkit", "files", "records", "langsmith-files")),
        *(("phoenix", key) for key in ("grace_seconds", "concurrency", "url", "proxy")),
        ("langsmith", "endpoint"),
        ("langgraph-checkpoints", "url"),
        ("langgraph", "thread_metadata"),
    }


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("langgraph", "url", "'https://h:65535/prefix/'"),
        ("langgraph", "proxy", "'socks5://user:word@h:1080'"),
        ("langgraph", "timeout", "1"),
        ("langgraph", "since", "1700000000"),
        ("langgraph-checkpoints", "url", "'postgresql://u:p@a:1,[::1]:65535/d?host=/tmp'"),
        ("langgraph-checkpoints", "url", "'postgresql:///d'"),
        ("langgraph-checkpoints", "url", "'postgresql://u:a/pass:word@h:5432/d'"),
        ("langgraph-checkpoints", "url", "'postgresql://h:5432/d?user=u@corp&password=a:b'"),
        ("langgraph-checkpoints", "url", "'$DATABASE'"),
        ("langsmith", "endpoint", "''"),
        ("langsmith", "page_size", "1000"),
        ("mlflow", "url", "'sqlite:///mlflow.db'"),
        ("mlflow", "url", "'./mlruns'"),
        ("phoenix", "requests_per_second", "0.01"),
        ("files", "max_record_mb", "0.5"),
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, name: str, key: str, value: str) -> None:
    assert problems(tmp_path, name, {**needed(name), key: value}) == []


def test_the_command_ends_with_2_and_says_where(tmp_path: Path) -> None:
    assert problems(tmp_path, "files", {"path": "'a'", "max_record_mb": "true"})
    ended = evalkit_here("fetch", "x", cwd=tmp_path)
    assert ended.code == 2
    assert "evalkit.toml:4: experiments.x.max_record_mb should be a number" in ended.err
