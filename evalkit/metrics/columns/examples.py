"""Examples: which example each run answered, as codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.metrics.columns.arrays import Codes, Mask
from evalkit.metrics.columns.arrow import codes, decoded, integers, taken
from evalkit.metrics.columns.settled import is_settled
from evalkit.model.results import Results


class Examples:
    """Ids of examples as codes, in the order they were first seen in."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self._codes: list[Codes] = []

    def add(self, column: Any) -> None:
        """Take in the examples of further runs."""
        raw, values = codes(column)
        place = [self.known.setdefault(each, len(self.known)) for each in values]
        self._codes.append(np.array([*place, -1], np.int32)[raw])

    def codes(self, results: Results) -> tuple[Codes, int]:
        """Return the code of each run's example, one of its own where it has none; how many."""
        raw = np.concatenate(self._codes) if self._codes else np.empty(0, np.int32)
        self._codes = []
        alone = raw < 0
        total = len(self.known) + int(alone.sum())
        own = np.arange(len(self.known), total, dtype=np.int32)
        if is_settled(len(raw)):
            raw = self._by_id()[raw]
            own = own[_ranks(results, alone)] if alone.any() else own
        raw[alone] = own
        return raw, total

    def _by_id(self) -> Codes:
        """Give examples codes in the order of their ids; return the new one of each old one."""
        old = {each: code for code, each in enumerate(self.known)}
        self.known = {each: code for code, each in enumerate(sorted(self.known))}
        return np.array([*(self.known[each] for each in old), -1], np.int32)


def _ranks(results: Results, alone: Mask) -> Codes:
    """Return which place the ids of these runs have among them."""
    first, chosen = 0, []
    for table in results.tables("runs", ["run_id"]):
        ids = decoded(table.column("run_id"))
        chosen.append(taken(ids, np.flatnonzero(alone[first : first + len(ids)])))
        first += len(ids)
    order = integers(pc.sort_indices(pa.chunked_array(chosen)))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
