"""Differences: one contrast with its levels, its power, its place in the family and its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from evalkit.metrics.comparing.contrasts import Contrast
from evalkit.metrics.comparing.families import simultaneous
from evalkit.metrics.comparing.levels import levels, overall
from evalkit.metrics.comparing.pairing import Pairs
from evalkit.metrics.comparing.verdicts import (
    SPREAD_MARGIN,
    Case,
    judge,
)
from evalkit.metrics.documents.comparison import Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.reading import RELATIVE_MARGIN, SHARE_MARGIN, reading_of
from evalkit.metrics.statistics.designs import design_of
from evalkit.metrics.statistics.intervals import ROUNDING
from evalkit.metrics.statistics.power import detectable, examples_needed


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every difference of a comparison."""

    alpha: float
    margins: Mapping[str, float]
    calibrated: Sequence[str]
    correction: str
    sizes: Mapping[str, int]
    """Tests of each family."""
    rejected: Mapping[str, int]


def difference_of(
    contrast: Contrast, pairs: Pairs, p_adjusted: float | None, family: str, rules: Rules
) -> Difference:
    """Return everything known of one measure of a candidate."""
    measure, test, alpha = contrast.measure, contrast.test, rules.alpha
    before, after = levels(contrast, 1 - alpha)
    all_before, all_after = overall(contrast, pairs, 1 - alpha)
    margin = rules.margins.get(measure.name, _margin(contrast, before))
    size = rules.sizes.get(family, 0)
    found, even = _detectable(contrast, alpha)
    strict, strict_even = _detectable(contrast, alpha / size) if size > 1 else (found, even)
    at_once = simultaneous(
        test, p_adjusted, alpha, size, rules.rejected.get(family, 0), rules.correction
    )
    verdict = judge(
        Case(
            test=test,
            direction=measure.direction,
            unit=measure.unit,
            alpha=alpha,
            p_adjusted=p_adjusted,
            margin=margin,
            chosen=measure.name in rules.margins,
            family=family,
            size=size,
            simultaneous=at_once,
            mde=strict,
            mde_even=strict_even,
            bound=contrast.bound,
            heavy=contrast.heavy,
            tick=_tick(contrast),
        )
    )
    base = before.value
    wins, losses, ties = tally(contrast)
    made = Difference(
        metric=measure.name,
        kind=measure.kind,
        unit=measure.unit,
        direction=measure.direction,
        baseline=before,
        candidate=after,
        difference=test.figure(1 - alpha),
        relative=test.difference / abs(base) if base and test.difference is not None else None,
        p=test.p,
        p_adjusted=p_adjusted,
        effect=None if measure.quantile is not None else test.effect,
        wins=wins,
        losses=losses,
        ties=ties,
        mde=found,
        mde_adjusted=strict,
        n_needed=examples_needed(test.difference or 0.0, (test.se or 0.0) * sqrt(test.n), alpha),
        margin=margin,
        verdict=verdict.name,
        reason=verdict.reason,
        n_baseline=len(contrast.baseline.values),
        n_candidate=len(contrast.candidate.values),
        uncalibrated=measure.uncalibrated
        and not {measure.name, measure.evaluator} & set(rules.calibrated),
        bca=test.draws.interval(1 - alpha) if test.draws is not None else None,
        unread=measure.unread,
        mde_even=even,
        simultaneous=at_once,
        sure=test.sure_bounds(alpha),
        family=family,
        bound=contrast.bound,
        heavy_tail=contrast.heavy,
        baseline_all=all_before,
        candidate_all=all_after,
    )
    return replace(made, reading=reading_of(made))


def _detectable(contrast: Contrast, alpha: float) -> tuple[float | None, float | None]:
    """Return the change found with 80 % power when whole examples change, and when all do alike."""
    test, measure = contrast.test, contrast.measure
    if test.se is None or test.n < 2:
        return None, None
    if test.parts is None:
        found = detectable(test.se, test.df, alpha, whole=0.0)
        return found, None
    design = design_of(
        contrast.baseline.means,
        contrast.candidate.means,
        (contrast.baseline.sizes, contrast.candidate.sizes),
        single=contrast.single,
        lower=measure.direction == "lower",
    )
    if test.units is not None:
        design = design.of_units(test.units, test.se)
    return design.smallest(alpha, whole=True), design.smallest(alpha, whole=False)


def _margin(contrast: Contrast, before: Figure) -> float | None:
    measure = contrast.measure
    if measure.unit == "share":
        return SHARE_MARGIN
    if measure.kind in ("latency", "usage"):
        return RELATIVE_MARGIN * abs(before.value) if before.value else None
    if measure.spread:
        return SHARE_MARGIN * measure.spread
    means = contrast.baseline.means
    top = float(np.abs(means).max()) if len(means) else 0.0
    if len(means) < 2 or top == 0:
        return None
    return SPREAD_MARGIN * float((means / top).std(ddof=1)) * top or None


def _tick(contrast: Contrast) -> float:
    """Return one second where times are of whole seconds only: ties then are no spread."""
    if contrast.measure.kind != "latency":
        return 0.0
    values = (contrast.baseline.values, contrast.candidate.values)
    return 1.0 if all(np.all(each == np.floor(each)) for each in values) else 0.0


def tally(contrast: Contrast) -> tuple[int, int, int]:
    """Return examples won, lost and tied; those whose order a stopped run hides are in none."""
    first, second = contrast.baseline, contrast.candidate
    gain = second.means - first.means
    size = np.maximum(np.abs(first.means), np.abs(second.means))
    gain = np.where(np.abs(gain) <= ROUNDING * size, 0.0, gain)
    known = np.ones(len(gain), bool)
    for side, way in ((first, -1), (second, 1)):
        if side.cut is not None and side.cut.any():
            stopped = np.bincount(side.pair[side.cut], minlength=len(gain)) > 0
            known &= ~stopped | (gain * way > 0)
    if contrast.measure.direction == "lower":
        gain = -gain
    gain = gain[known]
    return int((gain > 0).sum()), int((gain < 0).sum()), int((gain == 0).sum())
