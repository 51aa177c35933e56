"""Cells: the feedback of each run, found without reading the whole table again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from evalkit.metrics.documents.summary import Summary
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.report.runs.columns import Owners
from evalkit.report.runs.detail import CELL_FIELDS

BATCH = 256
NAMES = ("run_id", "step_id", "evaluator", "key", "score_type", *CELL_FIELDS)
Cell = dict[str, Any]


class Cells:
    """The cells table of one experiment with the place of every run in it."""

    def __init__(self, results: Results, summary: Summary) -> None:
        self._table = results.table("cells", NAMES)
        self._owners = Owners(summary)
        self._places: dict[str | None, list[int]] = {}
        for at, run_id in enumerate(self._table.column("run_id").to_pylist()):
            self._places.setdefault(run_id, []).append(at)

    def of(self, runs: Iterable[Run]) -> Iterator[tuple[Run, list[Cell]]]:
        """Yield the runs with their cells, each with the `name` it has in the Summary."""
        iterator = iter(runs)
        while batch := list(islice(iterator, BATCH)):
            places = [at for run in batch for at in self._places.get(run.run_id, ())]
            found: dict[str, list[Cell]] = {}
            for cell in self._table.take(places).to_pylist() if places else ():
                found.setdefault(cell["run_id"], []).extend(self._named(cell))
            for run in batch:
                yield run, found.get(run.run_id, [])

    def _named(self, cell: Cell) -> Iterator[Cell]:
        for name in self._owners.names(cell["evaluator"], cell["key"]) or [cell["key"]]:
            yield {**cell, "name": name}
