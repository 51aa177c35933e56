"""Cells: the feedback of each run, found without reading the whole table again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any

from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.selecting.scored import Owners
from evalkit.model.results import Results
from evalkit.report.runs.detail import CELL_FIELDS

BATCH = 256
NAMES = ("run_id", "step_id", "evaluator", "key", "score_type", *CELL_FIELDS)
Cell = dict[str, Any]


class Cells:
    """The cells of one experiment, or of some of its runs by place, found by the run's id."""

    def __init__(
        self, results: Results, summary: Summary, some: Sequence[int] | None = None
    ) -> None:
        if some is None:
            # whoever opens one run after the other would join all pieces anew for each of them
            self._table = results.table("cells", NAMES).combine_chunks()
        else:
            self._table = results.cells_at(some, NAMES)
        self._owners = Owners(summary)
        self._places: dict[str | None, list[int]] = {}
        for at, run_id in enumerate(self._table.column("run_id").to_pylist()):
            self._places.setdefault(run_id, []).append(at)

    def of(self, run_ids: Iterable[str]) -> Iterator[list[Cell]]:
        """Yield the cells of each of these runs, each with the `name` it has in the Summary."""
        iterator = iter(run_ids)
        while batch := list(islice(iterator, BATCH)):
            places = [self._places.get(run_id, ()) for run_id in batch]
            cells = iter(self._read([at for each in places for at in each]))
            for own in places:
                yield [each for cell in islice(cells, len(own)) for each in self._named(cell)]

    def _read(self, places: list[int]) -> Iterable[Cell]:
        """Return cells; a column that holds nothing for any of them is not turned into values."""
        if not places:
            return ()
        table = self._table.take(places)
        columns = {name: table.column(name) for name in NAMES}
        held = [
            _values(column) if column.null_count < len(places) else repeat(None)
            for column in columns.values()
        ]
        rows = zip(range(len(places)), *held)  # noqa: B905 (what repeats has no end)
        names = ("name", *NAMES)
        return (dict(zip(names, row, strict=True)) for row in rows)

    def _named(self, cell: Cell) -> Iterator[Cell]:
        first, *others = self._owners.names(cell["evaluator"], cell["key"]) or [cell["key"]]
        cell["name"] = first
        yield cell
        for name in others:
            yield {**cell, "name": name}


def _values(column: Any) -> list[Any]:
    """Return a column as a list; coded text one by one would cost ten times as much."""
    coded = str(column.type).startswith("dictionary")
    values: list[Any] = (column.cast("string") if coded else column).to_pylist()
    return values
