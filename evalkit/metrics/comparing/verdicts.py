"""Verdicts: better, worse, equivalent, not inferior or cannot tell, and the reason."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.paired import PairedTest

SPREAD_MARGIN = 0.1
"""Other numbers closer than a tenth of the baseline's standard deviation."""
SKEWED_FEWEST = 30
"""Pairs below which nothing is claimed of differences with a heavy tail."""
FEW_NUMBERS = " Assumes differences without a heavy tail, which so few pairs cannot show."
FEWEST = 10
"""Pairs below which nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of `evalkit.metrics.documents.comparison.VERDICTS` and its reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """What a verdict is passed on."""

    test: PairedTest
    direction: str | None
    unit: str
    alpha: float
    p_adjusted: float | None
    margin: float | None
    chosen: bool
    """Whether somebody said what the margin is."""
    family: str = "all"
    size: int = 1
    """Tests of the family."""
    simultaneous: Interval | None = None
    mde: float | None = None
    mde_even: float | None = None
    bound: str = ""
    heavy: bool = False
    tick: float = 0.0
    """What the clocks of both sides cannot tell apart."""


def judge(case: Case) -> Verdict:
    """Decide; in this order.

    Equivalence is two one-sided tests at `alpha` (Schuirmann, J. Pharmacokinet. Biopharm. 15,
    1987), asked before significance: a difference that is surely inside the margin counts as none
    even when it is surely not zero. It is decided by the bounds it prints. Better and worse need
    the adjusted p and the interval beside it. Not inferior is one one-sided test, and only said
    for a margin that was chosen beforehand, as the CONSORT extension for such trials asks (JAMA
    308, 2012). Where runs were stopped, only what their bounds decide is said.
    """
    test = case.test
    if test.n < FEWEST:
        few = f"Too few paired examples: {test.n}, at least {FEWEST} needed."
        return Verdict("cannot_tell", few)
    if test.difference is None or (test.se is None and test.method.startswith("none: cut")):
        return Verdict("cannot_tell", "Runs were cut short: the true values are not known.")
    if test.se is None:
        return _without_spread(case)
    found = _equivalent(case) or _significant(case) or _not_inferior(case)
    return found or _undecided(case)


def turned(ends: Interval | None, direction: str | None) -> Interval:
    """Return bounds turned so that more is better."""
    if ends is None:
        return (float("-inf"), float("inf"))
    return (-ends[1], -ends[0]) if direction == "lower" else ends


def holds(case: Case, way: int) -> bool:
    """Return whether a true difference of this sign (-1, 1) would survive what was cut short."""
    return (
        case.bound == "" or (case.bound == "low" and way > 0) or (case.bound == "high" and way < 0)
    )


def _equivalent(case: Case) -> Verdict | None:
    test, margin = case.test, case.margin
    ends = test.sure_bounds(case.alpha)
    if margin is None or ends is None or case.bound or case.tick > margin:
        return None
    if not (ends[0] > -margin and ends[1] < margin):
        return None
    sure = case.p_adjusted is not None and case.p_adjusted <= case.alpha
    more = " although it is not zero" if sure else ""
    level = f"{1 - 2 * case.alpha:.0%}".replace("%", " %")
    return Verdict(
        "equivalent",
        f"The difference is within \u00b1{text(margin, case.unit)}{more}: {level} interval "
        f"{_range(ends, case.unit)} (n = {test.n}).",
    )


def _significant(case: Case) -> Verdict | None:
    test, p, ends = case.test, case.p_adjusted, case.simultaneous
    if p is None or p > case.alpha or test.difference is None:
        return None
    plain = test.interval(1 - case.alpha)
    if any(each is not None and each[0] < 0 < each[1] for each in (ends, plain)):
        return None
    way = 1 if test.difference > 0 else -1
    if not holds(case, way) or (case.heavy and test.n < SKEWED_FEWEST):
        return None
    said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    size, note = text(abs(test.difference), case.unit), _family(case)
    if case.direction is None:
        reason = f"Differs by {size} ({said}), and neither way is declared better.{note}"
        return Verdict("cannot_tell", reason)
    good = (way > 0) == (case.direction == "higher")
    word = "Higher" if way > 0 else "Lower"
    name = "better" if good else "worse"
    return Verdict(name, f"{word} by {size} ({said}, n = {test.n}).{note}")


def _family(case: Case) -> str:
    few = "" if case.test.parts is not None or case.test.n >= SKEWED_FEWEST else FEW_NUMBERS
    if case.family == "exploratory":
        return few + " Exploratory: not among the primary metrics."
    return few


def _not_inferior(case: Case) -> Verdict | None:
    if not case.chosen or case.direction is None or case.margin is None:
        return None
    low, _ = turned(case.test.sure_bounds(case.alpha), case.direction)
    if low <= -case.margin or not holds(case, 1 if case.direction == "higher" else -1):
        return None
    size = text(case.margin, case.unit)
    return Verdict("not_inferior", f"Not worse by {size} or more (n = {case.test.n}).")


def _undecided(case: Case) -> Verdict:
    test = case.test
    if case.bound:
        return Verdict(
            "cannot_tell",
            "Runs were cut short: the true values are only known to be at least this.",
        )
    size = text(abs(test.difference or 0.0), case.unit)
    if case.heavy and test.n < SKEWED_FEWEST:
        few = f"A difference of {size} hangs on few examples (heavy tail): {test.n} are too few."
        return Verdict("cannot_tell", few)
    reason = f"A difference of {size} can be chance (n = {test.n})."
    plain = test.interval(1 - case.alpha)
    if case.size > 1 and plain and not plain[0] <= 0 <= plain[1] and case.simultaneous:
        ends = _range(case.simultaneous, case.unit)
        reason = (
            f"A difference of {size} can be chance among {case.size} tests: simultaneous interval "
            f"{ends} (n = {test.n})."
        )
    return Verdict("cannot_tell", reason + _found(case))


def _found(case: Case) -> str:
    """Say what the design finds, and under which change."""
    if case.mde is None:
        return ""
    size = text(case.mde, case.unit)
    if case.mde_even is None:
        return f" This design finds {size} in 80 % of cases."
    if abs(case.mde_even - case.mde) < 1e-9:
        return f" This design finds {size} in 80 % of cases."
    even = text(case.mde_even, case.unit)
    return (
        f" This design finds {size} in 80 % of cases when whole examples change, {even} when all "
        "change alike."
    )


def _without_spread(case: Case) -> Verdict:
    """No interval: equal pairs, one move in all of them, or ties that hide the spread."""
    test, margin, difference = case.test, case.margin, case.test.difference or 0.0
    size = text(abs(difference), case.unit)
    if test.method != "none: all differences equal":
        why = test.method.removeprefix("none: ") or "no interval"
        return Verdict("cannot_tell", f"There is no interval for the change ({why}, n = {test.n}).")
    if case.bound or (case.tick and case.tick > (margin or 0.0)):
        return Verdict("cannot_tell", f"All {test.n} pairs are equal to the tick of their clock.")
    if difference == 0.0:
        return Verdict("equivalent", f"All {test.n} pairs are equal.")
    if margin is not None and abs(difference) < margin:
        return Verdict("equivalent", f"All {test.n} pairs differ by {size}, within the margin.")
    if case.direction is None:
        return Verdict("cannot_tell", f"All {test.n} pairs differ by {size}; no way is better.")
    if case.p_adjusted is None or case.p_adjusted > case.alpha:
        return _undecided(case)
    good = (difference > 0) == (case.direction == "higher")
    return Verdict("better" if good else "worse", f"All {test.n} pairs differ by {size}.")


def _range(ends: Interval, unit: str) -> str:
    low, high = (("\u2212" if end < 0 else "+") + text(abs(end), unit) for end in ends)
    return f"{low} to {high}"


def text(value: float, unit: str) -> str:
    """Write a difference with its unit: shares in percentage points."""
    if unit == "share":
        return f"{value * 100:.1f} points"
    if unit == "s":
        return f"{value:.3g} s"
    number = f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"
    return f"{number} {unit}".strip()
