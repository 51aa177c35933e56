"""Sequential gates: rules that may be asked again and again while runs arrive."""

from __future__ import annotations

from evalkit.metrics.documents.comparison import Difference
from evalkit.metrics.documents.figures import Figure, Interval
from evalkit.metrics.gating.anytime import FEWEST, half_width, rate_bounds
from evalkit.metrics.gating.grammar import Gate
from evalkit.metrics.gating.limits import ROUNDING
from evalkit.metrics.gating.wording import text_of

STATISTICS = ("p50", "p90", "p95", "p99", "low", "high", "n", "sd", "min", "max", "sum")
Verdict = tuple[bool, str]


def refused(gate: Gate) -> str | None:
    """Say why a sequential rule cannot be decided at every look, or `None`."""
    if not gate.sequential:
        return None
    if gate.place:
        return "sequential rules are about all examples; leave the slice or `for every` out."
    if gate.kind == "relative":
        return "sequential rules compare by `not worse than baseline by`, `better` or `equivalent`."
    if gate.op in ("==", "!="):
        return f"no evidence ever shows {gate.op}; write >= or <=."
    head, _, statistic = gate.metric.rpartition(".")
    if head and (statistic in STATISTICS or statistic.startswith("pass")):
        return f"there are no sequential bounds of {statistic}; ask for the mean, or for a rate."
    return None


def check_level(
    gate: Gate, figure: Figure, span: Interval | None, unit: str, limit: float, alpha: float
) -> Verdict:
    """Return whether a level is proven to comply, and why; what is not decided yet is missed.

    `span` is where values can lie.
    """
    if span is None or figure.value is None:
        return False, "Sequential bounds need a share, or a score with a range. Declare its range."
    bottom, width = span[0], span[1] - span[0]
    mean = min(max((figure.value - bottom) / width, 0.0), 1.0)
    ends = rate_bounds(mean, figure.clusters or figure.n, alpha)
    low, high = (bottom + width * end for end in ends)
    at_least = gate.op in (">=", ">")
    proven = low >= limit - ROUNDING if at_least else high <= limit + ROUNDING
    refuted = high < limit if at_least else low > limit
    named = f"between {text_of(low, unit)} and {text_of(high, unit)} however often one looks"
    return proven, f"{_state(proven, refuted)}: {named} (n = {figure.clusters or figure.n})."


def check_change(gate: Gate, difference: Difference, margin: float, alpha: float) -> Verdict:
    """Return whether a change complies at every look, and why.

    `not worse` is missed on evidence alone; every other rule holds on evidence alone.
    """
    ends = _bounds(difference, alpha)
    harmless = gate.kind == "not_worse" and not gate.proven
    if ends is None:
        why = f"Not decided yet: {difference.difference.n} pairs, bounds need {FEWEST}."
        return harmless, why
    low, high = ends
    value = difference.difference.value or 0.0
    gain = -value if difference.direction == "lower" else value
    refuted = high < 0 and -gain >= margin
    holds = {
        "not_worse": low > -margin if gate.proven else not refuted,
        "better": low > 0 and gain >= margin,
        "equivalent": low > -margin and high < margin,
    }[gate.kind]
    names = (text_of(end, difference.unit) for end in ends)
    said = f"the gain is between {' and '.join(names)} however often one looks"
    state = _state(holds and not harmless, refuted)
    return holds, f"{state}: {said} (n = {difference.difference.n} pairs)."


def _bounds(difference: Difference, alpha: float) -> Interval | None:
    """Return the one-sided bounds of a change over all looks, turned so that more is better."""
    figure = difference.difference
    units = figure.clusters or figure.n
    if figure.value is None or not figure.se or units < FEWEST or difference.bound:
        return None
    half = half_width(figure.se, units, alpha)
    gain = -figure.value if difference.direction == "lower" else figure.value
    return (gain - half, gain + half)


def _state(proven: bool, refuted: bool) -> str:
    return "Decided" if proven or refuted else "Not decided yet"
