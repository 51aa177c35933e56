"""Reading: what an interval says beside a margin and zero, in the words that people read."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference
    from evalkit.metrics.documents.figures import Interval

READINGS = ("better", "worse", "same", "not_worse", "cannot_tell", "not_tested")
SHARE_MARGIN = 0.03
"""Points of a share (of a score's range) that count as none, where nobody says otherwise."""
RELATIVE_MARGIN = 0.05
"""The same for times, tokens and costs, of the baseline's level."""
FEWEST = 10
"""Pairs below which an interval is drawn and not read."""
HEAVY_FEWEST = 30
"""The same for differences with a heavy tail."""


def reading(ends: Interval | None, margin: float | None, direction: str | None) -> str:
    """Return the word for an interval of a change; nothing else decides.

    `better` and `worse`: all of it is on one side of zero (it may end there). `same`: all of it is
    inside plus or minus `margin`. `not_worse`: its bad end is inside. Without a direction nothing
    is better, and a change beyond zero is `cannot_tell`, which way is good. No interval: not
    tested.
    """
    if ends is None:
        return "not_tested"
    low, high = (-ends[1], -ends[0]) if direction == "lower" else ends
    if direction is not None and low < high:
        if low >= 0:
            return "better"
        if high <= 0:
            return "worse"
    if margin is not None and low > -margin:
        if high < margin:
            return "same"
        if direction is not None:
            return "not_worse"
    return "cannot_tell"


def drawn(difference: Difference) -> Interval | None:
    """Return the interval that stands beside a change: the one its whole family holds at once."""
    return None if unread(difference) else difference.simultaneous


def reading_of(difference: Difference) -> str:
    """Return the word for a difference; of a bound only what it decides is said."""
    ends = drawn(difference)
    if ends is None or not difference.bound:
        return reading(ends, difference.margin, difference.direction)
    open_end = {"low": (ends[0], inf), "high": (-inf, ends[1])}.get(difference.bound, (-inf, inf))
    found = reading(open_end, None, difference.direction)
    return found if found in ("better", "worse") else "not_tested"


def unread(difference: Difference) -> str:
    """Say why there is no interval to read; empty when there is one."""
    figure = difference.difference
    if figure.value is None:
        return "nothing to compare"
    if figure.n < FEWEST:
        return f"{figure.n} pairs are too few"
    if difference.bound == "both" or figure.method.startswith("none: cut"):
        return "runs were cut short"
    if figure.method == "none: all differences equal":
        return "all pairs are equal" if figure.value == 0 else "all pairs changed alike"
    if difference.heavy_tail and figure.n < HEAVY_FEWEST:
        return "a heavy tail, and few pairs"
    if difference.simultaneous is None:
        return figure.method.removeprefix("none: ") or "no interval"
    return ""
