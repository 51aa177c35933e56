"""pydantic-evals: a dumped `EvaluationReport`. Tasks that raised are in `failures`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score, wrapped
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import duration_or_note
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.score import Score

GROUPS = ("scores", "labels", "assertions")
COUNTS = ("input_tokens", "output_tokens", "total_tokens", "requests", "cost")


def fits(sample: Sample) -> bool:
    """Tell whether a document is a report of pydantic-evals."""
    return sample.has("cases", "failures", "report_evaluator_failures")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a case, failures included."""
    cases = Cases(reading, "pydantic-evals")
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or "cases" not in document:
            reading.findings.break_at(where, "not a report of pydantic-evals")
            continue
        for group in ("cases", "failures"):
            for number, case in enumerate(document.get(group) or ()):
                yield _item(cases, document, case, f"{where}: {group}[{number}]", reading)


def _item(cases: Cases, report: Line, case: Line, where: str, reading: Reading) -> Item:
    for failure in case.get("evaluator_failures") or ():
        what = f"evaluator of pydantic-evals that broke ({failure.get('name')})"
        reading.findings.note(what, where)
    error = case.get("error_message")
    metrics = case.get("metrics") or {}
    return cases.item(
        case, where,
        example_id=str(case.get("source_case_name") or case.get("name")),
        name=report.get("name"),
        inputs=wrapped(case.get("inputs"), "input"),
        outputs=wrapped(case.get("output"), "output"),
        error=None if error is None else str(error),
        duration_s=duration_or_note(case.get("task_duration")),
        usage=usage_or_note({k: v for k, v in metrics.items() if k in COUNTS}),
        metadata={"case": case.get("name"), **(case.get("attributes") or {})},
        reference=wrapped(case.get("expected_output"), "output"),
        about=case.get("metadata") if isinstance(case.get("metadata"), Mapping) else None,
        scores=list(_scores(case, metrics)),
    )  # fmt: skip


def _scores(case: Line, metrics: Mapping[str, Any]) -> Iterator[Score]:
    for group in GROUPS:
        for name, said in (case.get(group) or {}).items():
            yield score(name, said.get("value"), said.get("reason"))
    for name, value in metrics.items():
        yield score(f"metric.{name}", value)
