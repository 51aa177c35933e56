"""Grouped: values that come group by group in pieces, kept in as little as they take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.tallied import Tally

EXACT = 10_000_000
"""Values up to which all are kept; of more, tallies."""


def by_group(group: Codes) -> Iterator[tuple[int, Codes]]:
    """Yield each group there is with the places of its entries, in order."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(group) else order
    for rows in np.split(order, first[1:]) if len(group) else ():
        yield int(group[rows[0]]), rows


class Grouped:
    """Values and their units by group, in the order they came: 12 bytes a value up to `EXACT`."""

    def __init__(self) -> None:
        self._pieces: list[tuple[dict[int, slice], Floats, Codes]] = []
        self._size = 0
        self.tallies: dict[int, Tally] = {}
        """Of each group, where there are more values than are kept."""

    @property
    def tallied(self) -> bool:
        """Whether there are more values than are kept."""
        return self._size > EXACT

    def add(self, group: Codes, values: Floats, units: Codes) -> None:
        """Take in values with the group and the independent unit of each."""
        where, first = {}, 0
        chosen = []
        for number, rows in by_group(group):
            where[number] = slice(first, first := first + len(rows))
            chosen.append(rows)
        if chosen:
            order = np.concatenate(chosen)
            self._size += len(order)
            self._pieces.append((where, values[order], units[order].astype(np.int32)))
        if self.tallied:
            self._tally()

    def _tally(self) -> None:
        """Let the values go that are held; what is kept does not depend on when this happens."""
        for where, values, units in self._pieces:
            for number, at in where.items():
                self.tallies.setdefault(number, Tally()).add(values[at], units[at])
        self._pieces = []

    def of(self, number: int) -> tuple[Floats, Codes]:
        """Return the values of a group, and the unit of each."""
        there = [(where[number], each) for where, *each in self._pieces if number in where]
        if not there:
            return np.empty(0), np.empty(0, np.int32)
        values, units = (np.concatenate([each[k][at] for at, each in there]) for k in (0, 1))
        return values, units
