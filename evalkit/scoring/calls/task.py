"""Task: an evaluator made ready to be called many times: signature read, getters bound, once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from evalkit.model.example import Example
from evalkit.model.outcome import succeeded
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.units import Wanted
from evalkit.scoring.calls.retry import retrying
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.definition.inject import GETTERS

Call = Callable[[Run, Example | None], Any]
SEES_EXAMPLE = frozenset({"example", "examples", "inputs", "reference_outputs", "attachments"})


class RunFailed:
    """Said in place of a score: the run did not succeed and the evaluator wants only those."""


RUN_FAILED = RunFailed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One evaluator, ready to be called."""

    number: int
    wanted: Wanted
    call: Call
    """Returns what the evaluator returned; for evaluators of steps, see `step_call`."""
    step_call: Callable[[Step, Run, Example | None], Any] | None
    evaluator: Evaluator
    is_async: bool
    timeout: float | None

    @property
    def name(self) -> str:
        """The evaluator's name."""
        return self.wanted.name

    def skips(self, run: Run) -> bool:
        """Whether the evaluator wants only runs that succeeded, and this one did not."""
        return self.evaluator.failed_runs == "skip" and not succeeded(run.outcome)


def make_tasks(evaluators: Sequence[Evaluator], timeout: float | None) -> list[Task]:
    """Return the tasks of fingerprinted evaluators; comparison evaluators are not scored here."""
    kept = [each for each in evaluators if each.scope != "comparison"]
    return [make_task(number, each, timeout) for number, each in enumerate(kept)]


def make_task(number: int, evaluator: Evaluator, timeout: float | None) -> Task:
    """Return the task of one evaluator."""
    function, is_async = evaluator.function, evaluator.is_async
    if evaluator.options:
        function = partial(function, **evaluator.options)
    if evaluator.retries and not is_async:
        function = retrying(function, evaluator.retries, evaluator.retry_on)
    per_step = evaluator.scope == "step"
    call = _skipping(evaluator, _run_call(evaluator, function))
    return Task(
        number=number,
        wanted=wanted(evaluator),
        call=call,
        step_call=_step_call(evaluator, function) if per_step else None,
        evaluator=evaluator,
        is_async=is_async,
        timeout=timeout if evaluator.timeout is None else evaluator.timeout,
    )


def wanted(evaluator: Evaluator) -> Wanted:
    """Return the cells an evaluator should have; judges are asked again where they failed."""
    return Wanted(
        name=evaluator.name,
        fingerprint=evaluator.fingerprint or "",
        sees_example=bool(SEES_EXAMPLE & set(evaluator.injected)) or evaluator.signature.positional,
        whole=evaluator.scope == "experiment",
        retry_errors=evaluator.kind == "judge" or evaluator.retries > 0,
    )


def _run_call(evaluator: Evaluator, function: Callable[..., Any]) -> Call:
    """Return the fastest call that passes what the signature names."""
    names = evaluator.injected
    if evaluator.scope != "run":
        return lambda run, example: None
    getters = [GETTERS[name] for name in names]
    if not (evaluator.signature.positional or _leads(function, names)):
        pairs = list(zip(names, getters, strict=True))
        return lambda run, example: function(**{name: get(run, example) for name, get in pairs})
    if names == ("run", "example"):
        return function
    if len(getters) == 1:
        only = getters[0]
        return lambda run, example: function(only(run, example))
    if len(getters) == 2:
        one, two = getters
        return lambda run, example: function(one(run, example), two(run, example))
    return lambda run, example: function(*[get(run, example) for get in getters])


def _leads(function: Callable[..., Any], names: Sequence[str]) -> bool:
    """Tell whether the names are the first parameters, so that they can be passed by position."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[: len(names)]
    except (TypeError, ValueError):
        return False
    return [each.name for each in parameters] == list(names) and all(
        each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters
    )


def _step_call(
    evaluator: Evaluator, function: Callable[..., Any]
) -> Callable[[Step, Run, Example | None], Any]:
    names, positional = evaluator.injected, evaluator.signature.positional

    def call(step: Step, run: Run, example: Example | None) -> Any:
        values = {name: step if name == "step" else GETTERS[name](run, example) for name in names}
        return function(*values.values()) if positional else function(**values)

    return call


def _skipping(evaluator: Evaluator, call: Call) -> Call:
    if evaluator.failed_runs != "skip":
        return call
    return lambda run, example: call(run, example) if succeeded(run.outcome) else RUN_FAILED
