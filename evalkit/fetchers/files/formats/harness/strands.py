"""Strands evals: `EvaluationReport.to_file`, parallel lists of cases, scores and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score, wrapped
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample

TASK_BROKE, EVALUATOR_BROKE = "An error occurred: ", "Evaluator error: "
LISTS = ("cases", "scores", "test_passes", "reasons")


def fits(sample: Sample) -> bool:
    """Tell whether a document is a report of Strands evals."""
    return sample.has("overall_score", *LISTS)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a case."""
    cases = Cases(reading, "strands")
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or not all(name in document for name in LISTS):
            reading.findings.break_at(where, "not a report of Strands evals")
            continue
        reading.tally.source_stats[where] = {"overall_score": document["overall_score"]}
        columns: list[Any] = [document[name] for name in LISTS]
        for number, (case, *said) in enumerate(zip(*columns, strict=False)):
            yield _item(cases, case, said, f"{where}: cases[{number}]", reading)


def _item(cases: Cases, case: Line, said: list[Any], where: str, reading: Reading) -> Item:
    number, passed, reason = said
    text = str(reason or "")
    failed, unscored = text.startswith(TASK_BROKE), text.startswith(EVALUATOR_BROKE)
    if unscored:
        reading.findings.note("case whose evaluator broke; Strands counts it as 0", where)
    evaluator = str(case.get("evaluator") or "score")
    inputs = wrapped(case.get("input"), "input")
    scored = [] if failed or unscored else [score(evaluator, number, reason), score("pass", passed)]
    reference = {n: case[n] for n in case if n.startswith("expected_") and case[n] is not None}
    return cases.item(
        case, where,
        run_id=digest([where, case]),
        example_id=digest(inputs),
        name=case.get("name"),
        inputs=inputs,
        outputs=wrapped(case.get("actual_output"), "output"),
        error=text.removeprefix(TASK_BROKE) if failed else None,
        reference=reference or None,
        about=case.get("metadata"),
        scores=scored,
    )  # fmt: skip
