"""Contrasts: every measure of a candidate beside the baseline's, tested pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evalkit.metrics.comparing.measures import Measure, Seen, measures
from evalkit.metrics.comparing.pairing import Pairs, Side, side
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.bootstrap import bca_ratios
from evalkit.metrics.statistics.intervals import cluster_sums
from evalkit.metrics.statistics.paired import PairedTest, paired_test, quantile_difference


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure of a candidate beside the baseline's, before any correction."""

    measure: Measure
    baseline: Side
    candidate: Side
    test: PairedTest
    bca: Interval | None = None
    units: Any = None


def contrast_all(pairs: Pairs, present: Seen, bootstrap: bool) -> tuple[Pairs, list[Contrast]]:
    """Set every measure both experiments have side by side."""
    theirs = {m.name: m for m in measures(pairs.candidate, present)}
    found = []
    for measure in measures(pairs.baseline, present):
        other = theirs.get(measure.name)
        if other is not None and len(measure.values) and len(other.values):
            found.append(_contrast(measure, other, pairs))
    return pairs, _with_bca(found) if bootstrap else found


def _contrast(measure: Measure, other: Measure, pairs: Pairs) -> Contrast:
    first = side(measure, pairs.of_baseline, pairs.n)
    second = side(other, pairs.of_candidate, pairs.n)
    both = (first.sizes > 0) & (second.sizes > 0)
    units = None if pairs.units is None else pairs.units[both]
    if measure.quantile is not None:
        return _quantile_contrast(measure, _kept(first, both), _kept(second, both), units)
    single = measure.binary and other.binary
    single = single and bool(np.all(first.sizes[both] == 1) and np.all(second.sizes[both] == 1))
    bounded = measure.bounded and other.bounded
    test = paired_test(
        first.means[both], second.means[both], bounded=bounded, single=single, units=units
    )
    unit = measure.unit if measure.unit == other.unit else ""
    unread = measure.unread + other.unread
    binary = measure.binary and other.binary
    return Contrast(
        replace(measure, binary=binary, bounded=bounded, unit=unit, unread=unread),
        _kept(first, both),
        _kept(second, both),
        test,
        units=units,
    )


def _kept(one: Side, both: Any) -> Side:
    """Keep the pairs that have values on both sides, and number them anew."""
    number = np.full(len(both) + 1, -1, np.int64)
    number[:-1][both] = np.arange(int(both.sum()))
    at = number[one.pair]
    inside = at >= 0
    return Side(one.means[both], one.sizes[both], one.values[inside], at[inside])


def _quantile_contrast(measure: Measure, first: Side, second: Side, units: Any) -> Contrast:
    test = quantile_difference(
        (first.values, first.pair),
        (second.values, second.pair),
        measure.quantile or 0.5,
        len(first.means),
        units,
    )
    return Contrast(measure, first, second, test)


def _with_bca(contrasts: list[Contrast]) -> list[Contrast]:
    """Bootstrap the mean differences of skewed measures; those with the same pairs share draws."""
    groups: dict[tuple[int, int | None], list[int]] = {}
    for at, contrast in enumerate(contrasts):
        if contrast.measure.skewed and contrast.test.n >= 10:
            key = (contrast.test.n, contrast.test.units)
            groups.setdefault(key, []).append(at)
    found = list(contrasts)
    for members in groups.values():
        sums = [
            cluster_sums(contrast.candidate.means - contrast.baseline.means, contrast.units)
            for contrast in (contrasts[at] for at in members)
        ]
        tops = np.stack([each.totals for each in sums], axis=1)
        sizes = np.stack([each.sizes for each in sums], axis=1)
        for at, ends in zip(members, bca_ratios(tops, sizes), strict=True):
            found[at] = replace(contrasts[at], bca=ends)
    return found
