"""Anthropic's batch results: `{custom_id, result}`; canceled and expired requests did not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.batches.again import last_answers
from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.step import Step

STATUSES = {
    "succeeded": "success", "errored": "error", "expired": "timeout", "canceled": "interrupted",
}  # fmt: skip


def fits(sample: Sample) -> bool:
    """Tell whether a line is a result of a batch, or a request with its parameters."""
    result = sample.first.get("result")
    if isinstance(result, dict) and "custom_id" in sample.first and "type" in result:
        return True
    return "custom_id" in sample.first and "params" in sample.first


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a result."""
    asked: dict[str, Line] = {}
    results: list[tuple[Line, str]] = []
    for line, where in documents(files, reading):
        if isinstance(line, Mapping) and isinstance(line.get("params"), Mapping):
            asked[str(line.get("custom_id"))] = line["params"]
        elif isinstance(line, Mapping) and isinstance(line.get("result"), Mapping):
            results.append((line, where))
        else:
            reading.findings.break_at(where, "not a result of a batch")
    cases = Cases(reading, "anthropic-batch")
    for line, where in last_answers(results, _failed, reading):
        yield _item(cases, line, asked.get(str(line["custom_id"])), where)
    if asked:
        reading.tally.expected = (reading.tally.expected or 0) + len(asked)


def _item(cases: Cases, line: Line, asked: Line | None, where: str) -> Item:
    result = line["result"]
    kind = str(result.get("type"))
    message = result.get("message") or {}
    error = None if kind == "succeeded" else _error(kind, result.get("error"))
    inputs = {"messages": asked["messages"]} if asked and "messages" in asked else None
    usage = usage_or_note(message.get("usage"))
    said = {"messages": [{"role": "assistant", "content": message.get("content")}]}
    step = Step(
        step_id=str(message.get("id")), kind="llm", name=str(message.get("model")), inputs=inputs,
        outputs=said, usage=usage, metadata={"model": message.get("model")},
    )  # fmt: skip
    return cases.item(
        line, where,
        example_id=str(line["custom_id"]),
        inputs=inputs,
        outputs={**said, "answer": _text(message.get("content"))} if message else None,
        error=error,
        status=STATUSES.get(kind, kind),
        usage=usage,
        steps=[step] if message else (),
        steps_recorded=True,
        metadata={"model": message.get("model"), "stop_reason": message.get("stop_reason")},
    )  # fmt: skip


def _failed(line: Line) -> bool:
    return bool(line["result"].get("type") != "succeeded")


def _text(content: Any) -> str | None:
    blocks = content if isinstance(content, list) else []
    texts = [b.get("text") for b in blocks if isinstance(b, Mapping) and b.get("type") == "text"]
    return "".join(text for text in texts if text) or None


def _error(kind: str, raw: Any) -> str:
    inner = raw.get("error") if isinstance(raw, Mapping) else None
    said = inner if isinstance(inner, Mapping) else raw if isinstance(raw, Mapping) else {}
    return f"{said.get('type') or kind}: {said.get('message') or f'the request {kind}'}"
