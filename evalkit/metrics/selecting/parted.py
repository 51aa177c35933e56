"""Parted: into which value of one expression each run falls, where it falls into one alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.metrics.columns.arrays import Codes
from evalkit.metrics.columns.reading import RunColumns
from evalkit.metrics.slicing.said import Texts
from evalkit.metrics.slicing.slicing import slicing
from evalkit.model.results import Results

NONE = 255
"""The code of a run that has no value."""


def parted(
    by: str,
    results: Sequence[Results],
    columns: Sequence[RunColumns],
    listed: Codes,
    held: Sequence[Texts],
) -> tuple[list[str], bytes] | None:
    """Return the values, sorted, and the place of each listed run's; None: a run has two."""
    parts = []
    places: dict[str, int] = {}
    for one, runs, texts in zip(results, columns, held, strict=True):
        own = np.full(runs.n, NONE, np.uint8)
        for label, rows in slicing(one, runs, by, texts).members.items():
            code = places.setdefault(label, len(places))
            if code >= NONE or (own[rows] != NONE).any():
                return None
            own[rows] = code
        parts.append(own)
    order = sorted(places)
    rank = np.full(NONE + 1, NONE, np.uint8)
    rank[[places[label] for label in order]] = np.arange(len(order))
    return order, rank[np.concatenate(parts)[listed]].tobytes()
