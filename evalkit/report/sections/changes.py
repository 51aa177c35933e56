"""Changes: how a difference between two experiments reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.charts import numbers
from evalkit.report.values.parts import ChangePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference

TONE = {"better": "good", "worse": "bad"}
WORDS = {
    "better": "better",
    "worse": "worse",
    "equivalent": "equivalent",
    "not_inferior": "not inferior",
    "cannot_tell": "cannot tell",
}


def change(difference: Difference, unit: str, width: float | None) -> ChangePart:
    """Make the part of one difference in `unit`; `width` is the score's range, None for sizes.

    With fewer than ten pairs the difference is shown, and not read.
    """
    figure = difference.difference
    few = figure.n < numbers.TOO_FEW
    verdict = "too few examples" if few else _reading(difference, unit)
    tone = "none" if few else TONE.get(difference.verdict, "flat")
    low, high, level = figure.low, figure.high, ""
    if difference.verdict == "equivalent" and difference.sure is not None and not few:
        # Two one-sided tests at 5 % are decided by the 90 % interval: that one stands beside them.
        (low, high), level = difference.sure, "90%: "
    interval = numbers.interval(low, high, unit, change=True)
    return ChangePart(
        text=_text(difference, unit, width),
        interval=level + interval if interval else "",
        verdict=verdict,
        tone=tone,
        pairs=figure.n,
        wins=difference.wins,
        losses=difference.losses,
        ties=difference.ties,
        p=numbers.p_value(difference.p if difference.p_adjusted is None else difference.p_adjusted),
        reason=_reason(difference, unit),
        value=figure.value,
        low=low,
        high=high,
        scale=_scale(difference, width),
    )


def _reading(difference: Difference, unit: str) -> str:
    """Return the verdict in words, with the margin where one decided, and its family."""
    word = WORDS.get(difference.verdict, difference.verdict)
    if difference.verdict in ("equivalent", "not_inferior") and difference.margin:
        size = numbers.interval(-difference.margin, difference.margin, unit, change=True)
        if difference.verdict == "equivalent" and size:
            word = f"{word} (±{size.rpartition('+')[2]})"
    if difference.verdict == "cannot_tell" and difference.p is not None:
        plain = difference.difference.interval
        corrected = difference.p_adjusted is not None and difference.p_adjusted > difference.p
        if corrected and plain is not None and not plain[0] <= 0 <= plain[1]:
            word = f"{word} (corrected)"
    if difference.family == "exploratory" and difference.verdict in TONE:
        word = f"{word} (exploratory)"
    return word


def _reason(difference: Difference, unit: str) -> str:
    """Return why, with the interval that goes with the corrected p."""
    ends, plain = difference.simultaneous, difference.difference.interval
    if ends is None or plain is None or ends == plain:
        return difference.reason
    at_once = numbers.interval(ends[0], ends[1], unit, change=True)
    return f"{difference.reason} Simultaneous 95% interval {at_once}."


def _text(difference: Difference, unit: str, width: float | None) -> str:
    text = numbers.difference(difference.difference.value, unit)
    if width is None and difference.relative is not None:
        share = numbers.signed(difference.relative, numbers.percent(difference.relative))
        return f"{text} ({share})"
    return text


def _scale(difference: Difference, width: float | None) -> float:
    """Return what turns the difference into the unit of the forest's axis."""
    if width is not None:
        return 100 / width
    base = difference.baseline.value
    return 100 / abs(base) if base else 0.0
