"""Order: quantiles and distinct values of numbers in ascending order.

The figures are numpy's own to the last bit; `np.quantile` and `np.unique` also load `numpy.ma`,
5 ms of every start, to see whether the array is a masked one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantiles(ordered: NDArray[Any], shares: Sequence[float]) -> NDArray[Any]:
    """Return `np.quantile` of values that are sorted already, by linear interpolation."""
    at = np.asarray(shares) * (len(ordered) - 1)
    below = np.floor(at).astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    part, step = at - below, high - low
    # From the nearer end, as numpy does: the result never leaves its two neighbours.
    found: NDArray[Any] = np.where(part >= 0.5, high - step * (1 - part), low + step * part)
    return found


def distinct(ordered: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the different values of a sorted array, and how often each is there."""
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    return ordered[first], np.diff(first, append=len(ordered))
