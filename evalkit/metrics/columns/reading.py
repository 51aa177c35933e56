"""Results as arrays: columns of numbers and codes, read once, no row objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.columns.arrow import (
    codes,
    decoded,
    integers,
    let_go,
    numbers,
    places_of,
    valid,
)
from evalkit.metrics.columns.examples import Examples
from evalkit.metrics.columns.groups import Groups
from evalkit.metrics.columns.money import NOTHING_PAID, Counted, Money
from evalkit.metrics.columns.packed import Packed
from evalkit.metrics.columns.settled import is_settled, settled
from evalkit.model import outcome, score
from evalkit.model.results import Results
from evalkit.model.schema.columns import RUN_PLACE
from evalkit.model.usage import MONEY_WORDS, USAGE_FIELDS

OUTCOMES: tuple[str, ...] = outcome.OUTCOMES
CELL_OUTCOMES: tuple[str, ...] = score.CELL_OUTCOMES
MISSING = CELL_OUTCOMES.index("missing")

RUN_FLOATS = ("latency_s", "ttft_s", "queue_s")
NEVER = -(2**63)
SLACK = 0.001
"""Seconds that what is inside may reach beyond what it is in: times are rounded."""


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
    numbers: Mapping[str, Floats]
    """Latency, waiting and usage columns; NaN: not recorded."""
    results: Results
    steps_recorded: int
    """Runs whose source recorded steps."""
    created: tuple[int, int] | None
    """When the first and the last run was asked for, in microseconds; None: not recorded."""
    money: Money = NOTHING_PAID
    """What the costs are in, where it was asked for."""
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

    def measured(self, name: str) -> Mask:
        """Return which runs have a time of this name that can be: what figures count.

        NaN: not recorded; below zero: the clocks disagree; a first token after the end is none.
        """
        values = self.numbers[name]
        known: Mask = values >= 0
        if name == "ttft_s":
            known &= ~(values > self.numbers["latency_s"] + SLACK)
        return known

    def settled(
        self, cluster: Codes, values: Floats, *beside: Any, ties: bool = True
    ) -> tuple[Any, ...]:
        """Return arrays of runs as they are or, of very many runs, by what they hold."""
        if not is_settled(self.n):
            return cluster, values, *beside
        return settled(cluster, values, *beside, ties=ties)

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

    def few_ids(self, rows: Codes, most: int) -> list[str]:
        """Return the run ids of the first of some rows; of very many runs, the first by id."""
        return sorted(self.ids(rows))[:most] if is_settled(self.n) else self.ids(rows[:most])


@dataclass(frozen=True, slots=True)
class CellColumns:
    """Feedback cells, one entry a cell."""

    n: int
    run: Packed
    """Row of the run, -1 for cells of the experiment or of no run."""
    groups: list[tuple[str, str, str]]
    """(evaluator, key, source) in order of first appearance, evaluator by evaluator."""
    rows: list[Packed]
    """Of each group, the rows of its cells, in the order of the runs."""
    outcome: Packed
    """Index into CELL_OUTCOMES."""
    score: Packed
    """NaN where there is no number."""
    spent: list[tuple[int, int]]
    """Of each group, how many calls say how long they took, and their exact sum (`exact`)."""
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
        return column_of_cells(self._results, name)


def _word(text: str) -> str:
    """Return a category as people wrote it: JSON text of a string without its quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def read_runs(results: Results, *, performance: bool = True, money: bool = False) -> RunColumns:
    """Read what figures need of the runs: no bodies, and without `performance` no numbers.

    `money` tells what costs are in, which only figures of one experiment say.
    """
    floats = (*RUN_FLOATS, *USAGE_FIELDS)
    examples, outcomes, steps_recorded = Examples(), Packed(np.int8), 0
    columns = Numbers({name: Packed(np.float64) for name in floats})
    ends: list[int] = []
    read = floats if performance else ()
    counted = Counted()
    names = ["example_id", "outcome", *read, "steps_recorded", "created_at"]
    for table in results.tables("runs", [*names, *(MONEY_WORDS if money else ())]):
        examples.add(table.column("example_id"))
        outcomes.add(_known(lookup(table.column("outcome"), OUTCOMES)))
        steps_recorded += int(numbers(table.column("steps_recorded"), missing=0.0).sum())
        created = integers(table.column("created_at"), missing=NEVER)
        created = created[created != NEVER]
        ends += [int(created.min()), int(created.max())] if len(created) else []
        for name in floats:
            there = name in read
            values = numbers(table.column(name)) if there else _nothing(table)
            columns.packed[name].add(values)
            if money and name == "total_cost":
                counted.add(table, values)
    cluster, clusters = examples.codes(results)
    let_go()
    return RunColumns(
        n=len(outcomes),
        results=results,
        outcome=outcomes.whole(),
        cluster=cluster,
        clusters=clusters,
        example_ids=list(examples.known),
        steps_recorded=steps_recorded,
        created=(min(ends), max(ends)) if ends else None,
        numbers=columns,
        money=counted.money,
    )


def _nothing(table: Any) -> Floats:
    return np.full(table.num_rows, np.nan)


def _known(outcomes: Codes) -> Codes:
    return np.where(outcomes < 0, np.int8(outcome.place_of(None)), outcomes)


class Numbers(Mapping[str, Floats]):
    """Columns of numbers by name, each unpacked when it is asked for."""

    def __init__(self, packed: Mapping[str, Packed]) -> None:
        self.packed = packed

    def __getitem__(self, name: str) -> Floats:
        return self.packed[name].whole()

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)


def read_cells(results: Results) -> CellColumns:
    """Read the feedback cells with the place of each one's run, piece by piece."""
    names = ["evaluator", "key", "source", "fingerprint"]
    more = [RUN_PLACE.name, "outcome", "score", "duration_ms"]
    run, outcomes, scores = Packed(np.int32), Packed(np.int8), Packed(np.float64)
    groups = Groups([info.fingerprint for info in results.evaluators])
    for table in results.tables("cells", [*names, *more]):
        for batch in table.to_batches():
            if batch.num_rows:
                took = numbers(batch.column("duration_ms"))
                groups.add([batch.column(name) for name in names], took)
                run.add(integers(batch.column(RUN_PLACE.name)))
                outcomes.add(lookup(batch.column("outcome"), CELL_OUTCOMES))
                scores.add(numbers(batch.column("score")))
    order = groups.order
    let_go()
    return CellColumns(
        n=len(run),
        run=run,
        groups=[groups.names[place] for place in order],
        rows=[groups.rows[place] for place in order],
        outcome=outcomes,
        score=scores,
        spent=[groups.spent[place] for place in order],
        said=Said(results),
    )


def column_of_cells(results: Results, name: str) -> Any:
    """Return a column of the cells in the order `read_cells` reads them."""
    chunks = [c for table in results.tables("cells", [name]) for c in table.column(name).chunks]
    kinds = {chunk.type for chunk in chunks}
    if len(kinds) > 1:  # recorded scores among them: plain text beside codes
        chunks = [chunk.cast(pa.string()) for chunk in chunks]
    return pa.chunked_array(chunks) if chunks else results.table("cells", [name]).column(name)


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
