"""Comparison: call evaluators that judge the runs of several experiments side by side.

The order the runs are shown in is shuffled with a seed, because judges favour a place; scores come
back in the order of the experiments. With `swap`, every example is judged in its order and in the
reverse, and both are kept: what averages them is a figure's business.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from evalkit.errors import EvaluatorOutputError, LeftMissing
from evalkit.model.example import Example
from evalkit.model.outcome import succeeded
from evalkit.model.run import Run
from evalkit.model.score import CellOutcome
from evalkit.scoring.definition.awaiting import finished
from evalkit.scoring.definition.coerce import to_scores
from evalkit.scoring.definition.evaluator import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one evaluator said of one example's runs, by experiment; or why it said nothing."""

    evaluator: str
    key: str
    example_id: str
    repetition: int
    order: tuple[str, ...]
    """Experiments in the order the evaluator saw their runs."""
    outcome: CellOutcome = "scored"
    scores: Mapping[str, float] = field(default_factory=dict)
    comment: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error_type: str | None = None
    error_message: str | None = None
    traceback: str | None = None


def judge_all(
    evaluators: Sequence[Evaluator],
    groups: Sequence[tuple[Example, Mapping[str, Sequence[Run]]]],
    *,
    seed: int = 0,
    swap: bool = True,
) -> Iterator[Judgement]:
    """Call every evaluator on every group: an example with its runs by experiment.

    The n-th runs of the experiments are compared with one another; an experiment with fewer
    repetitions bounds how many comparisons there are. What user code raises becomes a Judgement.
    """
    for evaluator in evaluators:
        for example, runs in groups:
            for repetition in range(min(map(len, runs.values()), default=0)):
                picked = {name: each[repetition] for name, each in runs.items()}
                order = list(picked)
                Random(f"{seed}/{evaluator.name}/{example.example_id}/{repetition}").shuffle(order)
                for shown in [order, order[::-1]] if swap else [order]:
                    yield _judge(evaluator, example, picked, tuple(shown), repetition)


def _judge(
    evaluator: Evaluator,
    example: Example,
    runs: Mapping[str, Run],
    order: tuple[str, ...],
    repetition: int,
) -> Judgement:
    said: dict[str, Any] = {
        "evaluator": evaluator.name,
        "key": evaluator.name,
        "example_id": example.example_id,
        "repetition": repetition,
        "order": order,
    }
    shown = [runs[name] for name in order]
    if evaluator.failed_runs == "skip" and not all(succeeded(run.outcome) for run in shown):
        return Judgement(**said, outcome="run_failed")
    try:
        returned = evaluator.invoke(shown, example)
        if inspect.isawaitable(returned):
            returned = finished(returned)
        said |= _read(returned, evaluator.name, order, shown)
    except LeftMissing as error:
        return Judgement(**said, outcome="missing", comment=str(error))
    except Exception as error:  # the evaluator is user code: what it raises is data
        said |= {
            "outcome": "evaluator_error",
            "error_type": type(error).__name__,
            "error_message": str(error),
            "traceback": traceback.format_exc(),
        }
    return Judgement(**said)


def _read(returned: Any, key: str, order: Sequence[str], runs: Sequence[Run]) -> dict[str, Any]:
    """Return scores by experiment from a list as shown, or `{key, scores: {run_id: s}}`."""
    if returned is None:
        return {"outcome": "not_applicable"}
    fields = returned if isinstance(returned, Mapping) else getattr(returned, "__dict__", None)
    if fields is not None and "scores" in fields:
        by_run = {str(run_id): score for run_id, score in fields["scores"].items()}
        missing = [run.run_id for run in runs if run.run_id not in by_run]
        if missing:
            raise EvaluatorOutputError(f"{key}: no score for run {missing[0]!r}. Score every run.")
        values = [by_run[run.run_id] for run in runs]
        comment, more = fields.get("comment"), fields.get("metadata")
        key = fields.get("key") or key
    else:
        values, comment, more = _as_list(returned, key), None, None
    if len(values) != len(order):
        raise EvaluatorOutputError(
            f"{key}: returned {len(values)} scores for {len(order)} runs. Return one for each."
        )
    scores = {name: _number(value, key) for name, value in zip(order, values, strict=True)}
    return {
        "key": key,
        "scores": scores,
        "comment": None if comment is None else str(comment),
        "metadata": more if isinstance(more, Mapping) else {},
    }


def _as_list(returned: Any, key: str) -> list[Any]:
    if isinstance(returned, str | bytes) or not isinstance(returned, Sequence):
        raise EvaluatorOutputError(
            f"{key}: returned {type(returned).__name__}. Return a list with one score for each run."
        )
    return list(returned)


def _number(value: Any, key: str) -> float:
    (score,) = to_scores(value, key)
    if score.score is None:
        raise EvaluatorOutputError(f"{key}: {value!r} is no number. Return numbers.")
    return float(score.score)
