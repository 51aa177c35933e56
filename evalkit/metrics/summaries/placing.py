"""Placing: when each step began, and which step it happened in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.arrow import decoded, numbers
from evalkit.metrics.columns.reading import rows_of


def seconds(column: Any) -> Floats:
    """Return times as seconds since 1970, NaN where there is none."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    micros = pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64())
    return numbers(pc.cast(micros, pa.float64(), safe=False)) / 1e6


def parents_of(table: Any, parents: Any, run: Codes) -> Codes:
    """Return the row of each step's parent, -1 for none; step ids may repeat between runs."""
    ids = decoded(table.column("step_id"))
    at = rows_of(parents, ids)
    if (run[at[at >= 0]] == run[at >= 0]).all():
        return at
    place, codes_of_ids = _within(run, ids, decoded(parents))
    order = np.argsort(codes_of_ids, kind="stable")
    found = np.searchsorted(codes_of_ids[order], place)
    found = order[np.minimum(found, len(order) - 1)]
    missing: Codes = np.where((place >= 0) & (codes_of_ids[found] == place), found, -1)
    return missing


def _within(run: Codes, ids: Any, parents: Any) -> tuple[Codes, Codes]:
    """Return one number for (run, parent id) and one for (run, step id), -1 for no parent."""
    distinct = pc.unique(ids)
    own, above = rows_of(ids, distinct), rows_of(parents, distinct)
    width = len(distinct)
    return np.where(above >= 0, run * width + above, -1), run * width + own
