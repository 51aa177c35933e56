"""Missing: of which runs an evaluator's cells are not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc


class Missing:
    """One byte a run, 1 where nothing is there yet; none at all where that says little."""

    def __init__(self, places: Sequence[pa.Array], runs: int) -> None:
        """Take the places of the runs whose cells are there, block by block."""
        mask = _mask(places, runs) if places else b""
        self.count = mask.count(1) if places else runs
        """Runs whose cells are missing."""
        self._mask = mask if 0 < self.count < runs else b""

    def of(self, start: int, rows: int) -> bytes | None:
        """Return the bytes of some neighbouring runs; `None`: of these nothing is missing."""
        piece = self._mask[start : start + rows]
        count = piece.count(1) if self._mask else min(self.count, rows)
        return _every(rows) if count == rows else piece if count else None


@lru_cache(maxsize=4)
def _every(rows: int) -> bytes:
    """Return one mask for all units of so many runs, with everything to do."""
    return b"\x01" * rows


def _mask(places: Sequence[pa.Array], runs: int) -> bytes:
    mask = bytearray(b"\x01") * runs
    for block in places:
        first, last = block[0].as_py(), block[-1].as_py()
        if _counts_up(block, first, last):
            mask[first : last + 1] = bytes(len(block))
        else:
            for place in block.to_pylist():
                mask[place] = 0
    return bytes(mask)


def _counts_up(block: pa.Array, first: int, last: int) -> bool:
    """Tell whether a block is of neighbouring runs with one cell each, as nearly all are."""
    if last - first + 1 != len(block):
        return False
    ups = pc.pairwise_diff(block)
    return bool(pc.all(pc.equal(ups, pa.scalar(1, ups.type)), min_count=0).as_py())
