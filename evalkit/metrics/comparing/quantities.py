"""Quantities: latency, tokens and cost of runs as measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evalkit.metrics.columns.arrays import Floats, Mask
from evalkit.metrics.columns.reading import RunColumns
from evalkit.metrics.comparing.measure import Measure
from evalkit.model import outcome


def durations(runs: RunColumns) -> Iterator[Measure]:
    """Yield mean, median and p95 of latency and the mean time to first token.

    A run that was stopped lasted at least as long as it did.
    """
    stopped = np.isin(runs.outcome, outcome.places_of(outcome.CUT_SHORT))
    for name, column, quantile in (
        ("latency.mean", "latency_s", None),
        ("latency.p50", "latency_s", 0.5),
        ("latency.p95", "latency_s", 0.95),
        ("ttft.mean", "ttft_s", None),
    ):
        known = runs.measured(column)
        cut = stopped if column == "latency_s" and bool((stopped & known).any()) else None
        found = _positive(name, "latency", "s", (runs, column, known), cut=cut)
        yield replace(found, quantile=quantile, skewed=quantile is None)


def amounts(runs: RunColumns) -> Iterator[Measure]:
    """Yield tokens and cost of a run, and what one success costs."""
    for column, unit in (("total_tokens", "tokens"), ("total_cost", "cost")):
        known = ~np.isnan(runs.numbers[column])
        yield _positive(f"{column}.mean", "usage", unit, (runs, column, known))
    known = ~np.isnan(runs.numbers["total_cost"])
    good = np.isin(runs.outcome, outcome.places_of(outcome.SUCCEEDED)).astype(np.float64)
    of = (runs, "total_cost", known)
    yield _positive("cost_per_success", "usage", "cost", of, over=good)


def _positive(
    name: str,
    kind: str,
    unit: str,
    of: tuple[RunColumns, str, Mask],
    *,
    cut: Mask | None = None,
    over: Floats | None = None,
) -> Measure:
    runs, column, known = of
    beside = [None if each is None else each[known] for each in (cut, over)]
    found = runs.settled(runs.cluster[known], runs.numbers[column][known], *beside)
    cluster, values, cut, over = found
    return Measure(
        name=name,
        kind=kind,
        unit=unit,
        direction="lower",
        values=values,
        cluster=cluster,
        cut=cut,
        over=over,
        bounded=False,
        binary=False,
        skewed=True,
    )
