"""Measures: everything of an experiment that can be compared, as values with their example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evalkit.metrics.intervals import Floats
from evalkit.metrics.reading import (
    OUTCOMES,
    UNFINISHED,
    Codes,
    RunColumns,
    read_cells,
    read_runs,
)
from evalkit.metrics.score_columns import ScoreColumn, score_columns
from evalkit.metrics.slicing import with_units
from evalkit.model.results import Results


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparable quantity of one experiment."""

    name: str
    kind: str
    unit: str
    direction: str | None
    values: Floats
    cluster: Codes
    """Example code of each value."""
    bounded: bool
    """Values lie in 0..1."""
    binary: bool
    skewed: bool
    """A bootstrap interval is worth having."""
    quantile: float | None = None
    """Compared is this quantile, not the mean."""
    spread: float | None = None
    """Width of the declared range, for the default margin."""
    uncalibrated: bool = False
    evaluator: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment read for comparing."""

    name: str
    results: Results
    runs: RunColumns
    scores: list[ScoreColumn]


def read(
    results: Results, runs: RunColumns | None = None, *, cluster: str | None = None
) -> Experiment:
    """Read runs and scores; `runs` replaces the stored pairing of runs with examples."""
    runs = with_units(results, runs or read_runs(results), cluster)
    cells = read_cells(results, runs)
    scores = score_columns(cells, runs, results.evaluators, 0)
    return Experiment(results.experiment, results, runs, scores)


def recoded(experiment: Experiment, cluster: Codes, ids: list[str], clusters: int) -> Experiment:
    """Return the experiment with other examples for its runs."""
    runs = experiment.runs
    unit_of = None
    if runs.unit_of is not None:
        unit_of = np.zeros(clusters, np.int64)
        unit_of[cluster] = runs.unit
    runs = replace(runs, cluster=cluster, example_ids=ids, clusters=clusters, unit_of=unit_of)
    return read(experiment.results, runs)


def measures(experiment: Experiment, occurring: set[str]) -> Iterator[Measure]:
    """Yield scores, then outcome rates, latency and usage.

    `occurring` are the outcomes seen in any compared experiment: of two that add up to all runs
    only success is a measure of its own.
    """
    for column in experiment.scores:
        if column.scope in ("run", "step") and column.type in ("rate", "number"):
            yield _score(column)
    yield from _outcomes(experiment.runs, occurring)
    yield from _durations(experiment.runs)
    yield from _amounts(experiment.runs)


def _score(column: ScoreColumn) -> Measure:
    info = column.info
    span = None if info is None or info.range is None else info.range[1] - info.range[0]
    rate = column.type == "rate"
    unit_range = info is not None and info.range == (0, 1)
    return Measure(
        name=column.name,
        kind="score",
        unit="share" if rate or unit_range else "",
        direction=column.direction,
        values=column.values,
        cluster=column.cluster,
        bounded=rate or unit_range,
        binary=rate,
        skewed=not rate,
        spread=span,
        uncalibrated=info is not None and info.kind == "judge",
        evaluator=column.evaluator,
    )


def _outcomes(runs: RunColumns, occurring: set[str]) -> Iterator[Measure]:
    names = [name for name in OUTCOMES if name in occurring]
    if len(names) == 2 and "success" in names:
        names = ["success"]
    for name in names:
        hit = (runs.outcome == OUTCOMES.index(name)).astype(np.float64)
        yield Measure(
            name=f"{name}_rate",
            kind="outcome",
            unit="share",
            direction="higher" if name == "success" else None if name == "paused" else "lower",
            values=hit,
            cluster=runs.cluster,
            bounded=True,
            binary=True,
            skewed=False,
        )


def _durations(runs: RunColumns) -> Iterator[Measure]:
    """Yield mean and p95 of latency and the mean time to first token.

    A run that was cut short lasted at least as long as it did; its time is used as it is.
    """
    for name, column, quantile in (
        ("latency.mean", "latency_s", None),
        ("latency.p95", "latency_s", 0.95),
        ("ttft.mean", "ttft_s", None),
    ):
        values = runs.numbers[column]
        known = values >= 0
        if column == "latency_s":
            running = OUTCOMES.index(UNFINISHED[-1])
            known &= runs.outcome != running
        yield _positive(name, "latency", "s", values[known], runs.cluster[known], quantile)


def _amounts(runs: RunColumns) -> Iterator[Measure]:
    for column, unit in (("total_tokens", "tokens"), ("total_cost", "cost")):
        values = runs.numbers[column]
        known = ~np.isnan(values)
        name = f"{column}.mean"
        yield _positive(name, "usage", unit, values[known], runs.cluster[known], None)


def _positive(
    name: str, kind: str, unit: str, values: Floats, cluster: Codes, quantile: float | None
) -> Measure:
    return Measure(
        name=name,
        kind=kind,
        unit=unit,
        direction="lower",
        values=values,
        cluster=cluster,
        bounded=False,
        binary=False,
        skewed=quantile is None,
        quantile=quantile,
    )
