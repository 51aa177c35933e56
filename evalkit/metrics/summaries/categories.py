"""Categories: scores that are words, counted with a rate each."""

from __future__ import annotations

import numpy as np

from evalkit.metrics.columns.arrays import Codes, unique
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.reading import CellColumns, RunColumns
from evalkit.metrics.columns.scores import cell_clusters
from evalkit.metrics.documents.figures import Rate
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.model.scales.said import plainly

LISTED = 50
"""Categories listed; rarer ones are counted together as `(other)`."""
LABEL_LENGTH = 80
NOTHING = "(none)"


def category_rates(
    column: ScoreColumn, data: tuple[CellColumns, RunColumns], confidence: float
) -> tuple[dict[str, int], dict[str, Rate]]:
    """Count each category of a score, most frequent first, and its share of the scored cells.

    Of numbers these are the values that cannot be read as one.
    """
    names, said, cluster = category_codes(column, data)
    if not names:
        return {}, {}
    if column.unread:
        cluster = np.concatenate([cluster, column.cluster])
        said = np.concatenate([said, np.full(len(column.values), -1)])
    tally = np.bincount(said[said >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-tally[i], names[i]))
    units = None if data[1].unit_of is None else data[1].units(cluster)
    counts = {names[i]: int(tally[i]) for i in order[:LISTED]}
    if len(order) > LISTED:
        counts["(other)"] = int(sum(tally[i] for i in order[LISTED:]))
    rates = {}
    for i in order[:LISTED]:
        hit = (said == i).astype(np.float64)
        figure = share_figure(cluster_sums(hit, cluster, units), confidence)
        rates[names[i]] = Rate.of(figure, int(tally[i]))
    return counts, rates


def category_codes(
    column: ScoreColumn, data: tuple[CellColumns, RunColumns]
) -> tuple[list[str], Codes, Codes]:
    """Return the categories, and category and example of each cell that is in no value."""
    cells, runs = data
    rows = column.worded
    cluster = cell_clusters(cells.run[rows], runs)
    if len(rows) == 0:
        return [], rows, cluster
    raw, words = cells.said.words
    found = raw[rows].astype(np.int64)
    labels = [_label(word) for word in words]
    numbered = ~np.isnan(cells.score[rows])
    if numbered.any():
        found[numbered], more = _numbers(cells, rows[numbered], len(labels))
        labels += more
    labels.append(NOTHING)
    used = sorted({labels[code] for code in unique(found)})
    number = {name: at for at, name in enumerate(used)}
    place = np.array([number.get(each, -1) for each in labels], np.int64)
    return used, place[found], cluster


def _numbers(cells: CellColumns, rows: Codes, first: int) -> tuple[Codes, list[str]]:
    """Return codes from `first` on for cells with a number, and the words for them."""
    truths = cells.said.truths[rows]
    values, back = np.unique(np.stack([cells.score[rows], truths]), axis=1, return_inverse=True)
    words = [_written(value, bool(truth)) for value, truth in values.T.tolist()]
    codes: Codes = first + back.reshape(-1)
    return codes, words


def _written(value: float, truth: bool) -> str:
    return ("true" if value else "false") if truth else plainly(value)


def _label(word: str) -> str:
    return word if len(word) <= LABEL_LENGTH else word[: LABEL_LENGTH - 1] + "…"
