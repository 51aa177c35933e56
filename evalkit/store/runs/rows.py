"""Rows: runs and steps of a stored part, whose fields are read and decoded when they are touched.

A batch is one row group. A column is read when its first row is touched; what was touched in one
batch is read in one go in the next (`Touched`). Payloads stay JSON text in Arrow's buffers until
somebody asks for them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.run import Run
from evalkit.model.schema.content import from_micros
from evalkit.model.score import Feedback
from evalkit.model.step import Step
from evalkit.model.usage import MONEY_WORDS, USAGE_FIELDS, Usage
from evalkit.store.disk.opened import PartFile
from evalkit.store.runs.decoded import Getter, integers, is_text, json_getter, lists, plain, texts
from evalkit.store.runs.raw import raw_steps

STEP_PREFIX = "steps.list.element."
EMPTY: dict[str, Callable[[], Any]] = {
    "metadata": lambda: None,
    "attachments": dict,
    "extra": dict,
    "interrupts": tuple,
    "feedback": tuple,
}
JSON_FIELDS = frozenset({"inputs", "outputs", "metadata", "attachments", "extra", "usage_details"})
TIMES = frozenset({"created_at", "updated_at", "started_at", "ended_at", "first_token_at"})
COLUMN_OF = {"latency": "latency_s"}


class Touched:
    """The columns somebody has asked for so far, in this order; shared by batches."""

    def __init__(self, names: Iterator[str] | tuple[str, ...] = ()) -> None:
        self.names: dict[str, None] = dict.fromkeys(names)
        self.of_steps: set[str] = set()
        """Texts that were asked for step by step, not only searched for."""

    def add(self, names: list[str]) -> None:
        """Remember columns, so that the next batch reads them in one go."""
        self.names.update(dict.fromkeys(names))


class Batch:
    """The columns of one row group, read as they are needed."""

    def __init__(self, part: PartFile, group: int, touched: Touched) -> None:
        self._part, self._group, self._touched = part, group, touched
        self._columns: dict[str, pa.Array] = {}
        self._offsets: Any = None
        if touched.names:
            self._read(list(touched.names))

    def columns(self, names: list[str]) -> list[pa.Array]:
        """Return columns of the runs (or `steps.list.element.<field>`) as one array each."""
        missing = [name for name in names if name not in self._columns]
        if missing:
            self._read(missing)
            self._touched.add(missing)
        return [self._columns[name] for name in names]

    def _table(self, names: list[str]) -> pa.Table:
        return self._part.read_groups([self._group], names)

    def _read(self, names: list[str]) -> None:
        table = self._table(names)
        for name in names:
            if not name.startswith(STEP_PREFIX):
                self._columns[name] = one_array(table.column(name))
        if any(name.startswith(STEP_PREFIX) for name in names):
            lists = one_array(table.column("steps"))
            self._offsets = memoryview(lists.offsets.buffers()[1]).cast("i")
            struct = lists.values
            for name in names:
                if name.startswith(STEP_PREFIX):
                    self._columns[name] = struct.field(name.removeprefix(STEP_PREFIX))

    @property
    def of_steps(self) -> set[str]:
        """Texts of steps somebody asked for step by step, here or in batches before."""
        return self._touched.of_steps

    @property
    def step_offsets(self) -> Any:
        """Where the steps of each run begin among the steps of the batch; one more at the end."""
        if self._offsets is None:
            self.columns([STEP_PREFIX + "kind"])
        return self._offsets


class Fields(dict[Any, Getter]):
    """The fields of one kind of row in a batch: field -> row -> value; the `_source` of its rows.

    A field's getter is made when the first row asks for it.
    """

    prefix = ""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.batch = batch

    def __missing__(self, name: Any) -> Getter:
        """Make the getter of a field."""
        getter = self[name] = self.make(name)
        return getter

    def column(self, name: str) -> pa.Array:
        """Return one of this kind's columns."""
        return self.batch.columns([self.prefix + name])[0]

    def make(self, name: Any) -> Getter:
        """Return what decodes a field."""
        if name == "usage":
            return self._usage()
        if name == "tags":
            return lists(self.column(name))
        if name in JSON_FIELDS:
            return json_getter(self.column(name), EMPTY.get(name, lambda: None))
        if name in TIMES:
            values = integers(self.column(name))
            return lambda row: from_micros(values[row])
        return plain(self.column(COLUMN_OF.get(name, name)))

    def _usage(self) -> Getter:
        names = [*USAGE_FIELDS, *MONEY_WORDS, "usage_details"]
        columns = [plain(c) for c in self.batch.columns([self.prefix + name for name in names])]

        def get(row: int) -> Usage | None:
            values = [column(row) for column in columns]
            if all(value is None for value in values):
                return None
            details = values.pop()
            named = dict(zip((*USAGE_FIELDS, *MONEY_WORDS), values, strict=True))
            return Usage(**named, details=orjson.loads(details) if details else {})

        return get


