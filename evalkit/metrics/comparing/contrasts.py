"""Contrasts: every measure of a candidate beside the baseline's, tested pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.comparing.measure import Measure
from evalkit.metrics.comparing.measures import Seen, measures
from evalkit.metrics.comparing.pairing import Pairs, Side, side
from evalkit.metrics.statistics.bootstrap import studentised
from evalkit.metrics.statistics.calibration import Hits, corrected_change
from evalkit.metrics.statistics.distribution import RESAMPLED_MOST, heavy
from evalkit.metrics.statistics.intervals import Sums
from evalkit.metrics.statistics.paired import PairedTest, paired_test, quantile_difference
from evalkit.metrics.statistics.quantiles import Sample

FEWEST = 10
"""Pairs from which on resamples say more than Student's t."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure of a candidate beside the baseline's, before any correction."""

    measure: Measure
    baseline: Side
    candidate: Side
    test: PairedTest
    whole: tuple[Measure, Measure]
    """Both measures with the examples that have no pair."""
    single: bool = False
    """True or false from one run on each side."""
    d: Floats | None = None
    """What the test of a mean or a ratio was made on, one a pair."""
    units: Any = None
    bound: str = ""
    """`low`: the true difference is at least this, `high`: at most, `both`: nothing is known."""
    heavy: bool = False
    """The differences are so skewed that their interval may not hold what it promises."""


def contrast_all(
    pairs: Pairs,
    present: Seen,
    reducers: Sequence[str],
    hits: Mapping[str, Hits],
    bootstrap: bool,
    confidence: float,
) -> tuple[Pairs, list[Contrast]]:
    """Set every measure both experiments have side by side."""
    theirs = {m.name: m for m in measures(pairs.candidate, present, reducers, hits)}
    found = []
    for measure in measures(pairs.baseline, present, reducers, hits):
        other = theirs.get(measure.name)
        if other is not None and len(measure.values) and len(other.values):
            contrast = _contrast(measure, other, pairs, confidence)
            found += [contrast] if contrast is not None else []
    return pairs, _resampled(found) if bootstrap else found


def _contrast(measure: Measure, other: Measure, pairs: Pairs, confidence: float) -> Contrast | None:
    first = side(measure, pairs.of_baseline, pairs.n)
    second = side(other, pairs.of_candidate, pairs.n)
    whole = (measure, other)
    both = (first.sizes > 0) & (second.sizes > 0)
    units = None if pairs.units is None else pairs.units[both]
    first, second = first.kept(both), second.kept(both)
    unit = measure.unit if measure.unit == other.unit else ""
    measure = replace(
        measure,
        binary=measure.binary and other.binary,
        bounded=measure.bounded and other.bounded,
        unit=unit,
        unread=measure.unread + other.unread,
    )
    if measure.quantile is not None:
        return _quantile_contrast(measure, first, second, whole, units, confidence)
    if measure.over is not None:
        return _ratio_contrast(measure, first, second, whole, units)
    single = measure.binary and bool(np.all(first.sizes == 1) and np.all(second.sizes == 1))
    test = paired_test(
        first.means, second.means, bounded=measure.bounded, single=single, units=units
    )
    if measure.hits is not None:
        test = corrected_change(test, measure.hits)
        return Contrast(measure, first, second, test, whole, units=units)
    d = second.means - first.means
    return Contrast(
        measure,
        first,
        second,
        test,
        whole,
        single,
        d,
        units,
        _bound(first, second),
        _heavy(d, measure),
    )


def _bound(first: Side, second: Side) -> str:
    """Say on which side the true difference of two means can lie when runs were stopped."""
    cut_first = first.cut is not None and bool(first.cut.any())
    cut_second = second.cut is not None and bool(second.cut.any())
    return {(False, False): "", (True, False): "high", (False, True): "low"}.get(
        (cut_first, cut_second), "both"
    )


def _heavy(d: Floats, measure: Measure) -> bool:
    return not measure.bounded and len(d) > 2 and heavy(Sums(d, np.ones(len(d))))


def _quantile_contrast(
    measure: Measure,
    first: Side,
    second: Side,
    whole: tuple[Measure, Measure],
    units: Codes | None,
    confidence: float,
) -> Contrast:
    samples = [sample_of(each, units) for each in (first, second)]
    test = quantile_difference(
        samples[0], samples[1], measure.quantile or 0.5, len(first.means), confidence
    )
    return Contrast(measure, first, second, test, whole, units=units)


def sample_of(one: Side, units: Codes | None) -> Sample:
    """Return the runs of one side as a sample of which quantiles can be taken."""
    return Sample(one.values, one.pair, None if units is None else units[one.pair], one.cut)


def _ratio_contrast(
    measure: Measure,
    first: Side,
    second: Side,
    whole: tuple[Measure, Measure],
    units: Codes | None,
) -> Contrast | None:
    """Test a difference of ratios by what each example adds to it, linearised (Cochran, 1977)."""
    if first.over is None or second.over is None:
        return None
    if not (first.over.any() and second.over.any()):
        return None
    before, adds_before = _ratio(first.means, first.over)
    after, adds_after = _ratio(second.means, second.over)
    d: Floats = after - before + adds_after - adds_before
    test = paired_test(np.zeros(len(d)), d, bounded=False, single=False, units=units)
    test = replace(test, method=test.method.replace("paired t", "paired t, ratio"))
    return Contrast(measure, first, second, test, whole, False, d, units, "", _heavy(d, measure))


def _ratio(tops: Floats, bottoms: Floats) -> tuple[float, Floats]:
    """Return a ratio of sums, and what each example adds to its error."""
    ratio = float(tops.sum() / bottoms.sum())
    return ratio, (tops - ratio * bottoms) / float(bottoms.mean())


def _resampled(contrasts: list[Contrast]) -> list[Contrast]:
    """Give skewed measures the bootstrap-t; those with the same pairs share draws."""
    groups: dict[tuple[int, int | None], list[int]] = {}
    for at, contrast in enumerate(contrasts):
        test = contrast.test
        n = test.units or test.n
        if (
            test.parts is None
            and contrast.measure.skewed
            and test.se is not None
            and FEWEST <= n <= RESAMPLED_MOST
        ):
            groups.setdefault((test.n, test.units), []).append(at)
    found = list(contrasts)
    for members in groups.values():
        parts = [
            Sums(np.asarray(c.d), np.ones(c.test.n), c.units).by_unit
            for c in (contrasts[at] for at in members)
        ]
        tops = np.stack([top for top, _ in parts], axis=1)
        sizes = np.stack([size for _, size in parts], axis=1)
        for at, draws in zip(members, studentised(tops, sizes), strict=True):
            if draws is not None and draws.interval(0.95) is not None:
                test = contrasts[at].test
                found[at] = replace(contrasts[at], test=test.with_draws(draws))
    return found
