"""Self time: what of a step's time no step inside it covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.columns.reading import SLACK


@dataclass(frozen=True, slots=True)
class SelfTime:
    """Seconds of its own for every step, and how many children reach beyond their parent."""

    seconds: Floats
    outside: int
    """Steps that begin before or end after the one they are in: clocks that differ."""


def self_time(latency: Floats, start: Floats, parent: Codes) -> SelfTime:
    """Return latency less the time that direct children cover, each moment once.

    `parent` is the row of the step around each, -1 for none. Children that overlap cover the union
    of their times, cut to the parent's; a child of unknown place covers its latency. A latency that
    is negative is not known. Never below zero.
    """
    latency = np.where(latency < 0, np.nan, latency)
    inside = (parent >= 0) & ~np.isnan(latency)
    rows = np.flatnonzero(inside)
    if not len(rows):
        return SelfTime(latency, 0)
    above = parent[rows]
    begin = start[rows] - start[above]
    end = begin + latency[rows]
    placed = ~np.isnan(begin) & ~np.isnan(latency[above])
    whole = latency[above]
    outside = placed & ((begin < -SLACK) | (end > whole + SLACK))
    unplaced: Floats = np.bincount(
        above[~placed], latency[rows][~placed], minlength=len(latency)
    ).astype(np.float64)
    covered = unplaced + _union(
        above, np.clip(begin, 0, whole), np.clip(end, 0, whole), placed, latency
    )
    return SelfTime(np.maximum(latency - covered, 0.0), int(outside.sum()))


def _union(above: Codes, begin: Floats, end: Floats, placed: Mask, latency: Floats) -> Floats:
    """Return, for each parent, the length of the union of its children's intervals."""
    above, begin, end = above[placed], begin[placed], end[placed]
    if not len(above):
        return np.zeros(len(latency))
    order = np.lexsort((begin, above))
    above, begin, end = above[order], begin[order], end[order]
    first = np.r_[True, above[1:] != above[:-1]]
    # One running maximum for all parents, of ranks instead of times: nothing is added to a time,
    # so that what is read together with it does not change its last digits.
    n, by_end = len(end), np.argsort(end, kind="stable")
    rank = np.empty(n, np.int64)
    rank[by_end] = np.arange(n)
    latest = np.maximum.accumulate(rank + (np.cumsum(first) - 1) * n)
    reached = end[by_end[latest % n]]
    before = np.r_[0.0, reached[:-1]]
    before[first] = 0.0
    new = np.maximum(0.0, end - np.maximum(begin, before))
    total: Floats = np.bincount(above, new, minlength=len(latency)).astype(np.float64)
    return total
