"""What a plan says: designs, what each would find, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalkit.metrics.documents.plain import to_plain


@dataclass(frozen=True, slots=True)
class Layout:
    """A design: so many examples, each run so often by either version."""

    examples: int
    repetitions: int
    power: float
    """Chance that a change of the size asked about is found."""
    detectable: float | None
    """The smallest change found with the power asked for; None: no possible one."""

    @property
    def runs(self) -> int:
        """Runs of one version."""
        return self.examples * self.repetitions


@dataclass(frozen=True, slots=True)
class Plan:
    """How to find a change of a metric."""

    experiment: str
    baseline: str | None
    metric: str
    unit: str
    level: float
    """The metric now."""
    detect: float
    power: float
    alpha: float
    within: float
    """Deviation between runs of one example."""
    between: float | None
    """Deviation of changes between examples; None: without a baseline nothing is known of it."""
    current: Layout
    half: Layout
    """The same with half the examples."""
    layouts: list[Layout] = field(default_factory=list)
    """Those that reach the power, fewest runs first."""
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain: dict[str, Any] = to_plain(self)
        for name in ("current", "half"):
            plain[name]["runs"] = getattr(self, name).runs
        for each, layout in zip(plain["layouts"], self.layouts, strict=True):
            each["runs"] = layout.runs
        return plain
