"""Few: rows of some runs, without holding the columns of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrow import taken
from evalkit.model.results import Results


def some_rows(results: Results, names: Sequence[str], places: Sequence[int]) -> Iterator[Any]:
    """Yield columns of the runs at some places, which go upwards, as a Table a piece."""
    wanted, first = np.asarray(places, np.int64), 0
    for table in results.tables("runs", names):
        begin, end = np.searchsorted(wanted, [first, first + table.num_rows])
        if end > begin:
            yield taken(table, wanted[begin:end] - first)
        first += table.num_rows
