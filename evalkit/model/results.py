"""Results: an experiment with its feedback, read as tables or as objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.run import Run
from evalkit.model.score import EvaluatorInfo, Feedback
from evalkit.model.shown import FRAMES, Shown


class Blocks(Protocol):
    """Keeps bytes by the digest of what they were made from; may forget any at any time."""

    def get(self, key: str) -> bytes | None:
        """Return what was kept; None: nothing."""

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes for later."""

    def keep(self, keys: Collection[str]) -> None:
        """Forget all that has none of these keys."""


class ResultsSource(Protocol):
    """What keeps an experiment and its cells, and reads them back; a store does."""

    @property
    def manifest(self) -> Manifest:
        """How the experiment was obtained."""

    @property
    def evaluators(self) -> Sequence[EvaluatorInfo]:
        """The evaluators whose cells are current."""

    def table(self, name: str, columns: Sequence[str] | None = None) -> Any:
        """Return the pyarrow Table `name`, one of `evalkit.model.schema.columns.TABLES`."""

    def runs(self) -> Iterator[Run]:
        """Yield every run, fields decoded as they are touched."""

    def run(self, run_id: str) -> Run:
        """Return one run; an unknown id raises `KeyError`."""

    def examples(self) -> Mapping[str, Example]:
        """Return the examples by id."""


class Results(Shown):
    """One experiment with its feedback.

    Columns of the tables are those of `evalkit.model.schema.columns`; nothing is read before it is
    asked for.
    """

    def __init__(self, source: ResultsSource) -> None:
        self._source = source

    @property
    def experiment(self) -> str:
        """The experiment's name."""
        return self._source.manifest.experiment

    @property
    def manifest(self) -> Manifest:
        """How the experiment was obtained, and what is missing of it."""
        return self._source.manifest

    @property
    def evaluators(self) -> Sequence[EvaluatorInfo]:
        """The evaluators whose scores these are."""
        return self._source.evaluators

    def table(self, name: str, columns: Sequence[str] | None = None) -> Any:
        """Return the pyarrow Table `runs`, `steps`, `cells` or `examples`."""
        return self._source.table(name, columns)

    def tables(self, name: str, columns: Sequence[str]) -> Iterator[Any]:
        """Yield a table piece by piece, as `table` gives it: for what is too much to hold at once.

        Pieces are in the order of the runs, so cells are not all together by evaluator; a source
        that has no pieces gives one.
        """
        told = getattr(self._source, "tables", None)
        if told is None:
            yield self.table(name, columns)
        else:
            yield from told(name, columns)

    def runs(self) -> Iterator[Run]:
        """Yield every run; fields decode as they are touched."""
        return self._source.runs()

    def runs_at(self, places: Sequence[int]) -> Iterator[Run]:
        """Yield the runs at some places among all, which go upwards."""
        told = getattr(self._source, "runs_at", None)
        if told is not None:
            yield from told(places)
            return
        wanted = set(places)
        yield from (run for at, run in enumerate(self.runs()) if at in wanted)

    def cells_at(self, places: Sequence[int], columns: Sequence[str]) -> Any:
        """Return columns of the cells of the runs at some places, as a pyarrow Table."""
        told = getattr(self._source, "cells_at", None)
        if told is not None:
            return told(places, columns)
        ids = self.table("runs", ["run_id"]).column(0).to_pylist()
        wanted = {ids[place] for place in places}
        table = self.table("cells", [*columns, *({"run_id"} - set(columns))])
        there = [run_id in wanted for run_id in table.column("run_id").to_pylist()]
        return table.filter(there).select(list(columns))

    def run(self, run_id: str) -> Run:
        """Return one run; an unknown id raises `KeyError`."""
        return self._source.run(run_id)

    def examples(self) -> Mapping[str, Example]:
        """Return the examples by id."""
        return self._source.examples()

    def digest(self) -> str:
        """Return a digest of all that can be read here; empty: it is not known."""
        told = getattr(self._source, "digest", None)
        return "" if told is None else str(told())

    def contents(self) -> tuple[str, str]:
        """Return digests of the runs and of the examples, whatever was scored; empty: not known."""
        told = getattr(self._source, "contents", None)
        found: tuple[str, str] = ("", "") if told is None else told()
        return found

    def pieces(self, columns: Sequence[str]) -> Iterator[tuple[str, Iterator[Any]]]:
        """Yield columns of the runs by part: a digest, empty where it is not known, and Tables."""
        told = getattr(self._source, "pieces", None)
        if told is None:
            yield "", iter([self.table("runs", columns)])
        else:
            yield from told(columns)

    def files(self) -> list[str]:
        """Return the names of the files that are read, each with a hash of its bytes; none: [].

        Rows of them that were replaced stand behind their name.
        """
        told = getattr(self._source, "files", None)
        return [] if told is None else list(told())

    def blocks(self) -> Blocks | None:
        """Return what keeps the pieces of pages; None: nothing does."""
        told = getattr(self._source, "blocks", None)
        found: Blocks | None = None if told is None else told()
        return found

    def feedback(self, run_id: str | None = None) -> list[Feedback]:
        """Return the feedback of one run, or of everything."""
        rows = self.table("cells").to_pylist()
        return [feedback_of(row) for row in rows if run_id is None or row["run_id"] == run_id]

    def to_pandas(self) -> Any:
        """Return a pandas table: one row a run with inputs, outputs and a column a score.

        Scores are `score.NAME`; those of steps are averaged within their run. Other tables are in
        `evalkit.metrics.columns.frames`.
        """
        return import_module(FRAMES).to_pandas(self)

    def __repr__(self) -> str:
        return f"Results({self.experiment!r}, {self.manifest.received} runs)"


def feedback_of(row: Mapping[str, Any]) -> Feedback:
    """Make Feedback from a row of the cells table."""
    values = dict(row)
    score_type = values.pop("score_type", None)
    score = values["score"]
    if score is not None and score_type in ("bool", "int"):
        values["score"] = bool(score) if score_type == "bool" else int(score)
    for name in ("value", "metadata"):
        text = values.get(name)
        values[name] = json.loads(text) if isinstance(text, str | bytes) else text
    values["metadata"] = values["metadata"] or {}
    values["timed_out"] = bool(values.get("timed_out"))
    return Feedback(**values)
