"""Verdicts: better, worse, equivalent, not inferior or cannot tell, and the reason."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.metrics.statistics.paired import PairedTest
from evalkit.metrics.statistics.students_t import t_quantile

SHARE_MARGIN = 0.03
"""Shares (0 to 1) closer than three points count as equal unless the project says otherwise."""
RELATIVE_MARGIN = 0.05
"""Latency, tokens and cost closer than five percent of the baseline."""
SPREAD_MARGIN = 0.1
"""Other numbers closer than a tenth of the baseline's standard deviation."""
FEWEST = 10
"""Pairs below which nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of `evalkit.metrics.documents.comparison.VERDICTS` and its reason."""

    name: str
    reason: str


def judge(
    test: PairedTest,
    *,
    direction: str | None,
    p_adjusted: float | None,
    margin: float | None,
    chosen: bool,
    mde: float | None,
    alpha: float,
    unit: str,
) -> Verdict:
    """Decide; `margin` is the difference that counts as none, `chosen` whether somebody said so.

    Equivalence is two one-sided tests at `alpha` (Schuirmann, J. Pharmacokinet. Biopharm. 15,
    1987), asked before significance: a difference that is surely inside the margin counts as none
    even when it is surely not zero. Better and worse use the adjusted p. Not inferior is one
    one-sided test, and only said for a margin that was chosen beforehand, as the CONSORT
    extension for such trials asks (JAMA 308, 2012).
    """
    if test.difference is None or test.n < FEWEST:
        return Verdict(
            "cannot_tell", f"Too few paired examples: {test.n}, at least {FEWEST} needed."
        )
    worst, best = _goodness_bounds(test, direction, alpha)
    if test.se is None:
        return _without_spread(test, direction, margin, unit)
    size = text(abs(test.difference), unit)
    if margin is not None and worst > -margin and best < margin:
        sure = " although it is not zero" if p_adjusted is not None and p_adjusted <= alpha else ""
        return Verdict(
            "equivalent", f"The difference is within ±{text(margin, unit)}{sure} (n = {test.n})."
        )
    if p_adjusted is not None and p_adjusted <= alpha:
        return _significant(test, direction, p_adjusted, size)
    if chosen and direction is not None and margin is not None and worst > -margin:
        return Verdict("not_inferior", f"Not worse by {text(margin, unit)} or more (n = {test.n}).")
    could = f" This design finds {text(mde, unit)} in 80 % of cases." if mde is not None else ""
    return Verdict("cannot_tell", f"A difference of {size} can be chance (n = {test.n}).{could}")


def _goodness_bounds(test: PairedTest, direction: str | None, alpha: float) -> tuple[float, float]:
    """Return the one-sided bounds of the difference, turned so that more is better."""
    if test.se is None or test.difference is None:
        return (float("-inf"), float("inf"))
    half = t_quantile(1 - alpha, test.df) * test.se
    middle = -test.difference if direction == "lower" else test.difference
    return (middle - half, middle + half)


def _significant(test: PairedTest, direction: str | None, p_adjusted: float, size: str) -> Verdict:
    p = "p < 0.001" if p_adjusted < 0.001 else f"p = {p_adjusted:.3f}"
    if direction is None:
        reason = f"Differs by {size} ({p}), and neither way is declared better."
        return Verdict("cannot_tell", reason)
    up = (test.difference or 0.0) > 0
    good = up == (direction == "higher")
    way = "Higher" if up else "Lower"
    return Verdict("better" if good else "worse", f"{way} by {size} ({p}, n = {test.n}).")


def _without_spread(
    test: PairedTest, direction: str | None, margin: float | None, unit: str
) -> Verdict:
    """Every pair differs by the same amount: no test, but hardly chance either."""
    difference = test.difference or 0.0
    size = text(abs(difference), unit)
    if difference == 0.0:
        return Verdict("equivalent", f"All {test.n} pairs are equal.")
    if margin is not None and abs(difference) < margin:
        return Verdict("equivalent", f"All {test.n} pairs differ by {size}, within the margin.")
    if direction is None:
        return Verdict("cannot_tell", f"All {test.n} pairs differ by {size}; no way is better.")
    good = (difference > 0) == (direction == "higher")
    return Verdict("better" if good else "worse", f"All {test.n} pairs differ by {size}.")


def text(value: float, unit: str) -> str:
    """Write a difference with its unit: shares in percentage points."""
    if unit == "share":
        return f"{value * 100:.1f} points"
    if unit == "s":
        return f"{value:.3g} s"
    number = f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"
    return f"{number} {unit}".strip()
