"""deepeval: `.latest_test_run.json` and `.latest_run_full.json`, test cases with their metrics.

A metric that broke has no score; deepeval counts its case as failed. Cost and duration of the
run's evaluation are the judges'; the application's are `tokenCost` and `completionTime`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import duration_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import Usage


def fits(sample: Sample) -> bool:
    """Tell whether a document is a test run of deepeval."""
    inner = _inner(sample.first)
    return isinstance(inner, Mapping) and "testCases" in inner


def _inner(document: Any) -> Any:
    return document.get("testRunData", document) if isinstance(document, Mapping) else None


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a test case."""
    cases = Cases(reading, "deepeval")
    for document, where in documents(files, reading):
        inner = _inner(document)
        if not isinstance(inner, Mapping) or "testCases" not in inner:
            reading.findings.break_at(where, "not a test run of deepeval")
            continue
        for number, case in enumerate(inner["testCases"]):
            yield _single(cases, case, f"{where}: testCases[{number}]", reading)
        for number, case in enumerate(inner.get("conversationalTestCases") or ()):
            yield _conversation(cases, case, f"{where}: conversationalTestCases[{number}]", reading)


def _single(cases: Cases, case: Line, where: str, reading: Reading) -> Item:
    inputs = {"input": case.get("input")}
    if case.get("context") is not None:
        inputs["context"] = case["context"]
    cost = case.get("tokenCost")
    return cases.item(
        case, where,
        run_id=digest([case, where]),
        example_id=digest(inputs),
        name=case.get("name"),
        inputs=inputs,
        outputs={
            "output": case.get("actualOutput"),
            "retrieval_context": case.get("retrievalContext"),
        },
        duration_s=duration_or_note(case.get("completionTime")),
        usage=Usage(total_cost=float(cost)) if isinstance(cost, int | float) else None,
        steps=[_tool(call, n) for n, call in enumerate(case.get("toolsCalled") or ())],
        steps_recorded="toolsCalled" in case,
        tags=case.get("tags") or (),
        metadata=case.get("metadata") or {},
        reference=_reference(case),
        scores=list(_scores(case, where, reading)),
    )  # fmt: skip


def _reference(case: Line) -> dict[str, Any] | None:
    named = {
        "expected_output": case.get("expectedOutput"),
        "expected_tools": case.get("expectedTools"),
    }
    return {name: value for name, value in named.items() if value is not None} or None


def _conversation(cases: Cases, case: Line, where: str, reading: Reading) -> Item:
    turns = case.get("turns") or []
    inputs = {"scenario": case.get("scenario"), "first": (turns or [{}])[0].get("content")}
    return cases.item(
        case, where,
        run_id=digest([case, where]),
        example_id=digest(inputs),
        name=case.get("name"),
        inputs=inputs,
        outputs={"messages": [{"role": t.get("role"), "content": t.get("content")} for t in turns]},
        tags=case.get("tags") or (),
        metadata=case.get("metadata") or {},
        reference={"expected_outcome": case.get("expectedOutcome")},
        scores=list(_scores(case, where, reading)),
    )  # fmt: skip


def _scores(case: Line, where: str, reading: Reading) -> Iterator[Score]:
    yield score("success", case.get("success"))
    for metric in case.get("metricsData") or ():
        if metric.get("error"):
            reading.findings.note("metric of deepeval that broke; its case counts as failed", where)
            continue
        yield score(
            str(metric.get("name")), metric.get("score"), metric.get("reason"),
            threshold=metric.get("threshold"), success=metric.get("success"),
        )  # fmt: skip


def _tool(call: Line, number: int) -> Step:
    return Step(
        step_id=f"tool-{number}",
        kind="tool",
        name=str(call.get("name")),
        inputs=call.get("inputParameters"),
        outputs=call.get("output"),
    )
