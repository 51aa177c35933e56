"""Groups: which evaluator, key and source each feedback cell is of, and what its calls took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, unique
from evalkit.metrics.columns.arrow import codes
from evalkit.metrics.columns.exact import exact_sums
from evalkit.metrics.columns.packed import Packed

Name = tuple[str, str, str]


class Groups:
    """The groups of cells that are read one piece after the other."""

    def __init__(self, fingerprints: Sequence[str | None]) -> None:
        self._turn = {each: turn for turn, each in reversed([*enumerate(fingerprints)])}
        self.names: list[Name] = []
        """(evaluator, key, source) as they first appeared."""
        self.rows: list[Packed] = []
        """Of each group, the rows of its cells."""
        self.spent: list[tuple[int, int]] = []
        """Of each group, how many calls say how long they took, and the exact sum of it."""
        self._known: dict[Name, int] = {}
        self._turns: list[int] = []
        self._size = 0

    def add(self, columns: Sequence[Any], took: Floats) -> None:
        """Take in cells: evaluator, key, source and fingerprint, and how long each call took."""
        found, back = _distinct([codes(column) for column in columns])
        place = np.array([self._place(name, mark) for name, mark in found], np.int32)
        rows = np.arange(self._size, self._size + len(took), dtype=np.int32)
        self._size += len(took)
        for each in unique(place).tolist():
            mine = None if len(found) == 1 else place[back] == each
            spent = took if mine is None else took[mine]
            self.rows[each].add(rows if mine is None else rows[mine])
            n, total = self.spent[each]
            known = len(spent) - int(np.count_nonzero(np.isnan(spent)))
            self.spent[each] = (n + known, total + exact_sums(spent.astype(np.float32))[0])

    @property
    def order(self) -> list[int]:
        """Places of the groups evaluator by evaluator, whatever the order of the cells was."""
        return sorted(range(len(self.names)), key=lambda place: (self._turns[place], place))

    def _place(self, name: Name, fingerprint: str | None) -> int:
        turn = self._turn.get(fingerprint, len(self._turn)) if fingerprint else len(self._turn)
        if name not in self._known:
            self._known[name] = len(self.names)
            self.names.append(name)
            self.rows.append(Packed(np.int32))
            self.spent.append((0, 0))
            self._turns.append(turn)
        place = self._known[name]
        self._turns[place] = min(self._turns[place], turn)
        return place


def score_names(groups: Sequence[tuple[str, str, str]]) -> list[str]:
    """Name each (evaluator, key, source): the key when only one has it, else with its evaluator.

    An evaluator named like its key keeps the plain name; the others say whose they are.
    """
    holders: dict[str, int] = {}
    for _, key, _ in groups:
        holders[key] = holders.get(key, 0) + 1
    names: list[str] = []
    for evaluator, key, source in groups:
        own = holders[key] == 1 or (evaluator == key and source == "evaluator")
        name = key if own else f"{evaluator}.{key}"
        names.append(f"{source}.{key}" if name in names else name)
    return names


def _distinct(
    parts: Sequence[tuple[Codes, list[Any]]],
) -> tuple[list[tuple[Name, str | None]], Codes]:
    """Return what differs, in order of appearance, and for each row which of it; rows are many."""
    mixed = parts[0][0] + np.int64(1)
    for raw, values in parts[1:]:
        mixed = mixed * (len(values) + 1) + raw + 1
    if bool((mixed == mixed[0]).all()):
        return [_named(parts, 0)], np.zeros(1, np.int64)
    _, first, back = np.unique(mixed, return_index=True, return_inverse=True)
    order = np.argsort(first)
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order))
    return [_named(parts, int(row)) for row in first[order]], turn[back.reshape(-1)]


def _named(parts: Sequence[tuple[Codes, list[Any]]], row: int) -> tuple[Name, str | None]:
    """Return evaluator, key and source of a row, and the evaluator's fingerprint."""
    texts = [values[raw[row]] if raw[row] >= 0 else None for raw, values in parts]
    return (texts[0] or "", texts[1] or "", texts[2] or "evaluator"), texts[3]
