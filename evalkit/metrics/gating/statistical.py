"""Statistical gates: not worse, proven not worse, better, equivalent."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

from evalkit.metrics.comparing.verdicts import text
from evalkit.metrics.documents.comparison import Candidate, Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import Found
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.gating.grammar import Gate
from evalkit.metrics.statistics.students_t import t_quantile, two_sided, z_quantile


def check_difference(
    gate: Gate, difference: Difference, alpha: float
) -> tuple[bool, str, float | None]:
    """Return whether the rule holds, why, and the margin in the metric's unit.

    - `not worse by d`: missed when the candidate is worse beyond chance (adjusted p <= alpha) and
      by at least d; noise of any size passes.
    - `proven not worse by d`: holds when even the pessimistic end of the one-sided interval is
      better than -d; noise does not pass.
    - `better by d`: better beyond chance and by at least d.
    - `equivalent within d`: both ends inside plus or minus d.
    """
    value, unit = difference.difference.value, difference.unit
    if value is None:
        return False, f"{difference.metric}: there are no pairs to compare.", None
    margin = _margin(gate, difference)
    gain = -value if difference.direction == "lower" else value
    p = difference.p_adjusted if difference.p_adjusted is not None else difference.p
    sure = p is not None and p <= alpha
    if p is None and difference.difference.low is None and value != 0:
        sure = difference.difference.n >= 10  # every pair differs by the same amount
    low, high = _one_sided(difference, alpha)
    holds = {
        "not_worse": low > -margin if gate.proven else not (sure and gain < 0 and -gain >= margin),
        "better": sure and gain > 0 and gain >= margin,
        "equivalent": low > -margin and high < margin,
    }[gate.kind]
    sign = "+" if value >= 0 else "-"
    observed = f"{sign}{text(abs(value), unit)}"
    chance = "" if p is None else f", p = {p:.3f}" if p >= 0.001 else ", p < 0.001"
    n = difference.difference.n
    units = "unpaired" if "unpaired" in difference.difference.method else "pairs"
    why = f"{difference.metric} changed by {observed} (n = {n} {units}{chance})."
    return holds, why, margin


def _margin(gate: Gate, difference: Difference) -> float:
    if gate.quantity is None:
        equivalent = gate.kind == "equivalent" or gate.proven
        return (difference.margin or 0.0) if equivalent else 0.0
    base = difference.baseline.value
    if gate.quantity.unit == "%" and difference.unit != "share" and base is not None:
        return gate.quantity.plain * abs(base)
    return gate.quantity.plain


def _one_sided(difference: Difference, alpha: float) -> tuple[float, float]:
    """Return the one-sided bounds, turned so that more is better."""
    figure = difference.difference
    if figure.value is None:
        return (-inf, inf)
    if figure.low is None or figure.high is None:
        middle = figure.value if difference.direction != "lower" else -figure.value
        return (middle, middle) if figure.n >= 10 else (-inf, inf)
    normal = "bonett" in figure.method or "unpaired" in figure.method
    df = inf if normal else max((figure.clusters or figure.n) - 1, 1)
    half = (figure.high - figure.low) / 2
    half *= t_quantile(1 - alpha, df) / t_quantile(1 - alpha / 2, df)
    middle = figure.value if difference.direction != "lower" else -figure.value
    return (middle - half, middle + half)


def mirrored(found: Found, candidate: Candidate, summary: Summary) -> Difference | None:
    """Return the difference of an outcome rate that was not compared on its own.

    Where runs only succeed or end in one other way, that other rate is success turned round; a
    rate of an outcome that nobody had did not change.
    """
    outcome = found.name.removesuffix("_rate")
    success = next((d for d in candidate.differences if d.metric == "success_rate"), None)
    if success is None or outcome not in summary.rates or outcome == found.name:
        return None
    n = success.difference.n
    if (
        sum(each.count > 0 for each in summary.rates.values()) > 1
        and not summary.rates[outcome].count
    ):
        nil = Figure(0.0, 0.0, 0.0, n, "none: nobody had it")
        return replace(
            success,
            metric=found.name,
            direction="lower",
            difference=nil,
            p=None,
            p_adjusted=None,
            baseline=nil,
            candidate=nil,
        )
    turned = success.difference
    low = None if turned.high is None else -turned.high
    high = None if turned.low is None else -turned.low
    value = None if turned.value is None else -turned.value
    return replace(
        success,
        metric=found.name,
        direction="lower",
        difference=replace(turned, value=value, low=low, high=high),
        baseline=_complement(success.baseline),
        candidate=_complement(success.candidate),
    )


def _complement(figure: Figure) -> Figure:
    value = None if figure.value is None else 1 - figure.value
    low = None if figure.high is None else 1 - figure.high
    high = None if figure.low is None else 1 - figure.low
    return replace(figure, value=value, low=low, high=high)


def unpaired(found: Found, baseline: Figure) -> Difference:
    """Compare two figures of which only intervals are known, as with a saved summary.

    Standard errors are read back from the 95 % intervals; Welch's z.
    """
    now = found.figure
    value = None if now.value is None or baseline.value is None else now.value - baseline.value
    se = _se(now, baseline)
    p = two_sided(value / se, inf) if value is not None and se else None
    half = z_quantile(0.975) * se if se else None
    known = value is not None and half is not None
    difference = Figure(
        value,
        (value or 0.0) - (half or 0.0) if known else None,
        (value or 0.0) + (half or 0.0) if known else None,
        min(now.n, baseline.n),
        "unpaired z from intervals",
    )
    return Difference(
        metric=found.name,
        kind="score",
        unit=found.unit,
        direction=found.direction,
        baseline=baseline,
        candidate=now,
        difference=difference,
        relative=None,
        p=p,
        p_adjusted=p,
        effect=None,
        wins=0,
        losses=0,
        ties=0,
        mde=None,
        mde_adjusted=None,
        n_needed=None,
        margin=None,
        verdict="cannot_tell",
        reason="Examples could not be paired with a saved summary.",
    )


def _se(first: Figure, second: Figure) -> float | None:
    if None in (first.low, first.high, second.low, second.high):
        return None
    wide = [((f.high or 0.0) - (f.low or 0.0)) / (2 * z_quantile(0.975)) for f in (first, second)]
    return sqrt(wide[0] ** 2 + wide[1] ** 2) or None
