"""Ranking figures of one query: a list of hits in rank order against the graded documents.

Definitions are those of trec_eval (Buckley and Voorhees), so that figures compare with published
ones: precision at k divides by k even when fewer came back, gains of nDCG are the grades themselves
(Järvelin and Kekäläinen, 2002), and the ideal ranking is made of all relevant documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2


def recall(gains: Sequence[float], relevant: int, k: int) -> float:
    """Return the share of the `relevant` documents that stand among the first `k`."""
    return sum(gain > 0 for gain in gains[:k]) / relevant


def precision(gains: Sequence[float], k: int) -> float:
    """Return the share of the first `k` places that hold a relevant document."""
    return sum(gain > 0 for gain in gains[:k]) / k


def hit(gains: Sequence[float], k: int) -> bool:
    """Say whether any of the first `k` is relevant."""
    return any(gain > 0 for gain in gains[:k])


def reciprocal_rank(gains: Sequence[float], k: int) -> float:
    """Return 1 / the place of the first relevant document among the first `k`, or 0."""
    return next((1.0 / place for place, gain in enumerate(gains[:k], start=1) if gain > 0), 0.0)


def ndcg(gains: Sequence[float], grades: Sequence[float], k: int) -> float:
    """Return the discounted gain of the first `k` over that of the best possible ranking."""
    best = _dcg(sorted(grades, reverse=True)[:k])
    return min(1.0, _dcg(gains[:k]) / best) if best else 0.0  # one chunk may hold two passages


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, start=1))
