"""Scale: what a score is, as somebody declared it: a share, a number with its range, a category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ScoreKind = Literal["share", "number", "category"]
SCORE_KINDS: tuple[ScoreKind, ...] = ("share", "number", "category")
Way = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What was said of a score; None where nothing was said."""

    kind: ScoreKind | None = None
    """`share` (yes or no, or a part of a whole from 0 to 1), `number` or `category`."""
    range: tuple[float, float] | None = None
    """Least and greatest value that is possible."""
    direction: Way | None = None
    """Which way is better; `none`: neither."""
    unit: str | None = None
    """What a number counts, written behind it."""
    threshold: float | None = None
    """A score at or beyond it (in `direction`) counts as a pass."""
    missing_as: Literal["wrong"] | None = None
    """Whether a second figure counts what is missing as wrong, as some tools do."""


def kind_of_range(range: tuple[float, float] | None) -> ScoreKind | None:
    """Return what a score with this range is: from 0 to 1 a share, else a number."""
    if range is None:
        return None
    return "share" if tuple(range) == (0, 1) else "number"
