"""Reducers: one number per example out of its repetitions, and the figure over examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, tallied
from evalkit.metrics.columns.column import ScoreColumn, by_run
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.distribution import skewed_mean
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.metrics.summaries.reducer import Reducer, parse

NO_PASS = "nothing says which numbers pass; declare a threshold"


def reduce_score(column: ScoreColumn, reducer: Reducer, confidence: float = 0.95) -> Figure | None:
    """Return the figure of a reducer over examples; None: it says nothing of this score.

    Examples with fewer than k scored runs are left out (n shows it); when none has k, or nothing
    says what passes, the value is None and `method` says what was refused: nothing is guessed.
    """
    if column.scope == "experiment" or len(column.values) == 0:
        return None
    found = reduced_values(column, reducer)
    if found is None:
        return Figure(None, n=len(by_run(column)[0]), method=f"refused: {NO_PASS}")
    if len(found.values) == 0:
        needed = f"{reducer.least} runs of an example, at most {found.most}"
        return Figure(None, method=f"refused: needs {needed}")
    sums = cluster_sums(found.values, None, _units(column, found.examples))
    if reducer.passing or (column.yes_or_no and not reducer.entry.spread):
        ceiling = float(found.worth.sum())
        return share_figure(sums, confidence, ceiling=ceiling, method="wilson over examples")
    reach = None if reducer.kind == "sd" else column.scale.range
    return skewed_mean(sums, confidence).within(reach)


@dataclass(frozen=True, slots=True)
class Reduced:
    """One value for each example that has enough runs."""

    examples: Codes
    values: Floats
    worth: Floats
    """Draws of 0 or 1 that each value is worth at most."""
    most: int
    """Runs of the example that has most."""


def reduced_values(column: ScoreColumn, reducer: Reducer) -> Reduced | None:
    """Return the reduced value of each example; None: nothing says what passes."""
    if column.scope == "experiment" or len(column.values) == 0:
        return None
    numbers, passes, cluster = by_run(column)
    values = passes if reducer.passing else numbers
    if values is None:
        return None
    lower = column.direction == "lower"
    examples, reduced = per_example(values, cluster, reducer, lower=lower)
    sizes = tallied(cluster)
    worth = _worth(reducer, sizes[examples].astype(np.float64))
    return Reduced(examples, reduced, worth, int(sizes.max()))


def _worth(reducer: Reducer, sizes: Floats) -> Floats:
    """Return how many draws each example's value is worth.

    Values between 0 and 1 vary less than 0 and 1 would, so an example is worth more than one draw:
    at most its number of runs for a mean, 2 n / k for an order-k estimator (the 2 was calibrated
    by simulation, `benchmarks/simulations.py`).
    """
    each = reducer.entry.worth
    return np.ones(len(sizes)) if each is None else each(reducer.k) * sizes


def per_example(
    values: Floats, cluster: Codes, reducer: Reducer, *, lower: bool = False
) -> tuple[Codes, Floats]:
    """Return the codes of the examples that have enough runs, and their reduced values."""
    sizes = tallied(cluster)
    enough = np.flatnonzero(sizes >= reducer.least)
    return enough, _reduced(values, cluster, reducer, lower)[enough]


def _units(column: ScoreColumn, examples: Codes) -> Codes | None:
    """Return the unit of each example, None when examples are the units."""
    if column.unit is None:
        return None
    unit_of = np.zeros(int(column.cluster.max()) + 1, np.int64)
    unit_of[column.cluster] = column.unit
    return unit_of[examples]


def _reduced(values: Floats, cluster: Codes, reducer: Reducer, lower: bool) -> Floats:
    """Return one value per example code; codes without enough runs hold anything."""
    n = tallied(cluster).astype(np.float64)
    entry = reducer.entry
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = tallied(cluster, values).astype(np.float64)
        if entry.count is not None:
            return entry.count(sums, n, reducer.k)
        if entry.pick is None:
            return np.asarray(sums / n, np.float64)
    pick = entry.pick
    return _grouped(values, cluster, len(n), lambda v: pick(v, reducer.k, lower))


def _grouped(values: Floats, cluster: Codes, size: int, pick: Callable[[Floats], float]) -> Floats:
    order = np.lexsort((values, cluster))
    ends = np.cumsum(np.bincount(cluster, minlength=size))
    parts = np.split(values[order], ends[:-1])
    return np.array([pick(part) if len(part) else np.nan for part in parts])


class Reducing:
    """Reduces scores as somebody goes through them: of very many cells each is made anew."""

    def __init__(self, reducers: Sequence[str], confidence: float) -> None:
        self._reducers, self._confidence = [parse(text) for text in reducers], confidence
        self.figures: dict[str, dict[str, Figure]] = {each.text: {} for each in self._reducers}
        """By reducer and score."""

    def over(self, columns: Iterable[ScoreColumn]) -> Iterator[ScoreColumn]:
        """Yield scores as they are, and keep their figures."""
        for column in columns:
            for reducer in self._reducers:
                figure = reduce_score(column, reducer, self._confidence)
                if figure is not None:
                    self.figures[reducer.text][column.name] = figure
            yield column
            del column  # before the next one is made
