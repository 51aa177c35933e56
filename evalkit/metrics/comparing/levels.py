"""Levels: the figure of one side of a contrast, over the pairs and over everything it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.metrics.comparing.contrasts import Contrast, sample_of
from evalkit.metrics.comparing.measure import Measure
from evalkit.metrics.comparing.pairing import Pairs, Side, side
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.calibration import corrected_rate
from evalkit.metrics.statistics.distribution import above, skewed_mean
from evalkit.metrics.statistics.intervals import Sums, share_figure
from evalkit.metrics.statistics.ratios import ratio_figure


def levels(contrast: Contrast, confidence: float) -> tuple[Figure, Figure]:
    """Return both sides over the paired examples, every example with the same weight."""
    measure, units = contrast.measure, contrast.units
    return (
        level(measure, contrast.baseline, units, confidence),
        level(measure, contrast.candidate, units, confidence),
    )


def level(measure: Measure, one: Side, units: object, confidence: float) -> Figure:
    """Return one side as the summary has it: same weights, same method."""
    if not len(one.means):
        return Figure(None)
    codes = None if units is None else np.asarray(units)
    if measure.quantile is not None:
        sample = sample_of(one, codes)
        value, reached = sample.quantile(measure.quantile)
        ends, method = sample.interval(measure.quantile, value, confidence)
        method = method if reached else "lower bound: cut short by timeouts"
        low, high = ends if ends and reached else (None, None)
        return Figure(value, low, high, len(one.values), method, len(one.means))
    sums = Sums(one.means * one.sizes, one.sizes, codes)
    if measure.over is not None and one.over is not None:
        found = ratio_figure(sums, Sums(one.over * one.sizes, one.sizes, codes), confidence)
    elif measure.bounded and one.worth is not None:
        ceiling = float(one.worth.sum())
        means = Sums(one.means, np.ones(len(one.means)), codes)
        found = share_figure(means, confidence, ceiling=ceiling, method="wilson over examples")
    elif measure.hits is not None:
        found = corrected_rate(sums, measure.hits, confidence)
    elif measure.binary:
        found = share_figure(sums, confidence)
    else:
        found = skewed_mean(sums, confidence).within((0.0, 1.0) if measure.bounded else None)
        found = above(found, 0.0) if measure.kind in ("latency", "usage") else found
    return replace(found, n=len(one.values))


def overall(
    contrast: Contrast, pairs: Pairs, confidence: float
) -> tuple[Figure | None, Figure | None]:
    """Return both levels over all runs of the experiments, None where the pairs have them all."""
    found: list[Figure | None] = []
    for measure, kept, experiment in (
        (contrast.whole[0], contrast.baseline, pairs.baseline),
        (contrast.whole[1], contrast.candidate, pairs.candidate),
    ):
        if len(measure.values) == len(kept.values):
            found.append(None)
            continue
        codes, place = np.unique(measure.cluster, return_inverse=True)
        named = replace(measure, cluster=place)
        units = None if experiment.runs.unit_of is None else experiment.runs.units(codes)
        every = side(named, np.arange(len(codes)), len(codes))
        found.append(level(measure, every, units, confidence))
    return found[0], found[1]
