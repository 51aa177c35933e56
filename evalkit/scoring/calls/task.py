"""Task: an evaluator made ready to be called many times: signature read, getters bound, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.model.outcome import succeeded
from evalkit.model.run import Run
from evalkit.model.units import Wanted
from evalkit.scoring.calls.bound import Call, StepCall, per_step, run_call
from evalkit.scoring.calls.retry import retrying
from evalkit.scoring.definition.evaluator import Evaluator

SEES_EXAMPLE = frozenset({"example", "examples", "inputs", "reference_outputs", "attachments"})


class RunFailed:
    """Said in place of a score: the run did not succeed and the evaluator wants only those."""


RUN_FAILED = RunFailed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an evaluator by who only has it called: no user code, can be pickled."""

    number: int
    wanted: Wanted
    is_async: bool
    timeout: float | None

    @property
    def name(self) -> str:
        """The evaluator's name."""
        return self.wanted.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Facts):
    """One evaluator, ready to be called."""

    call: Call
    """Returns what the evaluator returned; for evaluators of steps, see `step_call`."""
    step_call: StepCall | None
    evaluator: Evaluator

    def facts(self) -> Facts:
        """Return what another machine has to know of it."""
        return Facts(
            number=self.number, wanted=self.wanted, is_async=self.is_async, timeout=self.timeout
        )

    def skips(self, run: Run) -> bool:
        """Whether the evaluator wants only runs that succeeded, and this one did not."""
        return self.evaluator.failed_runs == "skip" and not succeeded(run.outcome)


def make_tasks(evaluators: Sequence[Evaluator], timeout: float | None) -> list[Task]:
    """Return the tasks of fingerprinted evaluators; comparison evaluators are not scored here."""
    kept = [each for each in evaluators if each.scope != "comparison"]
    return [make_task(number, each, timeout) for number, each in enumerate(kept)]


def make_task(number: int, evaluator: Evaluator, timeout: float | None) -> Task:
    """Return the task of one evaluator; every try of a call is handed values of its own."""
    call, step_call = run_call(evaluator), per_step(evaluator)
    if evaluator.retries and not evaluator.is_async:
        call = retrying(call, evaluator.retries, evaluator.retry_on)
        if step_call is not None:
            step_call = retrying(step_call, evaluator.retries, evaluator.retry_on)
    return Task(
        number=number,
        wanted=wanted(evaluator),
        call=_skipping(evaluator, call),
        step_call=step_call,
        evaluator=evaluator,
        is_async=evaluator.is_async,
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


def _skipping(evaluator: Evaluator, call: Call) -> Call:
    if evaluator.failed_runs != "skip":
        return call
    return lambda run, example: call(run, example) if succeeded(run.outcome) else RUN_FAILED
