"""Frames: tidy pandas tables of runs, steps and feedback, for people who analyse."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pandas as pd

from evalkit.errors import ConfigError
from evalkit.metrics.columns.reading import read_cells, read_runs
from evalkit.metrics.columns.scores import score_columns
from evalkit.model.results import Results
from evalkit.model.schema.columns import TABLES

DECODED = {"inputs", "outputs", "reference_outputs", "metadata"}
"""Columns of JSON that are decoded; the others stay the text that is stored."""


def runs(results: Results, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row a run; without `columns`, inputs, outputs and every one that is not JSON.

    Columns are those of `evalkit.model.schema.columns`; JSON is decoded: `outputs` holds dicts.
    Numbers that were not recorded are NaN, times are UTC, truth values and whole numbers keep their
    kind where none is missing; `repetition` is always a whole number.
    """
    return _frame(results, "runs", columns or [*_plain("runs"), "inputs", "outputs"])


def to_pandas(results: Results) -> pd.DataFrame:
    """Return one row a run with inputs, outputs and a column a score; as `Results.to_pandas`."""
    frame = wide(results)
    bodies = _frame(results, "runs", ["inputs", "outputs"])
    return frame.assign(inputs=bodies["inputs"], outputs=bodies["outputs"])


def steps(results: Results, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row a step, in the order they happened within a run."""
    return _frame(results, "steps", columns)


def feedback(results: Results, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row a cell: what an evaluator said of a run or step, or why it said nothing.

    `score` is a number (true is 1.0), `value` the JSON text of a category.
    """
    names = columns or [c.name for c in TABLES["cells"] if c.name not in ("traceback", "metadata")]
    return _frame(results, "cells", names)


def examples(results: Results, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row an example of the dataset."""
    return _frame(results, "examples", columns or [c.name for c in TABLES["examples"]])


def wide(results: Results) -> pd.DataFrame:
    """Return one row a run with a column a score: what to group and plot.

    Scores of steps are averaged within their run; cells without a number are NaN.
    """
    frame = _frame(results, "runs", _plain("runs"))
    read = read_runs(results)
    for column in score_columns(read_cells(results), read, results.evaluators, 0):
        inside = column.run >= 0
        means = pd.Series(column.values[inside]).groupby(column.run[inside]).mean()
        frame[f"score.{column.name}"] = means.reindex(range(len(frame))).to_numpy()
    return frame


def _frame(results: Results, table: str, columns: Sequence[str] | None) -> pd.DataFrame:
    known = [column.name for column in TABLES[table]]
    unknown = [name for name in columns or () if name not in known]
    if unknown:
        raise ConfigError(
            f"frames: {table} has no column {unknown[0]!r}. Known: {', '.join(known)}."
        )
    names = list(columns or _plain(table))
    frame: pd.DataFrame = results.table(table, names).to_pandas()
    for name in set(names) & DECODED:
        texts = frame[name]
        frame[name] = [orjson.loads(text) if isinstance(text, str) else None for text in texts]
    if "repetition" in names and frame["repetition"].dtype.kind == "f":
        frame["repetition"] = frame["repetition"].astype("Int64")
    return frame


def _plain(table: str) -> list[str]:
    return [column.name for column in TABLES[table] if column.type != "json"]
