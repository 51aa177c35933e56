"""The types of the arrays that figures are computed on, in one home, and what one of them holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Numbers; NaN stands for what was not recorded."""
Codes = NDArray[np.signedinteger[Any]]
"""Places in a list of names, of runs or of examples; -1 stands for none."""
Mask = NDArray[np.bool_]
"""Which entries count."""


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
