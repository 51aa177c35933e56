"""Proving: run an evaluator's cases and say which of them hold."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit.model.score import Score
from evalkit.scoring.definition.awaiting import finished
from evalkit.scoring.definition.cases import Case
from evalkit.scoring.definition.evaluator import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one case."""

    number: int
    passed: bool
    expected: Any
    got: Any
    """What the evaluator said, or the exception it raised."""


def run_cases(evaluator: Evaluator) -> list[CaseResult]:
    """Run every case of an evaluator; what it raises is a result, not an exception.

    Cases are written for the function's own defaults, so what a project sets stays out of them.
    """
    return [_run(evaluator, number, each) for number, each in enumerate(evaluator.cases, start=1)]


def _run(evaluator: Evaluator, number: int, each: Case) -> CaseResult:
    try:
        prepared = replace(evaluator, options={}).with_options(each.options)
        returned = prepared.invoke(each.run, each.example, each.step)
        if inspect.isawaitable(returned):
            returned = finished(returned)
        got: Any = prepared.scores(returned)
    except Exception as error:  # user code: whatever it raises is what it said
        passed = isinstance(each.expect, type) and isinstance(error, each.expect)
        return CaseResult(number=number, passed=passed, expected=each.expect, got=error)
    said = _short(got, evaluator.name)
    return CaseResult(
        number=number, passed=_agrees(each.expect, said), expected=each.expect, got=said
    )


def _short(scores: list[Score], name: str) -> Any:
    values = {score.key: score.value if score.score is None else score.score for score in scores}
    return values[name] if set(values) == {name} else values


def _agrees(expected: Any, said: Any) -> bool:
    if isinstance(expected, Score):
        expected = expected.value if expected.score is None else expected.score
    if isinstance(expected, Mapping) and isinstance(said, Mapping):
        return expected.keys() == said.keys() and all(_agrees(expected[k], said[k]) for k in said)
    if isinstance(expected, float) and isinstance(said, int | float):
        return math.isclose(expected, said, rel_tol=1e-9, abs_tol=1e-12)
    return bool(expected == said) and isinstance(expected, bool) == isinstance(said, bool)
