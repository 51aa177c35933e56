"""Quick: a LangSmith record with its steps inside becomes rows, without an object for each step.

A record is parsed once; payloads are written from what was parsed, each by itself. What is not as
nearly all records are raises `Odd`; `run.py` makes that run. Both ways give the same rows, which a
property test holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec
from orjson import JSONEncodeError, dumps

from evalkit.fetchers.langsmith.convert.quick_records import (
    Base,
    Beside,
    in_order,
    kind_of,
    taken_apart,
)
from evalkit.fetchers.langsmith.convert.quick_usage import usages
from evalkit.fetchers.langsmith.convert.run import KINDS, STATUSES, STOPS, THREAD_KEYS
from evalkit.model.outcome import outcome_of
from evalkit.model.schema.batch import UNSEEN, Odd, RunRows, Times, made_rows, text_of
from evalkit.model.views import error_type

UNKNOWN = re.compile(r"unknown field `(.*?)`(?: - at `\$[^`]*`)?\Z", re.DOTALL)
UNSPEAKABLE = re.compile(r'["\\\x00-\x1f]')
"""What msgspec takes in no name of a field."""
MOST_NAMES = 200
"""Names of fields nobody knows, of all records together, beyond which they go the long way."""
REMEMBERED, SHORT = 4096, 4096
"""How many texts of `extra` are remembered, and of how many bytes at most."""

NOT_OF_ROOTS = ("session_name", "feedback_stats", "evaluation_results", "s3_urls")
"""Fields of a root by which it may be more, or less, than a run of the application."""
_of_step = attrgetter("start_time", "end_time", "first_token_time")


class Reader:
    """Reads the records of one source; remembers which fields they have."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._left: list[tuple[bytes, Callable[[Any], Any]]] = []
        self._extras: dict[bytes, Beside] = {}
        self._times = Times()
        self._kind = self._made_kind()

    def root(self, value: Any) -> Any:
        """Return the record of a root with its steps inside, of what `parsed` made of its text."""
        while True:
            try:
                root = msgspec.convert(value, self._kind)
                break
            except msgspec.ValidationError as error:
                self._learn(str(error))
            except RecursionError:
                raise Odd("steps nested too deeply") from None
        if not root.child_runs or root.run_type is None or root.parent_run_id:
            raise Odd("not a root with its steps inside")
        if root.parent_run_ids or not root.dotted_order or "." in root.dotted_order:
            raise Odd("not a root with its steps inside")
        texts = (root.inputs, root.outputs, root.extra, root.events)
        if any(type(each) is str for each in texts):
            raise Odd("payloads as text")
        names = [self._names[name] for name in NOT_OF_ROOTS if name in self._names]
        if root.attachments or any(getattr(root, name) for name in names):
            raise Odd("more than a run")
        return root

    def rows(self, root: Any, example_id: str | None, repetition: int | None) -> RunRows:
        """Return the rows of a run that answered this example."""
        try:
            return self._rows(root, example_id, repetition)
        except JSONEncodeError:
            raise Odd("nested deeper than text is written") from None

    def _rows(self, root: Any, example_id: str | None, repetition: int | None) -> RunRows:
        placed, parents = in_order(root)
        used, total, details, notes = usages(root, placed, parents)
        steps: list[tuple[Any, ...]] = []
        below: list[bytes] = []
        top, extras, bare = root.id, self._extras, not self._names
        seen, micros = self._times.seen.get, self._times.micros
        for place, record in enumerate(placed):
            taken = extras.get(dumps(record.extra))
            if taken is None or record.metadata is not None:
                taken = self._extra_of(record)
            metadata, known, beside = taken
            left = beside
            if not bare or record.events is not None:
                left = self._leftover(record, beside)
            if left:
                below.append(dumps(record.id) + b":" + left)
            kind, parent = KINDS.get(record.run_type), parents[place]
            if kind is None or (kind == "chain" and known.node == record.name):
                kind, metadata = kind_of(record, known, metadata)
            started, ended = seen(record.start_time, UNSEEN), seen(record.end_time, UNSEEN)
            if started is UNSEEN:
                started = micros(record.start_time)
            if ended is UNSEEN:
                ended = micros(record.end_time)
            first = None if record.first_token_time is None else micros(record.first_token_time)
            if first is None and record.events is not None:
                self._look_at_events(record)
            inputs, outputs = record.inputs, record.outputs
            steps.append((
                record.id, None if parent == top else parent, kind, record.name or "",
                known.named, record.error, started, ended, first, None,
                None if started is None or ended is None else (ended - started) / 1_000_000,
                None if started is None or first is None else (first - started) / 1_000_000,
                *used[place], record.tags or [], details[place],
                None if inputs is None else text_of(inputs),
                None if outputs is None else text_of(outputs), metadata,
            ))  # fmt: skip
        row = self._run_row(root, steps, below, total, details[-1], example_id, repetition)
        return made_rows(row, steps, notes)

    def _run_row(
        self,
        root: Any,
        steps: list[tuple[Any, ...]],
        below: list[bytes],
        total: tuple[Any, ...],
        details: bytes | None,
        example_id: str | None,
        repetition: int | None,
    ) -> tuple[Any, ...]:
        # inputs are those of an example, too
        inputs = None if root.inputs is None else _inside(root.inputs)
        outputs = None if root.outputs is None else text_of(root.outputs)
        if outputs is not None and b'"__interrupt__"' in outputs:
            raise Odd("interrupts")
        metadata, known, beside = self._extra_of(root)
        started, ended, first = map(self._times.micros, _of_step(root))
        if first is None:
            self._look_at_events(root)
        tokens = [time for time in (first, *(step[8] for step in steps)) if time is not None]
        first = min(tokens, default=None)
        status = (root.status or "").lower()
        if not status:
            raise Odd("no status")
        status, stopped = STATUSES.get(status, status), None
        if root.error:
            stopped = STOPS.get(error_type(root.error) or "")
        threads = (root.thread_id, *(getattr(known.meta, key) for key in THREAD_KEYS))
        thread = next(filter(None, threads), None)
        return (
            root.id, thread, known.meta.assistant_id or None, root.name, status,
            outcome_of(status, root.error, stopped, False), stopped, None, example_id, repetition,
            None, ended, started, ended, first, None, None, _seconds(started, ended),
            _seconds(started, first), None, root.error, error_type(root.error), *total,
            root.tags or [], None, True, len(steps), None, details, inputs,
            outputs, metadata or b"{}", None, None, None,
            self._rest(root, beside, below),
        )  # fmt: skip

    def _rest(self, root: Any, beside: bytes, below: list[bytes]) -> bytes | None:
        parts = [left[1:-1]] if (left := self._leftover(root, beside)) else []
        if root.session_id:
            if type(root.session_id) is not str:
                raise Odd("an id that is no text")
            parts.append(b'"session_id":' + dumps(root.session_id))
        elif root.project_id:
            raise Odd("a session under its other name")
        if root.app_path:
            parts.append(b'"app_path":' + dumps(root.app_path))
        if below:
            parts.append(b'"steps":{' + b",".join(below) + b"}")
        return b"{" + b",".join(parts) + b"}" if parts else None

    def _look_at_events(self, record: Any) -> None:
        if b'"new_token"' in dumps(record.events):
            raise Odd("the first token is in the events")

    def _leftover(self, record: Any, beside: bytes) -> bytes:
        """Return the object of what the model has no name for; empty when there is nothing."""
        parts = [key + _inside(value) for key, get in self._left if (value := get(record))]
        if not parts:
            return beside
        if beside:
            parts.append(beside[1:-1])
        return b"{" + b",".join(parts) + b"}"

    def _extra_of(self, record: Any) -> Beside:
        """Return the text of the metadata, what is asked of it, and the object beside it.

        Most records repeat it.
        """
        if record.metadata is not None and record.metadata != {}:
            raise Odd("metadata beside extra")
        text = _inside(record.extra)
        found = self._extras.get(text)
        if found is None:
            found = taken_apart(text)
            if len(text) <= SHORT:
                if len(self._extras) >= REMEMBERED:
                    self._extras.clear()
                self._extras[text] = found
        return found

    def _learn(self, said: str) -> None:
        """Take a field that nobody knows among those that are kept beside."""
        found = UNKNOWN.search(said)
        if found is None or len(self._names) == MOST_NAMES or found[1] in ("steps", "run"):
            raise Odd(said)
        if found[1] in self._names or UNSPEAKABLE.search(found[1]):
            raise Odd(said)  # learning it again would never end
        self._names[found[1]] = f"more_{len(self._names)}"
        self._kind = self._made_kind()

    def _made_kind(self) -> type[Any]:
        more: list[Any] = [("child_runs", "list[Record] | None", None)]
        more += [(field, Any, None) for field in self._names.values()]
        rename = {field: name for name, field in self._names.items()}
        kind: Any = msgspec.defstruct(
            "Record", more, bases=(Base,), rename=rename, forbid_unknown_fields=True, gc=False
        )
        kind.Record = kind  # what the records inside are
        fields = {"events": "events", **self._names}
        self._left = [(dumps(name) + b":", attrgetter(fields[name])) for name in sorted(fields)]
        made: type[Any] = kind
        return made


def _inside(value: Any) -> bytes:
    """Return the text of what is kept beside; refused where the whole of it is nested too deeply.

    That is `{"steps": {"id": {"name": value}}}`.
    """
    return dumps([[[value]]])[3:-3]


def _seconds(start: int | None, end: int | None) -> float | None:
    return None if start is None or end is None else (end - start) / 1_000_000
