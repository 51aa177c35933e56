"""Quick: the steps of a stored run written as JSON without making a step, from text as it lies.

Payloads were written as JSON when they were stored and stand in the document as they are. What a
page holds in another way (texts that begin with NUL, numbers beyond a browser's) goes the long way,
`detail.steps_of`; both write the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from orjson import Fragment

from evalkit.model.parents import parents_of
from evalkit.model.run import Run
from evalkit.model.usage import COSTS, COUNTS, USAGE_FIELDS
from evalkit.report.runs.detail import reading
from evalkit.report.runs.traces import NUL

NAMES = (
    "step_id", "parent_id", "kind", "name", "model", "started_at", "latency_s", "first_token_at",
    "error", "inputs", "outputs", "metadata", "tags", "currency", "cost_source", "usage_details",
    *USAGE_FIELDS,
)  # fmt: skip
RAW = ("raw", NAMES)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READ = frozenset(("llm", "retriever"))
"""Kinds of steps of which people read more than what went in and came out."""
NOTHING = Fragment(b"{}")
DIGITS = bytes(48 if 48 <= byte < 58 else 46 if byte == 46 else 32 for byte in range(256))
"""Digits become 0, points stay, all else is a space."""
MANY = b" " + b"0" * 16
"""A whole number that may be none in a browser, as `DIGITS` shows it."""


class Written(NamedTuple):
    """The steps of a run."""

    text: bytes
    ids: list[str]


def steps_of(run: Run) -> Written | None:
    """Return the steps of a run of a store; None where they have to be written the long way."""
    source = run._source
    if source is None:
        return None
    rows = list(source[RAW](run._row))
    ids = [row[0] for row in rows]
    parents = parents_of(ids, [row[1] for row in rows])
    start = _start(run.started_at, rows)
    try:
        text = orjson.dumps(
            [_step(row, place, start) for row, place in zip(rows, parents, strict=True)],
            option=orjson.OPT_STRICT_INTEGER,
        )
    except TypeError:
        return None
    if NUL in text or MANY in text.translate(DIGITS):
        return None
    return Written(text, ids)


def _start(started_at: datetime | None, rows: list[tuple[Any, ...]]) -> int | None:
    """Return when the run began, in microseconds, else its first step."""
    if started_at is None:
        return min((row[5] for row in rows if row[5] is not None), default=None)
    since = started_at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _step(row: tuple[Any, ...], parent: int, start: int | None) -> dict[str, Any]:
    (
        step_id, _, kind, name, model, started, latency, first,
        error, inputs, outputs, metadata, tags, *_,
    ) = row  # fmt: skip
    out = {
        "id": step_id,
        "parent": parent,
        "kind": kind,
        "name": name,
        "model": model,
        "start": None if started is None or start is None
        else max(0.0, round((started - start) / 1_000_000, 6)),
        "dur": latency,
        "ttft": None if started is None or first is None else (first - started) / 1_000_000,
        "error": error,
        "in": Fragment(inputs) if inputs else None,
        "out": Fragment(outputs) if outputs else None,
        "usage": _usage(row),
        "metadata": Fragment(metadata) if metadata else NOTHING,
        "tags": tags or (),
    }  # fmt: skip
    if kind in READ:
        out |= reading(kind, _value(inputs), _value(outputs))
    return out


def _value(text: bytes | None) -> Any:
    return orjson.loads(text) if text else None


AT = NAMES.index(USAGE_FIELDS[0])
BESIDE = slice(AT - 3, AT)
EMPTY = (None,) * len(USAGE_FIELDS)


def _usage(row: tuple[Any, ...]) -> dict[str, Any] | None:
    counts = row[AT:]
    if counts == EMPTY:
        return None if row[BESIDE] == (None, None, None) else {}
    found = dict(zip(USAGE_FIELDS, counts, strict=True))
    for first, second, both in (COUNTS[:3], COSTS):
        one, other = found[first], found[second]
        if found[both] is None and one is not None and other is not None:
            found[both] = one + other  # as a usage says of itself
    return {name: value for name, value in found.items() if value is not None}
