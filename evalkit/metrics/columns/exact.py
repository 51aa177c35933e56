"""Exact: sums of numbers without rounding, so that no order and no division changes a bit.

A float is a whole number times a power of two. Sums are kept as whole numbers of the smallest such
power there is, and rounded once, at the end: the float nearest to the true sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Floats

SMALLEST = 1075
"""A sum counts in units of 2 ** -1075, half of the least float."""
HALF = 26
"""Bits of the lower half of a mantissa: sums of 2 ** 26 of either half are exact in a float."""
MOST = 2**26


def exact_sums(values: Floats, group: Any = None, groups: int = 1) -> list[int]:
    """Return the sum of each group in units of `SMALLEST`; what is NaN is left out.

    `group` holds the group of each value, a small number from 0; None: all are of the first. Sums
    of parts of the values add up to the sum of all.
    """
    found = [0] * groups
    for first in range(0, len(values), MOST):
        here = slice(first, first + MOST)
        _add(found, values[here], None if group is None else group[here])
    return found


def rounded(total: int) -> float:
    """Return the float that is nearest to a sum; beyond all floats it is infinite."""
    try:
        return total / (1 << SMALLEST)
    except OverflowError:
        return float("inf") if total > 0 else float("-inf")


def exact_sum(values: Floats) -> float:
    """Return the float nearest to the sum of all values."""
    return rounded(exact_sums(values)[0])


def _add(found: list[int], values: Floats, group: Any) -> None:
    known = ~np.isnan(values)
    if not known.all():
        values, group = values[known], None if group is None else group[known]
    if not len(values):
        return
    bits = np.ascontiguousarray(values, np.float64).view(np.int64)
    place = (bits >> 52) & 0x7FF  # the exponent; 0 stands for the least floats, without hidden bit
    whole = bits & ((1 << 52) - 1)
    whole |= (place > 0).astype(np.int64) << 52
    np.negative(whole, out=whole, where=bits < 0)
    np.maximum(place, 1, out=place)
    lowest = int(place.min())
    width = int(place.max()) - lowest + 1
    place -= lowest
    if group is not None:
        place += np.asarray(group, np.int64) * width
    upper = whole >> HALF
    sums = [
        np.bincount(place, weights=each.astype(np.float64))
        for each in (upper, whole - (upper << HALF))
    ]
    for at in np.flatnonzero((sums[0] != 0) | (sums[1] != 0)).tolist():
        number, exponent = divmod(at, width)
        total = (int(sums[0][at]) << HALF) + int(sums[1][at])
        found[number] += total << (exponent + lowest)
