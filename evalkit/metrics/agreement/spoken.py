"""Spoken: what an evaluator said of each run, written as labels are."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.labels import category
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.reading import CellColumns


def column_of(columns: Sequence[ScoreColumn], metric: str, who: str = "agree") -> ScoreColumn:
    """Return the score of runs called `metric`; one there is not raises `ConfigError`."""
    for column in columns:
        if column.name == metric and column.scope == "run":
            return column
    names = [column.name for column in columns if column.scope == "run"]
    close = get_close_matches(metric, names, 1, 0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"{who}: there is no score {metric!r} of runs.{hint} Known: {names}.")


def said_of(cells: CellColumns, column: ScoreColumn) -> dict[int, str]:
    """Return what the evaluator said of each run, as labels are written."""
    found = {
        run: category(value)
        for run, value in zip(column.run.tolist(), column.values.tolist(), strict=True)
    }
    if len(column.worded):
        raw, words = cells.said.words
        for row in column.worded.tolist():
            number = cells.score[row]
            found[int(cells.run[row])] = category(
                words[raw[row]] if np.isnan(number) else float(number)
            )
    found.pop(-1, None)
    return found
