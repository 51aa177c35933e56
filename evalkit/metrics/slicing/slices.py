"""Slices: a metric per part of the runs, and the search for parts worse than the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Floats, Mask
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.summary import SliceFigure, SliceSearch
from evalkit.metrics.slicing.slicing import Slicing
from evalkit.metrics.statistics.intervals import Sums, mean_figure, share_figure
from evalkit.metrics.statistics.multiplicity import holm
from evalkit.metrics.statistics.students_t import t_tail

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

    The test is Welch's on example sums, one-sided in the score's direction (two-sided without
    one), corrected with Holm over all slices of all scores, so that with nothing wrong a false
    alarm anywhere has at most probability `alpha`.
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
    totals = _by_example(column)
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


def _by_example(column: ScoreColumn) -> tuple[Floats, Floats]:
    sizes = np.bincount(column.units, minlength=1).astype(np.float64)
    totals = np.bincount(column.units, weights=column.values, minlength=1).astype(np.float64)
    return totals, sizes


def _figure(
    column: ScoreColumn,
    inside: Mask,
    whole: tuple[Floats, Floats],
    confidence: float,
    least: int,
) -> SliceFigure:
    n = len(whole[1])
    sizes = np.bincount(column.units[inside], minlength=n).astype(np.float64)
    values = column.values[inside]
    totals = np.bincount(column.units[inside], values, minlength=n).astype(np.float64)
    here = _sums(totals, sizes)
    rest = _sums(whole[0] - totals, whole[1] - sizes)
    if here.n == 0:
        return SliceFigure("", "", 0, None)
    make = share_figure if column.yes_or_no else mean_figure
    figure: Figure = make(here, confidence).within(column.scale.range)
    difference = here.mean - rest.mean if rest.n else None
    enough = here.clusters >= least and rest.clusters >= least
    p = _welch(here, rest, column.direction) if enough else None
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


def _sums(totals: Floats, sizes: Floats) -> Sums:
    there = sizes > 0
    return Sums(totals[there], sizes[there])


def _welch(here: Sums, rest: Sums, direction: str | None) -> float | None:
    """Return Welch's p (Biometrika 34, 1947) of here against rest, examples as units.

    For shares near 0 or 1 the slice's own spread can be nil by luck; it is taken to be at least
    what the rest would have in a slice of this size, which keeps false alarms down.
    """
    other = rest.variance
    own = max(here.variance, other * rest.clusters / here.clusters)
    if own + other <= 0:
        return None
    t = (here.mean - rest.mean) / sqrt(own + other)
    df = (own + other) ** 2 / (own**2 / (here.clusters - 1) + other**2 / (rest.clusters - 1))
    if direction is None:
        return min(1.0, 2 * t_tail(abs(t), df))
    return t_tail(-t if direction == "higher" else t, df)


def _worse(column: ScoreColumn, figure: SliceFigure) -> bool:
    if figure.difference is None:
        return False
    return figure.difference > 0 if column.direction == "lower" else figure.difference < 0


def _rank(figure: SliceFigure) -> tuple[float, float]:
    size = abs(figure.difference or 0.0)
    return (figure.p if figure.p is not None else 1.0, -size)
