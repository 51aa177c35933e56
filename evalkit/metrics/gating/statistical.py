"""Statistical gates: not worse, proven not worse, better, equivalent."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from evalkit.metrics.comparing.verdicts import FEWEST, text
from evalkit.metrics.documents.comparison import Candidate, Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import Found
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.gating.grammar import Gate
from evalkit.metrics.gating.sequential import check_change
from evalkit.metrics.statistics.intervals import around, joint_error
from evalkit.metrics.statistics.students_t import two_sided


def check_difference(
    gate: Gate, difference: Difference, alpha: float
) -> tuple[bool, str, float | None]:
    """Return whether the rule holds, why, and the margin in the metric's unit.

    A rule was written beforehand, so it is a test of its own at `alpha`, whatever else is recorded.

    - `not worse by d`: missed when the candidate is worse beyond chance (p <= alpha) and by at
      least d; noise of any size passes. Where runs were stopped, missed unless what is known rules
      a loss of d out.
    - `proven not worse by d`: holds when even the pessimistic end of the one-sided interval is
      better than -d; noise does not pass.
    - `better by d`: better beyond chance and by at least d.
    - `equivalent within d`: both ends inside plus or minus d.

    With `sequential` the ends are those of `anytime`, which hold at every look.
    """
    value = difference.difference.value
    if value is None:
        return False, f"{difference.metric}: {_nothing(difference)}", None
    margin = _margin(gate, difference)
    if gate.sequential:
        return *check_change(gate, difference, margin, alpha), margin
    gain = -value if difference.direction == "lower" else value
    sure = _beyond_chance(difference, alpha)
    low, high = _one_sided(difference, alpha)
    holds = {
        "not_worse": low > -margin if gate.proven else not (sure and gain < 0 and -gain >= margin),
        "better": sure and gain > 0 and gain >= margin,
        "equivalent": low > -margin and high < margin,
    }[gate.kind]
    bound = difference.bound
    if holds and bound and not _decided(gate, difference, margin):
        return False, f"{difference.metric}: runs were cut short, the change is not known.", margin
    return holds, _why(gate, difference, value, (low, high)), margin


def _nothing(difference: Difference) -> str:
    if difference.difference.method.startswith("none: cut"):
        return "runs were cut short, the change is not known."
    return "there are no pairs to compare."


def _beyond_chance(difference: Difference, alpha: float) -> bool:
    """Return whether the difference is no chance: its own p, and the interval beside it."""
    figure = difference.difference
    if difference.p is None or difference.p > alpha:
        return False
    return figure.low is None or figure.high is None or not figure.low < 0 < figure.high


def _decided(gate: Gate, difference: Difference, margin: float) -> bool:
    """Return whether a rule that would hold still does when the stopped runs go on.

    `low`: the true difference is at least what was seen, `high`: at most. Only what is better the
    further the bound is off stays decided.
    """
    good = "low" if difference.direction == "higher" else "high"
    return difference.bound == good and gate.kind in ("better", "not_worse")


def _why(gate: Gate, difference: Difference, value: float, ends: tuple[float, float]) -> str:
    unit, p = difference.unit, difference.p
    sign = "+" if value >= 0 else "-"
    observed = f"{sign}{text(abs(value), unit)}"
    chance = "" if p is None else f", p = {p:.3f}" if p >= 0.001 else ", p < 0.001"
    n = difference.difference.n
    units = "unpaired" if "unpaired" in difference.difference.method else "pairs"
    why = f"{difference.metric} changed by {observed} (n = {n} {units}{chance})."
    if (gate.proven or gate.kind == "equivalent") and ends[0] > -inf:
        if difference.direction == "lower":
            ends = (-ends[1], -ends[0])
        low, high = (("-" if end < 0 else "+") + text(abs(end), unit) for end in ends)
        why += f" One-sided bounds: {low} and {high}."
    return why


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
    figure, ends = difference.difference, difference.sure
    if figure.value is None:
        return (-inf, inf)
    if ends is None:
        if (
            figure.n < FEWEST
            or figure.low is not None
            or "all differences equal" not in figure.method
        ):
            return (-inf, inf)
        ends = (figure.value, figure.value)
    return (-ends[1], -ends[0]) if difference.direction == "lower" else ends


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
            sure=(0.0, 0.0),
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
        sure=None if success.sure is None else (-success.sure[1], -success.sure[0]),
        baseline=_complement(success.baseline),
        candidate=_complement(success.candidate),
    )


def _complement(figure: Figure) -> Figure:
    value = None if figure.value is None else 1 - figure.value
    low = None if figure.high is None else 1 - figure.high
    high = None if figure.low is None else 1 - figure.low
    return replace(figure, value=value, low=low, high=high)


def unpaired(
    found: Found, baseline: Figure, levels: tuple[float, float], alpha: float
) -> Difference:
    """Compare two figures of which only intervals are known, as with a saved summary.

    `levels` are the confidence of the figure and of the baseline's, at which older summaries, that
    do not say their standard errors, have theirs read back from the intervals. Welch's z; the
    change of a share is held inside plus and minus one.
    """
    now = found.figure
    value = None if now.value is None or baseline.value is None else now.value - baseline.value
    se = joint_error((now, baseline), levels)
    p = two_sided(value / se, inf) if value is not None and se else None
    known = value is not None and se is not None
    n = min(now.n, baseline.n)
    ends = around(value or 0.0, se or 0.0, alpha / 2, found.unit) if known else None
    low, high = ends or (None, None)
    difference = Figure(value, low, high, n, "unpaired z from intervals", None, se)
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
        sure=around(value or 0.0, se or 0.0, alpha, found.unit) if known else None,
        bound="both" if found.lower_bound else "",
    )
