"""Direct records: what a record holds goes straight into a row, without values by name on the way.

Taken are values as nearly all records have them. Anything else is `Odd`, before anything was
counted: that record goes the way of `build_rows`, which gives the same row.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.records_quick import BuiltRows, is_plain
from evalkit.fetchers.files.formats.records_values import READERS, REMEMBERED, Take, remembering
from evalkit.fetchers.files.mapping.build import Builder
from evalkit.fetchers.files.mapping.convert import to_names, to_object, to_plain
from evalkit.fetchers.files.mapping.examples import asked_text
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.mapping import Field
from evalkit.fetchers.unforeseen import UNFORESEEN
from evalkit.model.accounting.reader import read_usage
from evalkit.model.example import Example
from evalkit.model.outcome import outcome_of
from evalkit.model.schema.batch import Odd, Times, made_rows
from evalkit.model.schema.hashes import RUN_NAMES
from evalkit.model.schema.row_values import usage_values
from evalkit.model.views import error_type, unread_alone

YEAR_2, YEAR_9998 = -62_104_060_800_000_000, 253_370_678_400_000_000
"""Microseconds between which no time zone leads out of the years there are."""
EXAMPLE_ID, REPETITION, INPUTS, OUTPUTS = map(
    RUN_NAMES.index, ("example_id", "repetition", "inputs", "outputs")
)
STATUS, OUTCOME, STOPPED, ERROR, ERROR_TYPE = map(
    RUN_NAMES.index, ("status", "outcome", "stopped", "error", "error_type")
)
CREATED, STARTED, ENDED, FIRST = map(
    RUN_NAMES.index, ("created_at", "started_at", "ended_at", "first_token_at")
)
DURATION, FIRST_S, LATENCY, TTFT, QUEUE = map(
    RUN_NAMES.index, ("duration_s", "first_token_s", "latency_s", "ttft_s", "queue_s")
)
COUNTS, TAGS, RECORDED, N_STEPS, DETAILS = map(
    RUN_NAMES.index, ("input_tokens", "tags", "steps_recorded", "n_steps", "usage_details")
)
NO_NOTES: Counter[str] = Counter()
"""Shared by all runs of which nothing is to be said; never added to."""
OF_EXAMPLES: dict[str, Take] = {
    "reference_outputs": to_plain, "split": to_names, "example_metadata": to_object,
}  # fmt: skip


class Taken(NamedTuple):
    """A field of which a column is filled."""

    field: Field
    get: Take
    place: int
    read: Take
    is_path: bool


class Direct:
    """Reads the records of one mapping; counts what its fields gave as `Field.value` does."""

    def __init__(self, builder: Builder) -> None:
        self._builder, self._times = builder, Times()
        self._columns: list[Taken] = []
        self._beside: list[tuple[Field, Take]] = []
        """Fields of usage and of the example."""
        self._outcomes: dict[str, str] = {}
        self._known = False
        for field in builder.fields.fields:
            get, top = field.expression.direct, field.path[0]
            assert get is not None
            if top == "usage" or top in OF_EXAMPLES:
                self._beside.append((field, get))
            else:
                place, is_path = RUN_NAMES.index(top), field.expression.is_path
                self._columns.append(Taken(field, get, place, self._reader(field), is_path))
        self._unsaid = "" if "status" in builder.fields else "success"

    @classmethod
    def of(cls, builder: Builder) -> Direct | None:
        """Return the reader of a mapping; None where one of its fields takes more than a look."""
        fields = builder.fields
        simple = "run_id" in fields.by_name and all(
            field.is_simple and (len(field.path) == 1 or field.path[0] == "usage")
            for field in fields.fields
        )
        return cls(builder) if simple and is_plain(fields) else None

    def _reader(self, field: Field) -> Take:
        if field.name == "status":
            return remembering(field.convert)
        if field.name.endswith("_at"):
            return self._moment
        return READERS[field.name]

    def _moment(self, value: Any) -> int:
        if type(value) is not str:
            raise Odd("no time as text")
        micros = self._times.micros(value)
        if micros is None or not YEAR_2 < micros < YEAR_9998:
            raise Odd("a time at the ends of time")
        return micros

    def rows(self, record: Any) -> BuiltRows | None:
        """Return the row of a record; None where it has to go the long way."""
        if not self._known:  # whether a path leads anywhere is looked at there
            self._known = not any(field.watches for field in self._builder.fields.fields)
            if not self._known:
                return None
        row: list[Any] = [None] * len(RUN_NAMES)
        row[TAGS], row[RECORDED], row[N_STEPS] = [], False, 0
        given: list[Field] = []
        try:
            inputs = outputs = None
            for field, get, place, read, is_path in self._columns:
                raw = get(record)
                if raw is None:
                    continue
                if place == INPUTS:
                    inputs = raw
                elif place == OUTPUTS:
                    outputs = raw
                if raw or type(raw) is not list:
                    given.append(field)
                elif not is_path:
                    raise Odd("a list that nothing came through")
                row[place] = read(raw)
            if row[0] is None:
                return None
            if self._beside:
                beside, usage = self._read_beside(record, given)
                if usage:
                    row[COUNTS:TAGS], row[DETAILS] = usage
            else:
                beside = None
            return self._built(row, inputs, outputs, beside, given)
        except (Odd, *UNFORESEEN):  # told there, with what is said of each field
            return None

    def _read_beside(self, record: Any, given: list[Field]) -> Any:
        """Return what is said of the example, and the columns of usage."""
        example: dict[str, Any] = {}
        stated: Any = {}
        parts: dict[str, Any] = {}
        for field, get in self._beside:
            raw = get(record)
            value = field.convert(raw)
            if raw is None:
                continue
            if value is None or raw == []:
                raise Odd("something that stands for nothing")
            given.append(field)
            if field.path[0] in OF_EXAMPLES:
                example[field.name] = value
            elif len(field.path) == 1:
                stated = value
            else:
                parts[field.path[1]] = value
        usage = read_usage({**stated, **parts}) if stated or parts else None
        if usage is None:
            return example, None
        notes: Counter[str] = Counter()
        values = usage_values(usage, notes)
        if notes:
            raise Odd("usage of which something is to be said")
        return example, values

    def _built(
        self, row: list[Any], inputs: Any, outputs: Any, said: Any, given: list[Field]
    ) -> BuiltRows:
        self._settle(row)
        example, theirs, text = self._example(row, inputs, said)
        unread = unread_alone(inputs, outputs)
        if row[REPETITION] is None and row[EXAMPLE_ID] is not None:
            row[REPETITION] = self._builder.repetitions.next(row[EXAMPLE_ID])
        for field in given:
            field.given += 1
        made = made_rows(tuple(row), [], NO_NOTES, unread)
        return BuiltRows(made, example, theirs, text)

    def _settle(self, row: list[Any]) -> None:
        """Fill the columns that follow from others."""
        error, stopped = row[ERROR], row[STOPPED]
        status = row[STATUS] or ("error" if error else self._unsaid)
        outcome = self._outcomes.get(status) if not (error or stopped) else None
        if outcome is None:
            outcome = outcome_of(status, error, stopped, False)
            if not (error or stopped) and len(self._outcomes) < REMEMBERED:
                self._outcomes[status] = outcome
        row[STATUS], row[OUTCOME] = status, outcome
        created, started, ended, first = row[CREATED], row[STARTED], row[ENDED], row[FIRST]
        row[LATENCY], row[TTFT] = row[DURATION], row[FIRST_S]
        if started is not None:
            if ended is not None:
                row[LATENCY] = (ended - started) / 1_000_000
            if first is not None:
                row[TTFT] = (first - started) / 1_000_000
            if created is not None:
                row[QUEUE] = (started - created) / 1_000_000
        if error:
            row[ERROR_TYPE] = error_type(error)

    def _example(
        self, row: list[Any], inputs: Any, said: dict[str, Any] | None
    ) -> tuple[Example | None, bool, bytes | None]:
        """Return the example where it takes one, whether it is the dataset's, and its text."""
        example_id, dataset = row[EXAMPLE_ID], self._builder.dataset
        if dataset is not None:
            if example_id is None or inputs is None or not dataset.has(example_id):
                raise Odd("an example to be looked for")
            dataset.answer(example_id)
            return None, True, None
        if example_id is None:
            if inputs is None:
                return None, False, None
            example_id = row[EXAMPLE_ID] = digest(inputs)
        if not said:
            return None, False, asked_text(example_id, row[INPUTS] or b"null")
        split: tuple[str, ...] = said.get("split") or ()
        example = Example(
            example_id=example_id,
            inputs=inputs,
            reference_outputs=said.get("reference_outputs"),
            metadata=said.get("example_metadata") or {},
            split=split[0] if len(split) == 1 else split or None,
        )
        return example, False, None
