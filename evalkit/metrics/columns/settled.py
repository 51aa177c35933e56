"""Settled: an order of very many values that does not depend on how they are stored.

Sums of floats depend on their order in the last digit. Up to `SETTLED` runs the order is that of
the store. Of more, read from who knows how many parts, examples are in the order of their ids and
what is known of one example in the order of its values: every division of the same runs gives the
same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats

SETTLED = 200_000


def is_settled(runs: int) -> bool:
    """Tell whether figures of so many runs go by values and not by the order of the store."""
    return runs > SETTLED


def settled(cluster: Codes, values: Floats, *beside: Any, ties: bool = True) -> tuple[Any, ...]:
    """Return the arrays by value, then by cluster and what stands beside.

    Sums within clusters do not ask which of equal values comes first: for them, without `ties`,
    the values alone are sorted.
    """
    if ties:
        there = [each for each in (values, cluster, *beside) if each is not None]
        order = _ordered(there)
    else:
        order = np.argsort(values)
    return tuple(None if each is None else each[order] for each in (cluster, values, *beside))


def _ordered(there: Sequence[Any]) -> Codes:
    """Return what `lexsort` does, of which the last key counts first; few values have equals."""
    values = there[0]
    order = np.argsort(values)
    ranked = values[order]
    equal = ranked[1:] == ranked[:-1]
    tied = np.zeros(len(values), np.bool_)
    tied[1:] |= equal
    tied[:-1] |= equal
    if 4 * np.count_nonzero(tied) > len(tied):
        return np.lexsort(there[::-1])
    if tied.any():
        rows = np.sort(order[tied])
        order[tied] = rows[np.lexsort([each[rows] for each in there[::-1]])]
    return order
