"""Corrections for testing many things at once; None stands for a test that was not done."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's step-down adjusted p (Scand. J. Statist. 6, 1979): family-wise error."""
    return _adjust(p_values, lambda p, rank, m: p * (m - rank), forward=True)


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Benjamini and Hochberg's adjusted p (JRSS B 57, 1995): false discovery rate."""
    return _adjust(p_values, lambda p, rank, m: p * m / (rank + 1), forward=False)


CORRECTIONS = {"holm": holm, "bh": benjamini_hochberg}


def _adjust(
    p_values: Sequence[float | None],
    scale: Callable[[float, int, int], float],
    *,
    forward: bool,
) -> list[float | None]:
    tested = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    m = len(tested)
    ranked = list(enumerate(tested))
    adjusted: list[float | None] = [None] * len(p_values)
    bound = 0.0 if forward else 1.0
    for rank, (p, place) in ranked if forward else reversed(ranked):
        value = min(1.0, scale(p, rank, m))
        bound = max(bound, value) if forward else min(bound, value)
        adjusted[place] = bound
    return adjusted
