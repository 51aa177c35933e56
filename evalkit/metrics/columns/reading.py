"""Results as arrays: columns of numbers and codes, read once, no row objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.columns.arrow import codes, decoded, integers, numbers, places_of, valid
from evalkit.model import outcome, score
from evalkit.model.results import Results
from evalkit.model.schema.columns import RUN_PLACE
from evalkit.model.usage import USAGE_FIELDS

OUTCOMES: tuple[str, ...] = outcome.OUTCOMES
CELL_OUTCOMES: tuple[str, ...] = score.CELL_OUTCOMES
MISSING = CELL_OUTCOMES.index("missing")

RUN_FLOATS = ("latency_s", "ttft_s", "queue_s")
NEVER = -(2**63)


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The runs of one experiment, one entry a run in stored order."""

    n: int
    outcome: Codes
    """Index into OUTCOMES."""
    cluster: Codes
    """Example as a code from 0; a run without example is an example of its own."""
    clusters: int
    example_ids: list[str]
    """Example of each cluster code below `len(example_ids)`."""
    numbers: dict[str, Floats]
    """Latency, waiting and usage columns; NaN: not recorded."""
    results: Results
    steps_recorded: int
    """Runs whose source recorded steps."""
    created: tuple[int, int] | None
    """When the first and the last run was asked for, in microseconds; None: not recorded."""
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

    @property
    def units_if(self) -> Codes | None:
        """Independent unit of each run where that is coarser than its example, else None."""
        return None if self.unit_of is None else self.unit

    @property
    def run_ids(self) -> Any:
        """The ids as a pyarrow array of strings; figures do without them."""
        return decoded(self.results.table("runs", ["run_id"]).column(0))

    def ids(self, rows: Codes | list[int]) -> list[str]:
        """Return the run ids of some rows."""
        known = self.run_ids if len(rows) else []
        return [known[int(row)].as_py() for row in rows]


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
    """Index into CELL_OUTCOMES."""
    score: Floats
    """NaN where there is no number."""
    milliseconds: Floats
    said: Said = field(default_factory=lambda: Said(None))


class Said:
    """What few figures need of the cells: words, and which numbers were truth values."""

    def __init__(self, results: Results | None) -> None:
        self._results = results

    @cached_property
    def words(self) -> tuple[Codes, list[str]]:
        """Return a code per cell, -1 for none, and the words the codes stand for."""
        raw, values = codes(self._column("value"))
        return raw, [_word(each) for each in values]

    @cached_property
    def truths(self) -> Mask:
        """Return which cells are true or false."""
        raw, values = codes(self._column("score_type"))
        at = values.index("bool") if "bool" in values else -2
        found: Mask = raw == at
        return found

    def _column(self, name: str) -> Any:
        if self._results is None:
            raise ValueError("these cells were not read of any results")
        return self._results.table("cells", [name]).column(name)


def _word(text: str) -> str:
    """Return a category as people wrote it: JSON text of a string without its quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def read_runs(results: Results) -> RunColumns:
    """Read what figures need of the runs: no bodies."""
    floats = (*RUN_FLOATS, *USAGE_FIELDS)
    columns = _columns(results, ["example_id", "outcome"])
    cluster, example_ids, clusters = _clusters(columns.pop("example_id"))
    outcomes = lookup(columns.pop("outcome"), OUTCOMES)
    outcomes[outcomes < 0] = outcome.place_of(None)
    # Read apart, so that texts and numbers of many runs are not in memory at once.
    columns = _columns(results, [*floats, "steps_recorded", "created_at"])
    created = integers(columns.pop("created_at"), missing=NEVER)
    created = created[created != NEVER]
    return RunColumns(
        n=len(outcomes),
        results=results,
        outcome=outcomes,
        cluster=cluster,
        clusters=clusters,
        example_ids=example_ids,
        steps_recorded=int(numbers(columns.pop("steps_recorded"), missing=0.0).sum()),
        created=(int(created.min()), int(created.max())) if len(created) else None,
        numbers={name: numbers(columns.pop(name)) for name in floats},
    )


def _columns(results: Results, names: list[str]) -> dict[str, Any]:
    """Return columns to be popped: each goes as soon as its array is made, for there are many."""
    return dict(zip(names, results.table("runs", names).columns, strict=True))


def read_cells(results: Results) -> CellColumns:
    """Read the feedback cells with the place of each one's run."""
    names = ["evaluator", "key", "source"]
    more = [RUN_PLACE.name, "outcome", "score", "duration_ms"]
    table = results.table("cells", [*names, *more])
    n = table.num_rows
    run, group, outcomes = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int8)
    scores, milliseconds = np.empty(n), np.empty(n, np.float32)
    groups: dict[tuple[str, str, str], int] = {}
    first = 0
    for batch in table.to_batches():  # one after the other: there are many cells
        here = slice(first, first := first + batch.num_rows)
        group[here] = _groups([batch.column(name) for name in names], groups)
        run[here] = integers(batch.column(RUN_PLACE.name))
        outcomes[here] = lookup(batch.column("outcome"), CELL_OUTCOMES)
        scores[here] = numbers(batch.column("score"))
        milliseconds[here] = numbers(batch.column("duration_ms"))
    said = Said(results)
    return CellColumns(n, run, group, list(groups), outcomes, scores, milliseconds, said)


def lookup(column: Any, names: tuple[str, ...]) -> Codes:
    """Return each row's place in `names`, -1 for anything else."""
    raw, values = codes(column)
    places = np.array([names.index(v) if v in names else -1 for v in values] + [-1], np.int8)
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
    raw = raw.astype(np.int64)
    alone = raw < 0
    total = len(values) + int(alone.sum())
    if alone.any():
        raw[alone] = np.arange(len(values), total)
    return raw, values, total


def _groups(columns: Sequence[Any], known: dict[tuple[str, str, str], int]) -> Codes:
    """Return each row's evaluator, key and source as a code of `known`, which grows.

    Where all rows are the same it is one code for all of them.
    """
    parts = [codes(column) for column in columns]
    sizes = [len(values) + 1 for _, values in parts]
    mixed = parts[0][0] + np.int64(1)
    for (raw, _), size in zip(parts[1:], sizes[1:], strict=True):
        mixed = mixed * size + raw + 1
    same = len(mixed) and bool((mixed == mixed[0]).all())
    found, back = np.unique(mixed[:1] if same else mixed, return_inverse=True)
    names = [_group_name(int(code), sizes, [values for _, values in parts]) for code in found]
    coded: Codes = np.array([known.setdefault(n, len(known)) for n in names], np.int32)[back]
    return coded


def _group_name(code: int, sizes: list[int], values: list[list[Any]]) -> tuple[str, str, str]:
    code, source = divmod(code, sizes[2])
    evaluator, key = divmod(code, sizes[1])
    names = [("", *found) for found in values]
    return names[0][evaluator] or "", names[1][key] or "", names[2][source] or "evaluator"
