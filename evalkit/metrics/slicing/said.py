"""Said: what every run says of one thing, as codes of the different values: runs are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from evalkit.metrics.columns.arrays import Codes
from evalkit.metrics.columns.arrow import codes
from evalkit.model.results import Results
from evalkit.model.schema.columns import TABLES

TEXTS = frozenset(each.name for each in TABLES["runs"] if each.type in ("str", "json"))


@dataclass(frozen=True, slots=True)
class Said:
    """A value a run; some values may be nobody's."""

    codes: Codes
    values: Sequence[Any]
    """What the codes stand for; None: nothing."""

    @property
    def sizes(self) -> Codes:
        """How many runs have each value."""
        return np.bincount(self.codes, minlength=len(self.values))

    @property
    def there(self) -> list[int]:
        """The codes that some run has, in the order of the first one of each."""
        first = np.full(len(self.values), len(self.codes), np.int64)
        first[self.codes[::-1]] = np.arange(len(self.codes) - 1, -1, -1)
        order = np.argsort(first, kind="stable")
        found: list[int] = order[: int((first < len(self.codes)).sum())].tolist()
        return found

    def rows(self, wanted: Sequence[int]) -> Codes:
        """Return the runs that have one of some values."""
        inside = np.zeros(len(self.values), np.bool_)
        inside[wanted] = True
        return np.flatnonzero(inside[self.codes])

    def else_of(self, other: Said) -> Said:
        """Return what is said here or, where that is nothing, there."""
        nothing = np.array([value is None for value in self.values], np.bool_)
        beyond = other.codes.astype(np.int64) + len(self.values)
        return Said(
            np.where(nothing[self.codes], beyond, self.codes), [*self.values, *other.values]
        )


def alone(values: Sequence[Any]) -> Said:
    """Return what runs say, one value each."""
    return Said(np.arange(len(values)), values)


def load(text: str | None) -> Any:
    """Return the value of JSON text."""
    return None if text is None else orjson.loads(text)


class Texts:
    """Text columns of the runs, each read once: few texts stand in many runs."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._held: dict[str, Said] = {}

    def of_column(self, name: str) -> Said:
        """Return a column of the runs."""
        if name not in TEXTS:
            return alone(self._results.table("runs", [name]).column(name).to_pylist())
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def found(self, name: str, find: Callable[[Any], Any]) -> Said:
        """Return what is found in a column of JSON text."""
        held = self.of_column(name)
        return Said(held.codes, [find(load(text)) for text in held.values])

    def _read(self, name: str) -> Said:
        known: dict[str | None, int] = {}
        parts = [np.empty(0, np.int32)]
        for table in self._results.tables("runs", [name]):
            raw, values = codes(table.column(0))
            places = [known.setdefault(each, len(known)) for each in values]
            nothing = known.setdefault(None, len(known)) if (raw < 0).any() else -1
            parts.append(np.array([*places, nothing], np.int32)[raw])
        return Said(np.concatenate(parts), list(known))
