"""Choosing: which runs people should label, and for how many each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.labels import ACTIVE
from evalkit.metrics.agreement.powered import draw_chances, drawn
from evalkit.metrics.agreement.spoken import column_of, said_of
from evalkit.metrics.columns.arrays import Floats
from evalkit.metrics.columns.column import ScoreColumn, pass_values
from evalkit.metrics.columns.reading import CellColumns, RunColumns, read_cells, read_runs
from evalkit.metrics.columns.scores import ScoreColumns, decided, score_columns
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale
from evalkit.model.score import EvaluatorInfo

Order = Literal["mixed", "random", "tightest", "uncertainty", "disagreement"]
ORDERS: tuple[Order, ...] = ("mixed", "random", "tightest", "uncertainty", "disagreement")
ABSENT = "\x00none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could be labelled, with what makes it hard."""

    experiment: str
    run_id: str
    said: str
    """What the evaluator says of it, as labels are written; nobody who labels sees it before."""
    uncertainty: float
    """0 to 1: near the threshold, or repetitions of the example that are said to differ."""
    disagreement: float
    """Share of the other pass or fail scores of the run that say otherwise."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What is labelled: the score, what it is, and all runs it was given to."""

    name: str
    type: str
    """rate, number, category, or none: nobody scored it yet."""
    direction: str | None
    threshold: float | None
    words: tuple[str, ...]
    """What the evaluator has said, as labels are written; sorted."""
    info: EvaluatorInfo | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """A run to label."""

    experiment: str
    run_id: str
    weight: float | None
    """Runs it stands for; None: it was picked for being hard, and stands for no others."""


def labelled_metric(
    experiments: Sequence[Results],
    name: str,
    scores: Mapping[str, Scale] | None = None,
    *,
    unscored: bool = False,
) -> Metric:
    """Return the score `name` of runs of all experiments, with what makes each of them hard.

    A score there is not raises `ConfigError`, unless `unscored` runs may be labelled too.
    """
    read = [(each, read_runs(each), read_cells(each)) for each in experiments]
    decisions = decided([(cells, each.evaluators) for each, _, cells in read], scores or {})
    found: list[tuple[Results, RunColumns, CellColumns, ScoreColumn, ScoreColumns]] = []
    for each, runs, cells in read:
        columns = score_columns(cells, runs, each.evaluators, 0, decisions)
        if any(column.name == name and column.scope == "run" for column in columns):
            column = column_of(columns, name, "label")
            found.append((each, runs, cells, column, columns))
        elif not unscored:
            column_of(columns, name, "label")
    if not found:
        return Metric(name, "none", None, None, (), None, _all_runs(read))
    spread = _spread(
        [(runs, column, said_of(cells, column)) for _, runs, cells, column, _ in found]
    )
    candidates: list[Candidate] = []
    for each, runs, cells, column, columns in found:
        said = said_of(cells, column)
        near, apart = _nearness(column), _apart(column, columns)
        ids = runs.ids(list(said))
        for (row, word), run_id in zip(said.items(), ids, strict=True):
            unsure = max(near.get(row, 0.0), spread.get((each.experiment, row), 0.0))
            candidates.append(Candidate(each.experiment, run_id, word, unsure, apart.get(row, 0.0)))
    column = found[0][3]
    words = tuple(sorted({each.said for each in candidates}))
    return Metric(
        name,
        column.type,
        column.direction,
        column.threshold,
        words,
        column.info,
        tuple(candidates),
    )


def _all_runs(read: Sequence[tuple[Results, RunColumns, CellColumns]]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(each.experiment, run_id, ABSENT, 0.0, 0.0)
        for each, runs, _ in read
        for run_id in runs.run_ids.to_pylist()
    )


def _nearness(column: ScoreColumn) -> dict[int, float]:
    """Return how near each value is to the threshold, by rank: 1 is nearest."""
    if column.threshold is None or column.type != "number" or len(column.values) < 2:
        return {}
    distance = np.abs(column.values - column.threshold)
    order = np.argsort(distance, kind="stable")
    rank: Floats = np.empty(len(order))
    rank[order] = 1.0 - np.arange(len(order)) / (len(order) - 1)
    return dict(zip(column.run.tolist(), rank.tolist(), strict=True))


