"""Calibration: the pass rate people would give, from an imperfect evaluator's."""

from __future__ import annotations

from math import sqrt

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.intervals import Sums, effective_size
from evalkit.metrics.statistics.students_t import z_quantile


def corrected_rate(
    observed: Sums, hits: tuple[int, int, int, int], confidence: float = 0.95
) -> Figure:
    """Return Rogan and Gladen's prevalence (Am. J. Epidemiol. 107, 1978) with its interval.

    `observed` is the evaluator's passes over all its runs; `hits` are, on labelled runs, the
    passes it got right of how many, and the fails it got right of how many. The interval is Lang
    and Reiczigel's (Prev. Vet. Med. 113, 2014), which carries the uncertainty of both; repeated
    examples lower the n of the observed rate. No value when the evaluator is no better than a coin.
    """
    true_passes, passes, true_fails, fails = hits
    if observed.n == 0 or not passes or not fails:
        return Figure(None, n=observed.n, method="none: labels of one kind only")
    plain = true_passes / passes + true_fails / fails - 1
    if plain <= 0:
        return Figure(None, n=observed.n, method="none: no better than chance")
    value = min(1.0, max(0.0, (observed.mean + true_fails / fails - 1) / plain))
    low, high = _lang_reiczigel(observed, hits, z_quantile((1 + confidence) / 2))
    return Figure(value, low, high, observed.n, "rogan-gladen, lang-reiczigel", observed.clusters)


def _lang_reiczigel(
    observed: Sums, hits: tuple[int, int, int, int], z: float
) -> tuple[float, float]:
    true_passes, passes, true_fails, fails = hits
    n = effective_size(observed)
    square = z * z
    apparent = (observed.mean * n + square / 2) / (n + square)
    sensitivity = (true_passes + 1) / (passes + 2)
    specificity = (true_fails + 1) / (fails + 2)
    youden = max(sensitivity + specificity - 1, 1e-6)
    rate = (apparent + specificity - 1) / youden
    of_sensitivity = sensitivity * (1 - sensitivity) / (passes + 2)
    of_specificity = specificity * (1 - specificity) / (fails + 2)
    shift = 2 * square * (rate * of_sensitivity - (1 - rate) * of_specificity)
    spread = apparent * (1 - apparent) / (n + square)
    spread += rate**2 * of_sensitivity + (1 - rate) ** 2 * of_specificity
    half = z * sqrt(spread) / youden
    return (
        min(1.0, max(0.0, rate + shift - half)),
        min(1.0, max(0.0, rate + shift + half)),
    )
