"""What a gate said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.told import Told


@dataclass(frozen=True, slots=True, repr=False)
class GateResult(Told):
    """One rule against one experiment: passed, missed, or not decidable for lack of a baseline."""

    rule: str
    """The rule as it was written."""
    experiment: str
    passed: bool | None
    """None: the rule needs a baseline and none was given; it does not block, and is shown."""
    observed: Figure | None
    limit: float | None
    unit: str
    why: str
    """One sentence: what was seen against what was asked."""
    metric: str = ""
    slice: str | None = None
    file: str | None = None
    line: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain: dict[str, Any] = to_plain(self)
        return plain
