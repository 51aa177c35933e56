"""Tokens mean one thing from every source: each spelling through each that can carry it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from usage_spellings import SPANS, SPELLINGS, Spelling, expected, facts

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.own import OwnFetcher
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.langgraph.inner import message_usage
from evalkit.fetchers.langsmith.convert.run import to_run
from evalkit.model.accounting.reader import read_usage
from evalkit.model.run import Run
from evalkit.model.usage import Usage

START = "2026-01-01T00:00:00"


def fetched(folder: Path, fetcher: type, content: Any, **options: Any) -> Run:
    (folder / "log.json").write_text(json.dumps(content))
    made = fetcher({"path": "log.json", **options}, FetchContext(experiment="x", base=folder))
    (run,) = made.runs()
    return run


def by_records(raw: dict[str, Any], folder: Path) -> Usage | None:
    fields = {"run_id": "id", "usage": "usage"}
    return fetched(folder, RecordsFetcher, [{"id": "a", "usage": raw}], fields=fields).usage


def by_record_steps(raw: dict[str, Any], folder: Path) -> Usage | None:
    record = {"id": "a", "trace": [{"id": "s", "type": "llm", "usage": raw}]}
    fields = {"run_id": "id", "steps": "trace"}
    return fetched(folder, RecordsFetcher, [record], fields=fields).usage


def by_chat(raw: dict[str, Any], folder: Path) -> Usage | None:
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "usage": raw}]
    fields = {"run_id": "id", "messages": "said"}
    return fetched(folder, RecordsFetcher, [{"id": "a", "said": said}], fields=fields).usage


def by_own_records(raw: dict[str, Any], folder: Path) -> Usage | None:
    return fetched(folder, OwnFetcher, {"kind": "run", "run_id": "a", "usage": raw}).usage


def by_langsmith(raw: dict[str, Any], folder: Path) -> Usage | None:
    call = {"id": "c", "name": "m", "run_type": "llm", "start_time": START, "end_time": START,
            "parent_run_ids": ["r"], "outputs": {"usage_metadata": raw}}  # fmt: skip
    root = {"id": "r", "name": "t", "run_type": "chain", "start_time": START, "end_time": START}
    return to_run(root, [call]).usage


def by_langgraph(raw: dict[str, Any], folder: Path) -> Usage | None:
    """A message of the state, as LangChain dumps it; older ones keep the provider's own object."""
    plain = message_usage({"type": "ai", "content": "", "usage_metadata": raw})
    kept = {"type": "ai", "content": "", "response_metadata": {"token_usage": raw}}
    dumped = message_usage({"lc": 1, "id": ["AIMessage"], "kwargs": kept})
    assert plain == dumped
    return plain


def by_otlp(raw: dict[str, Any], folder: Path) -> Usage | None:
    return otlp(folder, {"mlflow.chat.tokenUsage": json.dumps(raw)})


def by_inspect(raw: dict[str, Any], folder: Path) -> Usage | None:
    sample = {"id": "s", "epoch": 1, "input": "x", "target": "y", "messages": [], "scores": {},
              "model_usage": {"m": raw},
              "events": [{"event": "model", "output": {"usage": raw}}]}  # fmt: skip
    log = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"},
           "results": {"total_samples": 1}, "samples": [sample]}  # fmt: skip
    return fetched(folder, AutoFetcher, log).usage


def by_langfuse(raw: dict[str, Any], folder: Path) -> Usage | None:
    call = {"id": "c", "type": "GENERATION", "name": "m", "startTime": START, "usageDetails": raw}
    return fetched(
        folder,
        AutoFetcher,
        {"trace": {"id": "t", "timestamp": START, "name": "t"}, "observations": [call]},
    ).usage


def otlp(folder: Path, attributes: dict[str, Any]) -> Usage | None:
    span = {
        "trace_id": "t",
        "span_id": "s",
        "name": "chat",
        "start_time": START,
        "attributes": {"gen_ai.operation.name": "chat", **attributes},
    }
    return fetched(folder, AutoFetcher, span).usage


SOURCES: dict[str, Callable[[dict[str, Any], Path], Usage | None]] = {
    "records": by_records,
    "steps of records": by_record_steps,
    "messages of records": by_chat,
    "evalkit's own": by_own_records,
    "langsmith": by_langsmith,
    "langgraph": by_langgraph,
    "otlp": by_otlp,
    "inspect": by_inspect,
    "langfuse": by_langfuse,
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_means_the_same_call(name: str, source: str, tmp_path: Path) -> None:
    spelling: Spelling = SPELLINGS[name]
    usage = SOURCES[source](spelling.raw, tmp_path)
    assert usage is not None
    assert facts(usage) == expected(spelling)


@pytest.mark.parametrize("name", SPANS)
def test_the_names_of_tracers(name: str, tmp_path: Path) -> None:
    usage = otlp(tmp_path, SPANS[name].raw)
    assert usage is not None
    assert facts(usage) == expected(SPANS[name])


@pytest.mark.parametrize("name", [*SPELLINGS, *SPANS])
def test_reading_what_was_read_changes_nothing(name: str) -> None:
    usage = read_usage({**SPELLINGS, **SPANS}[name].raw)
    assert usage is not None
    again = read_usage({field: getattr(usage, field) for field in
                        (*Usage.__slots__,) if field != "notes"})  # fmt: skip
    assert again is not None
    assert facts(again) == facts(usage)
    assert again.currency == usage.currency
