"""Packed: a long column in little memory, piece by piece, read back bit by bit as it was.

Half of what figures are made of is the same in every row, counts upwards, or takes one of a few
values; a million runs with five scores would otherwise take hundreds of megabytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import unique

FEW = 256
"""Different values that a code of one byte can tell apart."""
TRIED = 512
"""Values looked at first: a piece with many different ones is not sorted to count them."""


class _Piece(NamedTuple):
    """Some rows: a table of values and a code for each row, or the values themselves."""

    size: int
    values: NDArray[Any]
    code: NDArray[np.uint8] | None = None
    step: int | None = None
    """What each row adds to the one before, where that is the same: 0 where all are equal."""

    def whole(self) -> NDArray[Any]:
        """Return every row."""
        if self.step is None:
            return self.values if self.code is None else self.values[self.code]
        if self.step == 0:
            return np.repeat(self.values, self.size)
        return self.some(np.arange(self.size))

    def some(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return some rows, in any order."""
        if self.step is None:
            at = rows if self.code is None else self.code[rows]
            found: NDArray[Any] = self.values[at]
        elif self.step == 0:
            found = np.repeat(self.values, len(rows))
        else:
            far = rows.astype(np.int64) * self.step + int(self.values[0])
            found = far.astype(self.values.dtype)
        return found


class Packed:
    """A column that grows by pieces; `packed[rows]` reads rows of it, `whole` all of them."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []
        self._size = 0
        self._first: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return self._size

    def add(self, values: NDArray[Any]) -> None:
        """Put values behind those there are; they are not to be written to any more."""
        if len(values):
            self._starts.append(self._size)
            self._pieces.append(_packed(np.asarray(values, self.dtype)))
            self._size += len(values)
            self._first = None

    @property
    def nbytes(self) -> int:
        """Bytes of the values kept."""
        codes = sum(each.code.nbytes for each in self._pieces if each.code is not None)
        return codes + sum(each.values.nbytes for each in self._pieces)

    def __contains__(self, value: object) -> bool:
        known = (each.whole() if each.step else each.values for each in self._pieces)
        return any(bool((values == value).any()) for values in known)

    def whole(self) -> NDArray[Any]:
        """Return all rows as one array."""
        found = np.empty(self._size, self.dtype)
        for start, piece in zip(self._starts, self._pieces, strict=True):
            found[start : start + piece.size] = piece.whole()
        return found

    def __getitem__(self, rows: Any) -> Any:
        """Return one row, or an array with those named: quickly where they ascend."""
        if np.ndim(rows) == 0:
            return self[np.array([rows])][0]
        rows = np.asarray(rows)
        found = np.empty(len(rows), self.dtype)
        if len(rows) == 0:
            return found
        if not bool((rows[1:] >= rows[:-1]).all()):
            order = np.argsort(rows, kind="stable")
            found[order] = self[rows[order]]
            return found
        if self._first is None:
            self._first = np.array([*self._starts, self._size], np.int64)
        ends = np.searchsorted(rows, self._first.astype(rows.dtype))
        for number in np.flatnonzero(ends[1:] > ends[:-1]).tolist():
            here, piece = slice(ends[number], ends[number + 1]), self._pieces[number]
            inside = rows[here] - rows.dtype.type(self._starts[number])
            every = len(inside) == piece.size and bool((inside[1:] > inside[:-1]).all())
            found[here] = piece.whole() if every else piece.some(inside)
        return found


def _packed(values: NDArray[Any]) -> _Piece:
    """Return the piece that takes least; what it gives back has the same bits."""
    bits = values.view(f"u{values.dtype.itemsize}")
    if bool((bits == bits[0]).all()):
        return _Piece(len(values), values[:1].copy(), step=0)
    if values.dtype.kind == "i" and values.dtype.itemsize > 1:
        steps = np.diff(values.astype(np.int64))
        if bool((steps == steps[0]).all()):
            return _Piece(len(values), values[:1].copy(), step=int(steps[0]))
    if values.dtype.itemsize > 1 and len(unique(bits[:TRIED])) <= FEW // 2:
        known, code = np.unique(bits, return_inverse=True)
        if len(known) <= FEW:
            return _Piece(len(values), known.view(values.dtype), code.reshape(-1).astype(np.uint8))
    if values.dtype == np.float64:
        with np.errstate(over="ignore", invalid="ignore"):
            short = values.astype(np.float32)
        if bool((short.astype(np.float64).view("u8") == bits).all()):
            return _Piece(len(values), short)
    return _Piece(len(values), np.array(values))
