"""Results as arrays: columns of numbers and codes, read once, no row objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evalkit.metrics.arrow import codes, decoded, integers, numbers, places_of, valid
from evalkit.model import outcome, score
from evalkit.model.results import Results
from evalkit.model.usage import USAGE_FIELDS

Floats = NDArray[Any]
Codes = NDArray[Any]

OUTCOMES: tuple[str, ...] = outcome.OUTCOMES
CELL_OUTCOMES: tuple[str, ...] = score.CELL_OUTCOMES
UNFINISHED = ("timeout", "cancelled", "paused", "running")
SCORE_TYPES = ("bool", "int", "float", "category")

RUN_FLOATS = ("latency_s", "ttft_s", "queue_s")


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The runs of one experiment, one entry a run in stored order."""

    n: int
    run_ids: Any
    """pyarrow array of strings."""
    outcome: Codes
    """Index into OUTCOMES."""
    cluster: Codes
    """Example as a code from 0; a run without example is an example of its own."""
    clusters: int
    example_ids: list[str]
    """Example of each cluster code below `len(example_ids)`."""
    numbers: dict[str, Floats]
    """Latency, waiting and usage columns; NaN: not recorded."""

    unit_of: Codes | None = None
    """Independent unit of each example code, when it is coarser than the example."""

    @property
    def unit(self) -> Codes:
        """Independent unit of each run: what intervals and tests count."""
        return self.units(self.cluster)

    def units(self, cluster: Codes) -> Codes:
        """Return the unit of each example code; codes of no example stay units of their own."""
        if self.unit_of is None:
            return cluster
        known = len(self.unit_of)
        inside = cluster < known
        found: Codes = np.where(inside, self.unit_of[np.where(inside, cluster, 0)], cluster)
        return found

    def ids(self, rows: Codes | list[int]) -> list[str]:
        """Return the run ids of some rows."""
        return [self.run_ids[int(row)].as_py() for row in rows]


@dataclass(frozen=True, slots=True)
class CellColumns:
    """Feedback cells, one entry a cell."""

    n: int
    run: Codes
    """Row of the run, -1 for cells of the experiment or of no run."""
    group: Codes
    """Index into `groups`."""
    groups: list[tuple[str, str, str]]
    """(evaluator, key, source) in order of first appearance."""
    outcome: Codes
    type: Codes
    """Index into SCORE_TYPES, -1 for none."""
    score: Floats
    """NaN where there is no number."""
    seconds: Floats
    example: Any
    """pyarrow array of example ids."""


def read_runs(results: Results) -> RunColumns:
    """Read what figures need of the runs: no bodies."""
    names = ["run_id", "outcome", "example_id", *RUN_FLOATS, *USAGE_FIELDS]
    table = results.table("runs", names)
    cluster, example_ids, clusters = _clusters(table.column("example_id"))
    return RunColumns(
        n=table.num_rows,
        run_ids=decoded(table.column("run_id")),
        outcome=lookup(table.column("outcome"), OUTCOMES),
        cluster=cluster,
        clusters=clusters,
        example_ids=example_ids,
        numbers={name: numbers(table.column(name)) for name in (*RUN_FLOATS, *USAGE_FIELDS)},
    )


def read_cells(results: Results, runs: RunColumns) -> CellColumns:
    """Read the feedback cells and find the run of each."""
    names = ["run_id", "example_id", "evaluator", "key", "source", "outcome"]
    table = results.table("cells", [*names, "score_type", "score", "duration_ms"])
    group, groups = _groups(table)
    return CellColumns(
        n=table.num_rows,
        run=rows_of(table.column("run_id"), runs.run_ids),
        group=group,
        groups=groups,
        outcome=lookup(table.column("outcome"), CELL_OUTCOMES),
        type=lookup(table.column("score_type"), SCORE_TYPES),
        score=numbers(table.column("score")),
        seconds=numbers(table.column("duration_ms")) / 1000,
        example=table.column("example_id"),
    )


def lookup(column: Any, names: tuple[str, ...]) -> Codes:
    """Return each row's place in `names`, -1 for anything else."""
    raw, values = codes(column)
    places = np.array([names.index(v) if v in names else -1 for v in values] + [-1], np.int64)
    found: Codes = places[raw]
    return found


def rows_of(column: Any, ids: Any) -> Codes:
    """Return the row in `ids` of each value, -1 when it is not there or null."""
    if pa.types.is_dictionary(column.type) and isinstance(column, pa.ChunkedArray):
        return places_of(column.chunks, ids)
    wanted = decoded(column)
    rows: Codes = integers(pc.index_in(wanted, value_set=ids))
    if wanted.null_count:
        rows[~valid(wanted)] = -1
    return rows


def _clusters(column: Any) -> tuple[Codes, list[str], int]:
    raw, values = codes(column)
    alone = raw < 0
    total = len(values) + int(alone.sum())
    if alone.any():
        raw = raw.copy()
        raw[alone] = np.arange(len(values), total)
    return raw, values, total


def _groups(table: Any) -> tuple[Codes, list[tuple[str, str, str]]]:
    parts = [codes(table.column(name)) for name in ("evaluator", "key", "source")]
    sizes = [len(values) + 1 for _, values in parts]
    mixed = ((parts[0][0] + 1) * sizes[1] + parts[1][0] + 1) * sizes[2] + parts[2][0] + 1
    there = np.flatnonzero(np.bincount(mixed, minlength=1)) if len(mixed) else np.array([], int)
    place = np.full(sizes[0] * sizes[1] * sizes[2], -1, np.int64)
    place[there] = np.arange(len(there))
    names = [_group_name(int(code), sizes, [values for _, values in parts]) for code in there]
    return place[mixed] if len(mixed) else mixed, names


def _group_name(code: int, sizes: list[int], values: list[list[Any]]) -> tuple[str, str, str]:
    code, source = divmod(code, sizes[2])
    evaluator, key = divmod(code, sizes[1])
    names = [("", *found) for found in values]
    return names[0][evaluator] or "", names[1][key] or "", names[2][source] or "evaluator"
