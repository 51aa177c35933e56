"""Changes: which examples were fixed and which broke."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.column import ScoreColumn, pass_values
from evalkit.metrics.comparing.measures import Experiment
from evalkit.metrics.comparing.pairing import Pairs
from evalkit.metrics.documents.comparison import ExampleChange

LISTED = 50
STATES = ("pass", "fail", "none")


def transitions(pairs: Pairs) -> dict[str, dict[str, int]]:
    """Count examples by state before and after, per score that passes or fails.

    An example passes when more than half of its scored runs do; without a scored run its state is
    `none`.
    """
    theirs = {column.name: column for column in pairs.candidate.scores}
    found = {}
    for column in pairs.baseline.scores:
        other = theirs.get(column.name)
        if other is None or column.scope not in ("run", "step") or not column.tells_passes:
            continue
        before = _states(column, pairs.of_baseline, pairs.n)
        after = _states(other, pairs.of_candidate, pairs.n)
        if before is not None and after is not None:
            tally = np.bincount(before * 3 + after, minlength=9)
            found[column.name] = {
                f"{old}>{new}": int(tally[3 * i + j])
                for i, old in enumerate(STATES)
                for j, new in enumerate(STATES)
            }
    return found


def _states(column: ScoreColumn, place: Codes, pairs: int) -> Codes | None:
    passes = pass_values(column)
    if passes is None:
        return None
    at = place[column.cluster]
    inside = at >= 0
    sizes = np.bincount(at[inside], minlength=pairs)
    totals = np.bincount(at[inside], weights=passes[inside], minlength=pairs)
    return np.where(sizes == 0, 2, np.where(totals * 2 > sizes, 0, 1)).astype(np.int64)


def changes(pairs: Pairs) -> tuple[list[ExampleChange], list[ExampleChange]]:
    """Return the largest regressions and improvements of directed scores, at most 50 each.

    Scores come in their own order, so the first one's regressions lead.
    """
    theirs = {column.name: column for column in pairs.candidate.scores}
    worse: list[ExampleChange] = []
    better: list[ExampleChange] = []
    for column in pairs.baseline.scores:
        other = theirs.get(column.name)
        directed = column.direction in ("higher", "lower") and column.scope in ("run", "step")
        if other is None or not directed or not len(column.values) or not len(other.values):
            continue
        gain, before, after = _gains(column, other, pairs)
        order = np.argsort(gain, kind="stable")
        losers = [int(at) for at in order[: LISTED - len(worse)] if gain[at] < 0]
        winners = [int(at) for at in order[::-1][: LISTED - len(better)] if gain[at] > 0]
        worse += list(_listed(losers, column.name, before, after, pairs))
        better += list(_listed(winners, column.name, before, after, pairs))
    return worse, better


def _gains(column: ScoreColumn, other: ScoreColumn, pairs: Pairs) -> tuple[Floats, Floats, Floats]:
    before = _means(column, pairs.of_baseline, pairs.n)
    after = _means(other, pairs.of_candidate, pairs.n)
    gain = np.nan_to_num(after - before, nan=0.0)
    return (-gain if column.direction == "lower" else gain), before, after


def _means(column: ScoreColumn, place: Codes, pairs: int) -> Floats:
    at = place[column.cluster]
    inside = at >= 0
    sizes = np.bincount(at[inside], minlength=pairs)
    totals = np.bincount(at[inside], weights=column.values[inside], minlength=pairs)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = totals / sizes
    return means


def _listed(
    chosen: list[int], metric: str, before: Floats, after: Floats, pairs: Pairs
) -> Iterator[ExampleChange]:
    for at in chosen:
        yield ExampleChange(
            example_id=pairs.ids[at],
            metric=metric,
            baseline=float(before[at]),
            candidate=float(after[at]),
            difference=float(after[at] - before[at]),
            baseline_runs=_runs_of(pairs.baseline, pairs.of_baseline, at),
            candidate_runs=_runs_of(pairs.candidate, pairs.of_candidate, at),
        )


def _runs_of(experiment: Experiment, place: Codes, pair: int) -> list[str]:
    rows = np.flatnonzero(place[experiment.runs.cluster] == pair)
    return experiment.runs.few_ids(rows, 10)
