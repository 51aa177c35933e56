"""Changes: how a difference between two experiments is written, and how it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.metrics.documents.reading import drawn, unread
from evalkit.report.charts import numbers
from evalkit.report.values.parts import ChangePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference
    from evalkit.metrics.documents.figures import Interval

WORDS = {
    "better": "better",
    "worse": "worse",
    "same": "same",
    "not_worse": "not worse",
    "cannot_tell": "cannot tell",
    "not_tested": "not tested",
}
TONES = {
    "better": "good",
    "worse": "bad",
    "same": "flat",
    "not_worse": "flat",
    "cannot_tell": "open",
    "not_tested": "none",
}


def change(difference: Difference, unit: str, width: float | None) -> ChangePart:
    """Make the part of one difference in `unit`; `width` is the score's range, None for sizes.

    The interval is the one its whole family holds at once, and the reading is what that interval
    says beside the margin and zero.
    """
    figure, ends = difference.difference, drawn(difference)
    low, high = ends or (None, None)
    sized = of_baseline(difference, unit)
    if sized and low is not None:
        low = max(low, -abs(difference.baseline.value or 0.0))
    return ChangePart(
        text=moved(difference, unit),
        interval=interval(difference, unit, ends),
        verdict=WORDS[difference.reading],
        tone=TONES[difference.reading],
        pairs=figure.n,
        wins=difference.wins,
        losses=difference.losses,
        ties=difference.ties,
        p=numbers.p_value(difference.p if difference.p_adjusted is None else difference.p_adjusted),
        reason=difference.reason,
        value=figure.value,
        low=low,
        high=high,
        scale=_scale(difference, width),
        margin=margin(difference, unit),
        why=_why(difference),
        absolute=numbers.difference(figure.value, unit) if sized else "",
        reading=difference.reading,
        margin_size=difference.margin,
    )


def of_baseline(difference: Difference, unit: str) -> bool:
    """Tell whether a change is written in percent of the baseline: times, tokens and costs are."""
    base = difference.baseline.value
    return (
        unit in ("s", "tokens", "cost") and bool(base) and difference.difference.value is not None
    )


def moved(difference: Difference, unit: str) -> str:
    """Write the change: points of shares, percent of times and costs, else as it is."""
    if of_baseline(difference, unit):
        share = difference.relative
        return numbers.DASH if share is None else numbers.signed(share, numbers.percent(share))
    return numbers.difference(difference.difference.value, unit)


def interval(difference: Difference, unit: str, ends: Interval | None) -> str:
    """Write an interval of the change in the unit of the change; nothing below -100 %."""
    if ends is None:
        return ""
    if not of_baseline(difference, unit):
        return numbers.interval(*ends, unit, change=True)
    base = abs(difference.baseline.value or 1.0)
    low, high = (max(end / base, -1.0) for end in ends)
    left, right = (numbers.signed(end, numbers.percent(end)) for end in (low, high))
    return f"{left.removesuffix('%')} to {right}"


def margin(difference: Difference, unit: str) -> str:
    """Write the margin, in the unit of the change."""
    size = difference.margin
    if size is None:
        return ""
    if of_baseline(difference, unit):
        return "±" + _short(100 * size / abs(difference.baseline.value or 1.0)) + "%"
    if unit == "share":
        return "±" + _short(100 * size) + " pp"
    return "±" + numbers.in_unit(size, unit)


def _short(value: float) -> str:
    return numbers.fixed(value, 1).removesuffix(".0")


def _why(difference: Difference) -> str:
    """Say why nothing was tested, or what the word leaves out."""
    if difference.reading == "not_tested":
        return unread(difference) or "runs were cut short"
    ends, size = drawn(difference), difference.margin
    inside = ends is not None and size is not None and max(abs(ends[0]), abs(ends[1])) < size
    return "by less than the margin" if inside and difference.reading in ("better", "worse") else ""


def _scale(difference: Difference, width: float | None) -> float:
    """Return what turns the difference into the unit of the forest's axis."""
    if width is not None:
        return 100 / width
    base = difference.baseline.value
    return 100 / abs(base) if base else 0.0
