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
    verdict = "too few examples" if few else WORDS.get(difference.verdict, difference.verdict)
    tone = "none" if few else TONE.get(difference.verdict, "flat")
    return ChangePart(
        text=_text(difference, unit, width),
        interval=numbers.interval(figure.low, figure.high, unit, change=True),
        verdict=verdict,
        tone=tone,
        pairs=figure.n,
        wins=difference.wins,
        losses=difference.losses,
        ties=difference.ties,
        p=numbers.p_value(difference.p if difference.p_adjusted is None else difference.p_adjusted),
        reason=difference.reason,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        scale=_scale(difference, width),
    )


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
