"""Calibration: the pass rate people would give, from an imperfect evaluator's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.intervals import Sums, effective_size
from evalkit.metrics.statistics.paired import PairedTest
from evalkit.metrics.statistics.students_t import t_quantile


@dataclass(frozen=True, slots=True)
class Hits:
    """What an evaluator got right on labelled runs, in independent labels."""

    sensitivity: float
    """Share of people's passes that it passed."""
    passes: float
    """Labels that say pass, as many as they are worth: those of one example repeat one another."""
    specificity: float
    fails: float
    units: int
    """Labelled examples."""

    @property
    def youden(self) -> float:
        """Sensitivity and specificity less one: 1 for a perfect judge, 0 for a coin."""
        return self.sensitivity + self.specificity - 1

    @property
    def variances(self) -> tuple[float, float]:
        """Variances of both shares, each with one label right and one wrong more."""
        found = []
        for share, n in ((self.sensitivity, self.passes), (self.specificity, self.fails)):
            steadied = (share * n + 1) / (n + 2)
            found.append(steadied * (1 - steadied) / (n + 2))
        return found[0], found[1]


def hits_of(good: Sums, bad: Sums) -> Hits | None:
    """Return the hits on runs people passed, and on runs people failed, clustered by example."""
    if not good.n or not bad.n:
        return None
    return Hits(
        good.mean,
        effective_size(good),
        bad.mean,
        effective_size(bad),
        min(good.clusters, bad.clusters),
    )


def hits_from(sensitivity: Figure, specificity: Figure) -> Hits | None:
    """Return the hits of an agreement kept earlier, from its two figures."""
    shares = (sensitivity.value, specificity.value)
    if shares[0] is None or shares[1] is None:
        return None
    worth = [_worth(each) for each in (sensitivity, specificity)]
    units = min(each.clusters or each.n for each in (sensitivity, specificity))
    return Hits(shares[0], worth[0], shares[1], worth[1], units)


def _worth(figure: Figure) -> float:
    share, units = figure.value or 0.0, float(figure.clusters or figure.n)
    return max(share * (1 - share) / figure.se**2, 1.0) if figure.se else units


def corrected_change(test: PairedTest, hits: Hits) -> PairedTest:
    """Return a change of the evaluator's pass rate as one of people's: divided by Youden's index.

    The same judge errs on both sides, so what it adds cancels and only its index scales the change
    (Rogan and Gladen); its uncertainty is carried by the delta method. p is the change's own.
    """
    youden = hits.youden
    if test.se is None or test.difference is None or youden <= 0:
        return replace(test, difference=None, se=None, p=None, method="none: no better than chance")
    change = test.difference / youden
    se = sqrt(test.se**2 + change**2 * sum(hits.variances)) / youden
    centre = (test.difference if test.centre is None else test.centre) / youden
    method = f"{test.method}, rogan-gladen"
    return replace(
        test,
        difference=max(-1.0, min(1.0, change)),
        se=se,
        centre=centre,
        limits=(-1.0, 1.0),
        parts=None,
        draws=None,
        method=method,
    )


def corrected_rate(
    observed: Sums, hits: Hits | tuple[int, int, int, int] | None, confidence: float = 0.95
) -> Figure:
    """Return Rogan and Gladen's prevalence (Am. J. Epidemiol. 107, 1978) with its interval.

    `observed` is the evaluator's passes over all its runs; `hits` what it got right on labelled
    ones, or four counts: passes it got right of how many, fails it got right of how many, which
    then are taken to repeat as the observed runs do. The interval is Lang and Reiczigel's (Prev.
    Vet. Med. 113, 2014), which carries the uncertainty of both, with the n that labels and runs of
    the same examples are worth. No value when the evaluator is no better than a coin.
    """
    known = _counted(observed, hits) if isinstance(hits, tuple) else hits
    if observed.n == 0 or known is None:
        return Figure(None, n=observed.n, method="none: labels of one kind only")
    if known.youden <= 0:
        return Figure(None, n=observed.n, method="none: no better than chance")
    value = min(1.0, max(0.0, (observed.mean + known.specificity - 1) / known.youden))
    low, high = _lang_reiczigel(observed, known, confidence)
    return Figure(value, low, high, observed.n, "rogan-gladen, lang-reiczigel", observed.clusters)


def _counted(observed: Sums, counts: tuple[int, int, int, int]) -> Hits | None:
    true_passes, passes, true_fails, fails = counts
    if not passes or not fails or observed.n == 0:
        return None
    each = max(observed.n / max(observed.clusters, 1), 1.0)
    units = max(int(min(passes, fails) / each), 1)
    return Hits(true_passes / passes, passes / each, true_fails / fails, fails / each, units)


def _lang_reiczigel(observed: Sums, hits: Hits, confidence: float) -> tuple[float, float]:
    n = effective_size(observed)
    z = t_quantile((1 + confidence) / 2, max(observed.clusters - 1, 1))
    square = z * z
    apparent = (observed.mean * n + square / 2) / (n + square)
    sensitivity = (hits.sensitivity * hits.passes + 1) / (hits.passes + 2)
    specificity = (hits.specificity * hits.fails + 1) / (hits.fails + 2)
    youden = max(sensitivity + specificity - 1, 1e-6)
    rate = (apparent + specificity - 1) / youden
    of_sensitivity, of_specificity = hits.variances
    shift = 2 * square * (rate * of_sensitivity - (1 - rate) * of_specificity)
    spread = apparent * (1 - apparent) / (n + square)
    spread += rate**2 * of_sensitivity + (1 - rate) ** 2 * of_specificity
    half = z * sqrt(spread) / youden
    return (
        min(1.0, max(0.0, rate + shift - half)),
        min(1.0, max(0.0, rate + shift + half)),
    )
