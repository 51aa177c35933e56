"""The types of the arrays that figures are computed on, in one home, and what one of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Numbers; NaN stands for what was not recorded."""
Codes = NDArray[np.signedinteger[Any]]
"""Places in a list of names, of runs or of examples; -1 stands for none."""
Mask = NDArray[np.bool_]
"""Which entries count."""

PIECE = 65_536
"""Entries looked up at once: numpy makes indices of 8 bytes of all it is given."""


def unique(values: NDArray[Any]) -> NDArray[Any]:
    """Return the different values of an array, sorted.

    Asked for them alone, `np.unique` imports masked arrays to look for one, 15 ms of a command.
    """
    found: NDArray[Any] = np.unique(values, return_counts=True)[0]
    return found


def quantiles_at(values: Floats, shares: Sequence[float]) -> Floats:
    """Return what `np.quantile` does, which imports masked arrays, too."""
    ordered, last = np.sort(values), len(values) - 1
    if not last or np.isnan(ordered[-1]):
        return np.full(len(shares), ordered[-1])
    at = last * np.asarray(shares, dtype=float)
    below = np.minimum(np.floor(at).astype(int), last - 1)
    low, high, share = ordered[below], ordered[below + 1], at - below
    step = high - low
    found: Floats = np.where(share >= 0.5, high - step * (1 - share), low + step * share)
    return found


def pieces(size: int) -> Iterator[slice]:
    """Yield where the pieces of a long array lie."""
    for first in range(0, size, PIECE):
        yield slice(first, first + PIECE)


def tallied(codes: Codes, weights: Any = None) -> NDArray[Any]:
    """Return what `np.bincount` does, to the bit, in memory that does not grow with the codes."""
    if len(codes) <= PIECE:
        return np.bincount(codes, weights)
    found = np.zeros(int(codes.max()) + 1, np.int64 if weights is None else np.float64)
    for here in pieces(len(codes)):
        np.add.at(found, codes[here], 1 if weights is None else weights[here])
    return found
