"""Columns are taken one by one, until none is left that fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.files.proposal.profile import Column

BROKEN_OFF = "Error during inference"
"""How an answer begins that is none (BFCL)."""


@dataclass(slots=True)
class Proposal:
    """A mapping as it is proposed: options of the experiment, expressions by field."""

    options: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    """What a person should look at, by field."""
    unplaced: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Guess:
    """Takes columns out of a list, field by field, until none is left that fits."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)
        self.left = list(columns)
        self.found = Proposal()
        self.broken_off = any(isinstance(value, str) and value.startswith(BROKEN_OFF)
                              for column in self.columns for value in column.values)  # fmt: skip
        """Whether some answers are what a harness writes for a call that failed: nothing counts."""

    def take(
        self, wanted: Sequence[str], fits: Callable[[Column], bool] = lambda column: True
    ) -> Column | None:
        """Take the column with the surest name that fits, the least deep first."""
        chosen = [c for c in self.left if {c.plain, c.joined} & set(wanted) and fits(c)]
        if not chosen:
            return None
        best = min(chosen, key=lambda c: (_first(wanted, c), len(c.path)))
        self.drop(best)
        return best

    def take_like(
        self, wanted: Sequence[str], fits: Callable[[Column], bool] = lambda column: True
    ) -> Column | None:
        """Take a column whose name has one of the words in it, the surest word first."""
        chosen = [c for c in self.left if set(c.words) & set(wanted) and fits(c)]
        if not chosen:
            return None
        best = min(chosen, key=lambda c: min(wanted.index(w) for w in c.words if w in wanted))
        self.drop(best)
        return best

    def drop(self, column: Column) -> None:
        """Take a column, what is inside it, and what it is inside of."""
        size = len(column.path)
        self.left = [
            c
            for c in self.left
            if c.path[:size] != column.path and column.path[: len(c.path)] != c.path
        ]

    def give(self, name: str, expression: str, why: str = "") -> None:
        """Give a field its expression."""
        self.found.fields.setdefault(name, expression)
        if why:
            self.found.why.setdefault(name, why)


def _first(wanted: Sequence[str], column: Column) -> int:
    return min(wanted.index(name) for name in (column.plain, column.joined) if name in wanted)
