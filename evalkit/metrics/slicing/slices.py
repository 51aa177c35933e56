"""Slices: a metric per part of the runs, and the search for parts worse than the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.summary import SliceFigure, SliceSearch
from evalkit.metrics.slicing.slicing import Slicing
from evalkit.metrics.statistics.distribution import skewed_mean
from evalkit.metrics.statistics.intervals import Sums, share_figure
from evalkit.metrics.statistics.multiplicity import holm
from evalkit.metrics.statistics.permutation import lower_than_rest

LEAST = 8
"""Examples a slice must have, and leave outside, to be tested."""
ALPHA = 0.05


def slice_scores(
    columns: Sequence[ScoreColumn],
    splits: Sequence[Slicing],
    runs: int,
    confidence: float = 0.95,
    *,
    least: int = LEAST,
    alpha: float = ALPHA,
) -> list[tuple[list[SliceFigure], SliceSearch]]:
    """Return every score on every slice, and which are worse than the rest beyond chance.

    The test permutes examples, one-sided in the score's direction (two-sided without one), Fisher's
    exact test for true or false; corrected with Holm over all slices of all scores, so that with
    nothing wrong a false alarm anywhere has at most probability `alpha`.
    """
    raw = [_figures(column, splits, runs, confidence, least) for column in columns]
    corrected = iter(holm([figure.p for figures in raw for figure in figures]))
    found = []
    for column, figures in zip(columns, raw, strict=True):
        judged = [_judged(column, figure, next(corrected), alpha) for figure in figures]
        tested = sum(figure.p is not None for figure in judged)
        flagged = sorted((f for f in judged if f.flagged), key=lambda f: _rank(f))
        found.append((judged, SliceSearch(column.name, tested, least, alpha, flagged)))
    return found


def _figures(
    column: ScoreColumn, splits: Sequence[Slicing], runs: int, confidence: float, least: int
) -> list[SliceFigure]:
    totals = _whole(column)
    figures = []
    for split in splits:
        for value, rows in split.members.items():
            inside = np.zeros(runs, bool)
            inside[rows] = True
            found = _figure(column, inside[column.run], totals, confidence, least)
            figures.append(replace(found, by=split.by, value=value))
    return figures


def _judged(column: ScoreColumn, figure: SliceFigure, p: float | None, alpha: float) -> SliceFigure:
    flagged = p is not None and p <= alpha and _worse(column, figure)
    return replace(figure, p_adjusted=p, flagged=flagged)


def _whole(column: ScoreColumn) -> tuple[Floats, Floats, Codes | None]:
    """Return total and number of values of each example, and its unit where that is coarser."""
    sizes = np.bincount(column.cluster, minlength=1).astype(np.float64)
    totals = np.bincount(column.cluster, weights=column.values, minlength=1).astype(np.float64)
    units = None
    if column.unit is not None:
        units = np.zeros(len(sizes), np.int64)
        units[column.cluster] = column.unit
    return totals, sizes, units


def _figure(
    column: ScoreColumn,
    inside: Mask,
    whole: tuple[Floats, Floats, Codes | None],
    confidence: float,
    least: int,
) -> SliceFigure:
    n = len(whole[1])
    sizes = np.bincount(column.cluster[inside], minlength=n).astype(np.float64)
    values = column.values[inside]
    totals = np.bincount(column.cluster[inside], values, minlength=n).astype(np.float64)
    here = _sums(totals, sizes, whole[2])
    rest = _sums(whole[0] - totals, whole[1] - sizes, whole[2])
    if here.n == 0:
        return SliceFigure("", "", 0, None)
    make = share_figure if column.yes_or_no else skewed_mean
    figure: Figure = make(here, confidence).within(column.scale.range)
    difference = here.mean - rest.mean if rest.n else None
    enough = here.clusters >= least and rest.clusters >= least
    p = worse_than_rest(here, rest, column.direction) if enough else None
    return SliceFigure(
        by="",
        value="",
        n=here.n,
        mean=figure.value,
        interval=figure.interval,
        method=figure.method,
        clusters=figure.clusters,
        difference=difference,
        p=p,
    )


def _sums(totals: Floats, sizes: Floats, units: Codes | None) -> Sums:
    there = sizes > 0
    return Sums(totals[there], sizes[there], None if units is None else units[there])


def worse_than_rest(here: Sums, rest: Sums, direction: str | None) -> float | None:
    """Return the permutation p of here against rest, units as what is permuted.

    One-sided in the score's direction, two-sided without one. None when nothing varies.
    """
    first, second = (top / size for top, size in (here.by_unit, rest.by_unit))
    if float(min(first.min(), second.min())) == float(max(first.max(), second.max())):
        return None
    if direction == "higher":
        return lower_than_rest(first, second)
    higher = lower_than_rest(-first, -second)
    if direction == "lower":
        return higher
    return min(1.0, 2 * min(higher, lower_than_rest(first, second)))


def _worse(column: ScoreColumn, figure: SliceFigure) -> bool:
    if figure.difference is None:
        return False
    return figure.difference > 0 if column.direction == "lower" else figure.difference < 0


def _rank(figure: SliceFigure) -> tuple[float, float]:
    size = abs(figure.difference or 0.0)
    return (figure.p if figure.p is not None else 1.0, -size)