class StepFields(Fields):
    """Loads the fields of steps; rows count through all steps of the batch."""

    prefix = STEP_PREFIX

    def make(self, name: Any) -> Getter:
        """Return what decodes a field."""
        if name == "metadata":
            return json_getter(self.column(name), dict)
        if name in ("kind", "name"):
            self.batch.of_steps.add(name)
        return super().make(name)


class RunFields(Fields):
    """Loads the fields of runs."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.steps = StepFields(batch)

    def make(self, name: Any) -> Getter:
        """Return what decodes a field."""
        if isinstance(name, tuple):
            return self._find(*name[1:]) if name[0] == "find" else self._raw(name[1])
        if name in ("steps", "make"):
            return self._places() if name == "steps" else self._make()
        if name == "interrupts":
            decode = json_getter(self.column(name), tuple)
            return lambda row: tuple(decode(row))
        if name == "feedback":
            return self._feedback()
        return super().make(name)

    def _raw(self, names: Sequence[str]) -> Getter:
        columns = self.batch.columns([STEP_PREFIX + name for name in names])
        return raw_steps(names, columns, self.batch.step_offsets)

    def _find(self, name: str | None, kind: str | None) -> Getter:
        """Return what finds steps: one search in the whole batch, then a slice a run."""
        wanted = {"kind": kind, "name": name}
        tests = [
            is_text(self.steps.column(field), value)
            for field, value in wanted.items()
            if value is not None
        ]
        found = pc.indices_nonzero(reduce(pc.and_, tests))
        fits = memoryview(found.buffers()[1]).cast("Q")[: len(found)].tolist() if found else []
        ends = list(map(partial(bisect_left, fits), self.batch.step_offsets))
        return lambda row: fits[ends[row] : ends[row + 1]]

    def _make(self) -> Callable[..., list[Step]]:
        """Return what makes steps, but for those that were made already.

        What the steps of earlier batches were asked for is set, the rest is loaded when touched.
        """
        source, new = self.steps, Step.__new__
        slots = ("_source", "_row", "kind", "name", "_owner")
        set_source, set_row, set_kind, set_name, set_owner = (Step._setters[n] for n in slots)
        (kinds, kind_of), (names, name_of) = (
            texts(self.steps.column(field)) if field in self.batch.of_steps else ([], ())
            for field in ("kind", "name")
        )

        def make(places: Iterable[int], owner: Any, made: dict[int, Step]) -> list[Step]:
            steps = []
            for place in places:
                step = made.get(place)
                if step is None:
                    step = made[place] = new(Step)
                    set_source(step, source)
                    set_row(step, place)
                    if kinds:
                        set_kind(step, kinds[kind_of[place]])
                    if names:
                        set_name(step, names[name_of[place]])
                    set_owner(step, owner)
                steps.append(step)
            return steps

        return make

    def _places(self) -> Getter:
        offsets = self.batch.step_offsets
        return lambda row: range(offsets[row], offsets[row + 1])

    def _feedback(self) -> Getter:
        names = ("run_id", "example_id", "repetition")
        owners = [plain(column) for column in self.batch.columns(list(names))]
        decode = json_getter(self.column("feedback"), tuple)

        def get(row: int) -> tuple[Feedback, ...]:
            owner = {name: values(row) for name, values in zip(names, owners, strict=True)}
            return tuple(Feedback(**owner, **item, source="recorded") for item in decode(row))

        return get


def runs_of(part: PartFile, group: int, touched: Touched) -> list[Run]:
    """Return the runs of one row group."""
    source = RunFields(Batch(part, group, touched))
    return [Run._lazy(source, row) for row in range(part.group_rows(group))]


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
