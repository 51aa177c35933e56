"""Made: runs that were converted elsewhere, as rows of a part that is already encoded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from evalkit.model.messages.part import Unread


@dataclass(frozen=True, slots=True, eq=False)
class MadePart:
    """The bytes of a part of runs, as a store keeps them."""

    data: bytes
    rows: int
    recorded: int
    """Of the runs, how many have recorded scores."""


@dataclass(slots=True)
class MadeRow:
    """One run of such a part, with what decides whether it counts."""

    run_id: str
    outcome: str
    revision: str
    """`updated_at`, else the content's hash."""
    fingerprint: str | bytes
    """What tells a copy of its record from another record."""
    part: MadePart
    place: int
    notes: Counter[str] = field(default_factory=Counter)
    unread: Unread = field(default_factory=Counter)

    def is_stored_as(self, revision: str | None) -> bool:
        """Tell whether a store that knows the run by this revision has it as it is here."""
        return bool(revision) and revision == self.revision
