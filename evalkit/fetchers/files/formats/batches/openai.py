"""OpenAI's batch output and error files, with the input file as the dataset where it is there.

An error is an HTTP status above 399, `body.error`, or `error` without a response (expired and
cancelled requests). A body is a chat completion or an answer of the Responses API.
"""

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

CANCELLED = "batch_cancelled"
EXPIRED = frozenset({"batch_expired", "request_timeout"})
REFUSED = 400


def fits(sample: Sample) -> bool:
    """Tell whether a line is an answer of a batch, or a request of its input file."""
    return sample.has("custom_id", "response", "error") or sample.has("custom_id", "method", "body")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run an answer; requests without an answer are counted as missing."""
    asked: dict[str, Line] = {}
    answers: list[tuple[Line, str]] = []
    for line, where in documents(files, reading):
        if isinstance(line, Mapping) and "method" in line and "body" in line:
            asked[str(line.get("custom_id"))] = line["body"]
        elif isinstance(line, Mapping) and "custom_id" in line:
            answers.append((line, where))
        else:
            reading.findings.break_at(where, "not a line of a batch")
    cases = Cases(reading, "openai-batch")
    for line, where in last_answers(answers, _failed, reading):
        yield _item(cases, line, asked.get(str(line["custom_id"])), where)
    if asked:
        reading.tally.expected = (reading.tally.expected or 0) + len(asked)


def _item(cases: Cases, line: Line, asked: Line | None, where: str) -> Item:
    response = line.get("response") or {}
    body: Line = response["body"] if isinstance(response.get("body"), Mapping) else {}
    error, status = _end(line, response, body)
    model = body.get("model") or (asked or {}).get("model")
    message = _said(body)
    usage = usage_or_note(body.get("usage"))
    inputs = (asked or {}).get("messages", (asked or {}).get("input"))
    step = Step(
        step_id=str(line.get("id") or "call"), kind="llm", name=str(model or "model"),
        inputs={"messages": inputs} if inputs is not None else None,
        outputs=message, usage=usage, error=error, metadata={"model": model},
    )  # fmt: skip
    return cases.item(
        line, where,
        run_id=line.get("id"),
        example_id=str(line["custom_id"]),
        inputs={"messages": inputs} if inputs is not None else None,
        outputs=message,
        error=error,
        status=status,
        usage=usage,
        steps=[step] if body else (),
        steps_recorded=True,
        metadata={"model": model, "finish_reason": _finish(body)},
    )  # fmt: skip


def _end(line: Line, response: Line, body: Any) -> tuple[str | None, str]:
    """Return the error and the status of a request."""
    said = line.get("error") or (body or {}).get("error")
    code = response.get("status_code")
    if not said and not (isinstance(code, int) and code >= REFUSED) and response:
        return None, "success"
    said = said if isinstance(said, Mapping) else {"message": said}
    kind = said.get("code") or said.get("type") or code or "error"
    status = "timeout" if kind in EXPIRED else "interrupted" if kind == CANCELLED else "error"
    return f"{kind}: {said.get('message') or 'no response'}", status


def _failed(line: Line) -> bool:
    response = line.get("response") or {}
    body = response.get("body")
    return _end(line, response, body if isinstance(body, Mapping) else {})[1] != "success"


def _said(body: Any) -> dict[str, Any] | None:
    """Return the answer as messages: of a chat completion its first choice, else the output."""
    choices = body.get("choices") if body else None
    if choices:
        return {"messages": [choices[0].get("message")]}
    return {"messages": body["output"]} if body and "output" in body else None


def _finish(body: Any) -> Any:
    choices = (body or {}).get("choices") or [{}]
    return choices[0].get("finish_reason") or (body or {}).get("status")
