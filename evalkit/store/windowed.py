"""Windowed: the runs of an experiment that began since a time, as results of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.schema.columns import RUN_PLACE, TABLES
from evalkit.model.score import EvaluatorInfo

TIMES = ("started_at", "created_at", "ended_at", "updated_at")
"""What says when a run began, the nearest first."""


class WindowedResults:
    """What `evalkit.model.results.Results` reads from: some runs of other results.

    A score of the whole experiment is none of a part of it, and is left out.
    """

    def __init__(self, whole: Results, since: datetime) -> None:
        self._whole = whole
        times = pc.coalesce(*whole.table("runs", list(TIMES)).columns)
        self.timeless: int = times.null_count
        """Runs that are in no window, for nothing says when they began."""
        kept = pc.fill_null(pc.greater_equal(times, pa.scalar(since, times.type)), False)
        self._kept = kept.combine_chunks() if isinstance(kept, pa.ChunkedArray) else kept
        self._places = pc.indices_nonzero(self._kept).cast(pa.int32())
        self.n = len(self._places)
        inside = times.filter(self._kept)
        self.oldest: datetime | None = pc.min(inside).as_py()
        """When the first run of the window began."""

    @property
    def manifest(self) -> Manifest:
        """How the experiment was obtained, with the runs of the window as those received."""
        whole = self._whole.manifest
        return replace(whole, received=self.n, expected=None, pending=0, scores=())

    @property
    def evaluators(self) -> Sequence[EvaluatorInfo]:
        """The evaluators whose cells are current."""
        return self._whole.evaluators

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the table `runs`, `steps`, `cells` or `examples` of the window."""
        wanted = [column.name for column in TABLES[name]] if columns is None else list(columns)
        if name == "runs":
            return self._whole.table(name, wanted).filter(self._kept)
        if name == "cells" or (name == "steps" and RUN_PLACE.name in wanted):
            return self._placed(name, wanted)
        key = "run_id" if name == "steps" else "example_id"
        table = self._whole.table(name, [*wanted, *({key} - set(wanted))])
        inside = pc.is_in(table.column(key), value_set=self._of_runs(key))
        return table.filter(inside).select(wanted)

    def _placed(self, name: str, wanted: list[str]) -> pa.Table:
        """Return rows of the window's runs; the place of a run is that among them."""
        place = RUN_PLACE.name
        table = self._whole.table(name, [*wanted, *({place} - set(wanted))])
        places = pc.index_in(table.column(place), value_set=self._places, skip_nulls=True)
        at = table.schema.get_field_index(place)
        table = table.set_column(at, table.schema.field(at), places)
        return table.filter(pc.is_valid(places)).select(wanted)

    def _of_runs(self, column: str) -> pa.Array:
        found = self._whole.table("runs", [column]).column(0).filter(self._kept)
        return found.cast(pa.string()).combine_chunks()

    def runs(self) -> Iterator[Run]:
        """Yield the runs of the window."""
        for run, inside in zip(self._whole.runs(), self._kept.to_pylist(), strict=True):
            if inside:
                yield run

    def run(self, run_id: str) -> Run:
        """Return one run; an unknown id raises `KeyError`."""
        if not pc.index(self._of_runs("run_id"), pa.scalar(run_id)).as_py() >= 0:
            raise KeyError(run_id)
        return self._whole.run(run_id)

    def examples(self) -> Mapping[str, Example]:
        """Return the examples the runs of the window answered."""
        inside = set(self._of_runs("example_id").to_pylist())
        return {key: each for key, each in self._whole.examples().items() if key in inside}