def _spread(
    parts: Sequence[tuple[RunColumns, ScoreColumn, dict[int, str]]],
) -> dict[tuple[str, int], float]:
    """Return how mixed the words are over all runs of a run's example: 1 is evenly split."""
    seen: dict[str, dict[str, int]] = {}
    for runs, column, said in parts:
        if column.type == "number" and column.threshold is not None:
            return {}
        for row, word in said.items():
            counts = seen.setdefault(_example(runs, row), {})
            counts[word] = counts.get(word, 0) + 1
    mixed = {}
    for example, counts in seen.items():
        total, k = sum(counts.values()), len(counts)
        gini = 1.0 - sum((n / total) ** 2 for n in counts.values())
        mixed[example] = gini * k / (k - 1) if k > 1 else 0.0
    return {
        (runs.results.experiment, row): mixed[_example(runs, row)]
        for runs, _, said in parts
        for row in said
    }


def _example(runs: RunColumns, row: int) -> str:
    code = int(runs.cluster[row])
    known = code < len(runs.example_ids)
    return runs.example_ids[code] if known else f"\x00{runs.results.experiment}\x00{code}"


def _apart(column: ScoreColumn, columns: Sequence[ScoreColumn]) -> dict[int, float]:
    """Return the share of other pass or fail scores of each run that say otherwise."""
    own = _passes(column)
    others = [_passes(each) for each in columns if each is not column and each.scope == "run"]
    found = {}
    for row, passed in own.items():
        said = [other[row] for other in others if row in other]
        if said:
            found[row] = sum(each != passed for each in said) / len(said)
    return found


def _passes(column: ScoreColumn) -> dict[int, float]:
    values = pass_values(column) if column.tells_passes else None
    return {} if values is None else dict(zip(column.run.tolist(), values.tolist(), strict=True))


def choose(metric: Metric, sample: int, order: Order = "mixed", seed: int = 0) -> list[Pick]:
    """Draw the runs to label, in an order that tells nothing.

    `mixed` takes half for being hard and half by chance from the rest, and weighs both for what
    they stand for, so that figures hold for all runs. `tightest` draws each run with the chance
    that makes people's rate tightest, and weighs it for that. `uncertainty` and `disagreement` take
    the hardest only; figures on those speak of hard runs, and they have no weight.
    """
    pool = sorted(metric.candidates, key=lambda each: (each.experiment, each.run_id))
    if not pool:
        raise ConfigError(f"label: no run has a score {metric.name!r}. Run `evalkit score` first.")
    random = Random(seed)
    random.shuffle(pool)  # ties fall by chance
    size = min(sample, len(pool))
    if order in ("uncertainty", "disagreement"):
        hard = sorted(pool, key=lambda each: -float(getattr(each, order)))[:size]
        picked = [Pick(each.experiment, each.run_id, None) for each in hard]
    elif order == ACTIVE:
        picked = _tightest(pool, size, random)
    else:
        first = size // 2 if order == "mixed" and size < len(pool) else 0
        ranked = sorted(pool, key=lambda each: -(each.uncertainty + each.disagreement))
        rest = ranked[first:]
        drawn = random.sample(rest, size - first)
        weight = len(rest) / len(drawn)
        picked = [Pick(each.experiment, each.run_id, 1.0) for each in ranked[:first]]
        picked += [Pick(each.experiment, each.run_id, weight) for each in drawn]
    random.shuffle(picked)
    return picked


def _tightest(pool: Sequence[Candidate], size: int, random: Random) -> list[Pick]:
    """Draw runs of a shuffled pool as often as the evaluator is likely to err on them."""
    hardness = np.array([max(each.uncertainty, each.disagreement) for each in pool])
    chance = draw_chances(hardness, size)
    return [
        Pick(pool[at].experiment, pool[at].run_id, 1.0 / float(chance[at]))
        for at in drawn(chance, random.random()).tolist()
    ]
