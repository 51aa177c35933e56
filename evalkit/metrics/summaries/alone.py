"""Self time: what of a step's time no step inside it covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask


@dataclass(frozen=True, slots=True)
class SelfTime:
    """Seconds of its own for every step, and how many children reach beyond their parent."""

    seconds: Floats
    outside: int
    """Steps that begin before or end after the one they are in: clocks that differ."""


SLACK = 0.001
"""Seconds that a child may reach beyond its parent: times are rounded."""


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
    # One running maximum for all parents: each one's times are lifted above those before it.
    lift = np.cumsum(first) * (float(end.max()) + 1.0)
    reached = np.maximum.accumulate(end + lift) - lift
    before = np.r_[0.0, reached[:-1]]
    before[first] = 0.0
    new = np.maximum(0.0, end - np.maximum(begin, before))
    total: Floats = np.bincount(above, new, minlength=len(latency)).astype(np.float64)
    return total
