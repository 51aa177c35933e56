"""Tokens and cost: per run, per success and in all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.metrics.columns.money import Money
from evalkit.metrics.columns.reading import RunColumns
from evalkit.metrics.documents.figures import Distribution, Figure
from evalkit.metrics.documents.summary import UsageSummary
from evalkit.metrics.statistics.distribution import describe
from evalkit.metrics.statistics.intervals import cluster_sums
from evalkit.metrics.statistics.ratios import ratio_figure
from evalkit.model.outcome import SUCCEEDED, places_of
from evalkit.model.usage import COSTS, USAGE_FIELDS


def summarise_usage(runs: RunColumns, money: Money, confidence: float) -> UsageSummary:
    """Summarise the usage columns; runs whose source recorded none are missing, not zero."""
    if len(money.currencies) > 1:
        unpaid = {name: np.full(runs.n, np.nan) for name in COSTS}
        runs = replace(runs, numbers={**runs.numbers, **unpaid})
    fields = {name: _amount(runs, name, confidence) for name in USAGE_FIELDS}
    return UsageSummary(
        **fields,
        tokens_per_success=_per_success(runs, "total_tokens", confidence),
        cost_per_success=_per_success(runs, "total_cost", confidence),
        currency=money.currencies[0] if len(money.currencies) == 1 else None,
        computed_costs=money.computed,
        prices=money.prices,
    )


def usage_notes(runs: RunColumns, money: Money) -> list[str]:
    """Say what a figure of cost is made of, where that is not one currency, recorded."""
    notes = []
    if len(money.currencies) > 1:
        listed = ", ".join(money.currencies)
        notes.append(f"Costs are in different currencies ({listed}) and are not added up.")
    if money.computed:
        known = int((~np.isnan(runs.numbers["total_cost"])).sum())
        rest = known - money.computed
        beside = f"; of {rest:,} it is recorded" if rest else ""
        notes.append(
            f"The cost of {money.computed:,} run{'s' * (money.computed != 1)} is computed, not "
            f"recorded{beside}: "
            f"{'; '.join(money.prices)}."
        )
    return notes


def _amount(runs: RunColumns, name: str, confidence: float) -> Distribution:
    values = runs.numbers[name]
    known = ~np.isnan(values)
    cluster, amounts = runs.settled(runs.cluster[known], values[known])
    return describe(
        amounts,
        cluster,
        None if runs.unit_of is None else runs.units(cluster),
        missing=int((~known).sum()),
        unit="cost" if name.endswith("cost") else "tokens",
        confidence=confidence,
        shape=name in ("total_tokens", "total_cost"),
    )


def _per_success(runs: RunColumns, name: str, confidence: float) -> Figure:
    """Return what one success costs: what a run costs over the share that succeeds.

    Runs with usage only, every example once; a ratio of two means over examples, whose interval is
    the bootstrap-t over examples, and Student's on the linearised ratio for very few or very many.
    """
    values = runs.numbers[name]
    known = ~np.isnan(values)
    good = np.isin(runs.outcome[known], places_of(SUCCEEDED)).astype(np.float64)
    n = int(known.sum())
    if not good.any():
        return Figure(None, n=n, method="none: no success")
    cluster, amounts, good = runs.settled(runs.cluster[known], values[known], good)
    units = None if runs.unit_of is None else runs.units(cluster)
    spent, won = cluster_sums(amounts, cluster, units), cluster_sums(good, cluster, units)
    return ratio_figure(spent, won, confidence)
