"""Categories: scores that are words, counted with a rate each."""

from __future__ import annotations

import json

import numpy as np

from evalkit.metrics.columns.arrays import Codes
from evalkit.metrics.columns.arrow import codes, taken
from evalkit.metrics.columns.reading import CellColumns, RunColumns
from evalkit.metrics.columns.scores import ScoreColumn, cell_clusters
from evalkit.metrics.documents.figures import Rate
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.model.results import Results

LISTED = 50
"""Categories listed; rarer ones are counted together as `(other)`."""
LABEL_LENGTH = 80
NOTHING = "(none)"


def category_rates(
    results: Results,
    column: ScoreColumn,
    data: tuple[CellColumns, RunColumns],
    confidence: float,
) -> tuple[dict[str, int], dict[str, Rate]]:
    """Count each category of a score, most frequent first, and its share of the scored cells."""
    names, said, cluster = category_codes(results, column, data)
    if not names:
        return {}, {}
    tally = np.bincount(said, minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-tally[i], names[i]))
    cluster = data[1].units(cluster)
    counts = {names[i]: int(tally[i]) for i in order[:LISTED]}
    if len(order) > LISTED:
        counts["(other)"] = int(sum(tally[i] for i in order[LISTED:]))
    rates = {}
    for i in order[:LISTED]:
        figure = share_figure(cluster_sums((said == i).astype(np.float64), cluster), confidence)
        rates[names[i]] = Rate(
            n=figure.n,
            count=int(tally[i]),
            rate=figure.value,
            interval=figure.interval,
            method=figure.method,
            clusters=figure.clusters,
        )
    return counts, rates


def category_codes(
    results: Results, column: ScoreColumn, data: tuple[CellColumns, RunColumns]
) -> tuple[list[str], Codes, Codes]:
    """Return the categories, and category and example of each cell that has a word, no number."""
    cells, runs = data
    rows = column.rows[cells.outcome[column.rows] == 0]
    rows = rows[np.isnan(cells.score[rows])]
    cluster = cell_clusters(cells.run[rows], runs)
    if len(rows) == 0:
        return [], rows, cluster
    texts = results.table("cells", ["value"]).column("value")
    raw, values = codes(taken(texts, rows))
    labels = [_label(text) for text in values] + [NOTHING]
    names = sorted(set(labels[:-1]) | ({NOTHING} if (raw < 0).any() else set()))
    number = {name: at for at, name in enumerate(names)}
    place = np.array([number.get(each, -1) for each in labels], np.int64)
    return names, place[raw], cluster


def _label(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    name = value if isinstance(value, str) else text
    return name if len(name) <= LABEL_LENGTH else name[: LABEL_LENGTH - 1] + "…"
