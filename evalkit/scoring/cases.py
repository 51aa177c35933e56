"""Cases: an evaluator's own proof, written beside it and run by `evalkit check`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step

if TYPE_CHECKING:
    from evalkit.scoring.evaluator import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input and what the evaluator must say of it; made by `case`."""

    expect: Any
    run: Any
    example: Any
    step: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one case."""

    number: int
    passed: bool
    expected: Any
    got: Any
    """What the evaluator said, or the exception it raised."""


def case(
    *,
    expect: Any,
    outputs: Any = None,
    reference_outputs: Any = None,
    inputs: Any = None,
    steps: Iterable[Step] = (),
    run: Run | list[Run] | None = None,
    example: Example | list[Example] | None = None,
    step: Step | None = None,
    options: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Case:
    """Describe one case: what the evaluator sees, and what it must say.

    `expect` is what it returns in short: a bool, number or str, `None` for "does not apply", a
    `{key: value}` of several, or an exception class. Other keyword arguments are fields of the run.
    """
    if run is None:
        run = Run(run_id="case", inputs=inputs, outputs=outputs, steps=steps, **fields)
    if example is None and not isinstance(run, list):
        example = Example(example_id="case", inputs=inputs, reference_outputs=reference_outputs)
    return Case(expect=expect, run=run, example=example, step=step, options=options or {})


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
            import asyncio  # 20 ms that most commands need not spend

            returned = asyncio.run(_await(returned))
        got: Any = prepared.scores(returned)
    except Exception as error:  # user code: whatever it raises is what it said
        passed = isinstance(each.expect, type) and isinstance(error, each.expect)
        return CaseResult(number=number, passed=passed, expected=each.expect, got=error)
    said = _short(got, evaluator.name)
    return CaseResult(
        number=number, passed=_agrees(each.expect, said), expected=each.expect, got=said
    )


async def _await(awaitable: Any) -> Any:
    return await awaitable


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
