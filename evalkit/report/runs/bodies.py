"""Bodies: what a page says of a run apart from its scores, written once and kept for later pages.

A block holds 64 runs that follow each other in a page. Its key is a digest of all that its bodies
are made of: the runs' content, the examples' answers, and the evalkit that wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from evalkit.metrics.columns.few import some_rows
from evalkit.model.example import Example
from evalkit.model.results import Blocks, Results
from evalkit.model.run import Run
from evalkit.report.runs import detail, preview, quick
from evalkit.report.runs.traces import written

RUNS = 64
SEEN_OF_RUN = ("content_hash", "updated_at", "example_id")
SEEN_OF_EXAMPLE = ("example_id", "inputs", "reference_outputs", "metadata")


@dataclass(frozen=True, slots=True)
class Body:
    """A run's document as JSON, in two pieces, between which its feedback goes."""

    head: bytes
    steps: bytes
    ids: Sequence[str]
    """Of its steps, in order."""
    asked: str
    answered: str
    """How its input and its output begin."""

    def document(self, cells: Sequence[Any]) -> bytes:
        """Return the JSON of the run with its feedback."""
        feedback = written(detail.of_cells(cells, self.ids))
        return b"".join((self.head, b',"feedback":', feedback, b',"steps":', self.steps, b"}"))


def make(run: Run, example: Example | None) -> Body:
    """Write a body."""
    document = detail.head_of(run, example)
    steps = quick.steps_of(run) or _long(run)
    return Body(
        head=written(document)[:-1],
        steps=steps.text,
        ids=steps.ids,
        asked=preview.of_inputs(preview.input_of(run, example)),
        answered=preview.of_outputs(document["outputs"]),
    )


def _long(run: Run) -> quick.Written:
    """Write the steps one by one."""
    steps = detail.steps_of(run)
    return quick.Written(written(steps), [step["id"] for step in steps])


class Bodies:
    """The bodies of the runs of an experiment at some places, in order; a context manager."""

    def __init__(self, results: Results, places: Sequence[int], stamp: str) -> None:
        self._blocks: Blocks | None = results.blocks() if stamp else None
        self._keys = _keys(results, places, stamp) if self._blocks is not None else []
        self._number = -1
        self._held: list[Body | None] = []
        self._grown = False

    def __enter__(self) -> Bodies:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._flush()
        if self._blocks is not None and kind is None:
            self._blocks.keep(set(self._keys))

    def of(self, place: int, run: Run, example: Example | None) -> Body:
        """Return the body of a run by its place among those."""
        if self._blocks is None:
            return make(run, example)
        number, at = divmod(place, RUNS)
        if number != self._number:
            self._flush()
            self._number = number
            self._held = _read(self._blocks.get(self._keys[number]))
        body = self._held[at]
        if body is None:
            body = self._held[at] = make(run, example)
            self._grown = True
        return body

    def _flush(self) -> None:
        if self._grown and self._blocks is not None:
            self._blocks.put(self._keys[self._number], _block(self._held))
        self._grown = False


def _keys(results: Results, places: Sequence[int], stamp: str) -> list[str]:
    """Return the key of every block."""
    table = results.table("examples", SEEN_OF_EXAMPLE)
    examples = {row[0]: repr(row) for row in _rows(table, SEEN_OF_EXAMPLE)}
    held = some_rows(results, SEEN_OF_RUN, places)
    runs = [row for table in held for row in _rows(table, SEEN_OF_RUN)]
    keys = []
    for first in range(0, len(runs), RUNS):
        seen = [(run, examples.get(run[2] or "")) for run in runs[first : first + RUNS]]
        said = repr((stamp, seen)).encode("utf-8", "surrogatepass")
        keys.append(sha256(said).hexdigest())
    return keys


def _rows(table: Any, names: Sequence[str]) -> Any:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


def _block(held: Sequence[Body | None]) -> bytes:
    there = [(at, body) for at, body in enumerate(held) if body is not None]
    index = [
        (at, len(body.head), len(body.steps), body.ids, body.asked, body.answered)
        for at, body in there
    ]
    head = orjson.dumps(index)
    pieces = [piece for _, body in there for piece in (body.head, body.steps)]
    return b"".join((len(head).to_bytes(8, "little"), head, *pieces))


def _read(data: bytes | None) -> list[Body | None]:
    held: list[Body | None] = [None] * RUNS
    if data is None:
        return held
    at = 8 + int.from_bytes(data[:8], "little")
    for place, size, more, ids, asked, answered in orjson.loads(data[8:at]):
        middle, end = at + size, at + size + more
        held[place] = Body(data[at:middle], data[middle:end], ids, asked, answered)
        at = end
    return held
