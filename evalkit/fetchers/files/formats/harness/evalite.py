"""evalite: what `evalite run --outputPath=FILE` writes: suites with their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score, wrapped
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note, number_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.traces import Span, steps_of
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note

TOKENS = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
}


def fits(sample: Sample) -> bool:
    """Tell whether a document is a run of evalite."""
    evals = sample.first.get("evals")
    return isinstance(sample.first.get("run"), Mapping) and isinstance(evals, list)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a result; a task that threw has its error where its output was."""
    cases = Cases(reading, "evalite")
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or not isinstance(document.get("evals"), list):
            reading.findings.break_at(where, "not a run of evalite")
            continue
        for suite in document["evals"]:
            for number, result in enumerate(suite.get("results") or ()):
                yield _item(cases, suite, result, f"{where}: {suite.get('name')}[{number}]")


def _item(cases: Cases, suite: Line, result: Line, where: str) -> Item:
    inputs, output = wrapped(result.get("input"), "input"), result.get("output")
    failed = result.get("status") == "fail" and not result.get("scores")
    traces = [_span(each, number) for number, each in enumerate(result.get("traces") or ())]
    steps, usage, _ = steps_of(traces, "")
    variant = {"variant": suite["variantName"]} if suite.get("variantName") else {}
    milliseconds = number_or_note(result.get("duration"))
    return cases.item(
        result, where,
        example_id=f"{suite.get('name')}-{digest(inputs)}",
        name=suite.get("name"),
        inputs=inputs,
        outputs=None if failed else wrapped(output, "output"),
        error=_error(output) if failed else None,
        status="error" if failed else "running" if result.get("status") == "running" else "success",
        duration_s=None if milliseconds is None else milliseconds / 1000,
        steps=steps,
        usage=usage,
        metadata={"file": suite.get("filepath"), **variant},
        reference=wrapped(result.get("expected"), "expected"),
        scores=[
            score(str(each.get("name")), each.get("score"), each.get("description"))
            for each in result.get("scores") or ()
        ],
    )  # fmt: skip


def _error(output: Any) -> str:
    """Return the error of a task that threw, without its stack."""
    if not isinstance(output, Mapping):
        return "the task failed"
    named = [str(output[key]) for key in ("name", "message") if output.get(key)]
    return ": ".join(named) or "the task failed"


def _span(raw: Line, number: int) -> Span:
    """Return a model call that was reported to evalite; its times are milliseconds."""
    tokens = {ours: raw[theirs] for theirs, ours in TOKENS.items() if raw.get(theirs) is not None}
    return Span(
        id=str(raw.get("id", number)),
        name="llm",
        kind="llm",
        inputs=raw.get("input"),
        outputs=raw.get("output"),
        started_at=moment_or_note(raw.get("startTime")),
        ended_at=moment_or_note(raw.get("endTime")),
        usage=usage_or_note(tokens),
    )
