"""Strands evals: `EvaluationReport.to_file`, parallel lists of cases, scores and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score, wrapped
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.score import Score

TASK_BROKE, EVALUATOR_BROKE = "An error occurred: ", "Evaluator error: "
EVALUATOR = ("evaluator", "evaluator_type")
LISTS = ("cases", "scores", "test_passes", "reasons")


def fits(sample: Sample) -> bool:
    """Tell whether a document is a report of Strands evals."""
    return sample.has("overall_score", *LISTS)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a case; each evaluator has rows, or a report, of its own."""
    found: dict[str, list[Judged]] = {}
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or not all(name in document for name in LISTS):
            reading.findings.break_at(where, "not a report of Strands evals")
            continue
        reading.tally.source_stats[where] = {"overall_score": document["overall_score"]}
        columns: list[Any] = [document[name] for name in LISTS]
        for number, (case, *said) in enumerate(zip(*columns, strict=False)):
            _keep(found, case, said, f"{where}: cases[{number}]")
    cases = Cases(reading, "strands")
    for each in found.values():
        for judged in each:
            yield _item(cases, judged, reading)


class Judged(NamedTuple):
    """A case as it ran, and what each evaluator said of it."""

    case: Line
    where: str
    said: dict[str, list[Any]]


def _keep(found: dict[str, list[Judged]], case: Line, said: list[Any], where: str) -> None:
    """Put what an evaluator said to the run it is about: the first it has not judged yet."""
    ran = {name: value for name, value in case.items() if name not in EVALUATOR}
    evaluator = str(case.get("evaluator") or "score")
    every = found.setdefault(digest(ran), [])
    judged = next((each for each in every if evaluator not in each.said), None)
    if judged is None:
        every.append(judged := Judged(case, where, {}))
    judged.said[evaluator] = said


def _item(cases: Cases, judged: Judged, reading: Reading) -> Item:
    case, where = judged.case, judged.where
    inputs = wrapped(case.get("input"), "input")
    broken = next((str(reason) for *_, reason in judged.said.values()
                   if str(reason or "").startswith(TASK_BROKE)), None)  # fmt: skip
    reference = {n: case[n] for n in case if n.startswith("expected_") and case[n] is not None}
    return cases.item(
        [case, judged.said], where,
        run_id=digest([where, case]),
        example_id=digest(inputs),
        name=case.get("name"),
        inputs=inputs,
        outputs=wrapped(case.get("actual_output"), "output"),
        error=broken.removeprefix(TASK_BROKE) if broken else None,
        reference=reference or None,
        about=case.get("metadata"),
        scores=() if broken else list(_scores(judged, reading)),
    )  # fmt: skip


def _scores(judged: Judged, reading: Reading) -> Iterator[Score]:
    for evaluator, (number, passed, reason) in judged.said.items():
        if str(reason or "").startswith(EVALUATOR_BROKE):
            said = "case whose evaluator broke; Strands counts it as 0"
            reading.findings.note(said, judged.where)
            continue
        yield score(evaluator, number, reason)
        yield score("pass" if len(judged.said) == 1 else f"{evaluator}/pass", passed)
