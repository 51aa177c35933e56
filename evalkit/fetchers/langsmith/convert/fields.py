"""Reads single fields of LangSmith payloads, v1 and v2 alike: times, texts, numbers, usage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from evalkit.errors import RecordError
from evalkit.model.usage import Usage

Payload = Mapping[str, Any]
NOTHING: dict[str, Any] = {}
SECONDS = len("2026-01-01T00:00:00")
DETAILS = (
    "prompt_token_details",
    "completion_token_details",
    "prompt_cost_details",
    "completion_cost_details",
)


def bad(payload: Payload, path: str, what: str) -> RecordError:
    """Return the error for a field that does not fit, naming the run and the field's path."""
    name = payload.get("id") or payload.get("run_id") or "without an id"
    return RecordError(
        f"langsmith: run {name}, field {path}: {what}. "
        "The payload is not of a form evalkit knows; report it with this line."
    )


def identity(payload: Payload, key: str = "id") -> str:
    """Return a required id; a UUID object of an SDK dump becomes text."""
    value = payload.get(key)
    if value is None or value == "":
        raise bad(payload, key, "is missing")
    return value if type(value) is str else str(value)


def time_of(payload: Payload, key: str) -> datetime | None:
    """Return a time in UTC; v1 sends naive ones, which are UTC already."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        return parsed_time(value)
    except (ValueError, TypeError):
        raise bad(payload, key, f"{value!r} is no time") from None


def parsed_time(value: Any) -> datetime:
    """Read ISO 8601 text (or a datetime) as an aware UTC time."""
    time = datetime.fromisoformat(value) if type(value) is str else value
    if not isinstance(time, datetime):
        raise TypeError(f"{time!r} is no time")
    zone = time.tzinfo
    if zone is UTC:  # what `fromisoformat` gives for Z
        return time
    if zone is not None:
        return time.astimezone(UTC)
    if type(value) is str and len(value) >= SECONDS:  # half the time of `replace`
        return datetime.fromisoformat(f"{value}Z")
    return time.replace(tzinfo=UTC)


def text_of(payload: Payload, key: str) -> str | None:
    """Return a text or `None`; anything else does not fit."""
    value = payload.get(key)
    if value is None or type(value) is str:
        return value
    raise bad(payload, key, f"is {type(value).__name__}, expected text")


def mapping_of(payload: Payload, key: str) -> dict[str, Any]:
    """Return an object, an empty one for null; anything else does not fit."""
    value = payload.get(key)
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return value
    raise bad(payload, key, f"is {type(value).__name__}, expected an object")


def tags_of(payload: Payload) -> tuple[str, ...]:
    """Return the tags."""
    value = payload.get("tags")
    if not value:
        return ()
    if isinstance(value, list | tuple):
        return tuple(str(tag) for tag in value)
    raise bad(payload, "tags", f"is {type(value).__name__}, expected a list")


def metadata_of(payload: Payload) -> dict[str, Any]:
    """Return `extra.metadata` (v2 may give `metadata` beside it)."""
    extra = payload.get("extra")
    metadata = extra.get("metadata") if isinstance(extra, dict) else None
    if metadata is None:
        metadata = payload.get("metadata")
    if metadata is None:
        return NOTHING
    if not isinstance(metadata, dict):
        raise bad(payload, "extra.metadata", f"is {type(metadata).__name__}, expected an object")
    return metadata


def count_of(payload: Payload, key: str) -> int | None:
    """Return a count of tokens."""
    value = payload.get(key)
    if value is None or type(value) is int:
        return value
    number = number_of(payload, key)
    return None if number is None else int(number)


def number_of(payload: Payload, key: str) -> float | None:
    """Return a finite number; v1 writes costs as decimal text."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise bad(payload, key, f"{value!r} is no number") from None
    if not isfinite(number):
        raise bad(payload, key, f"{value!r} is no finite number")
    return number


def first_token_of(payload: Payload) -> datetime | None:
    """Return when the first token came: what the server says, else the first `new_token` event."""
    if payload.get("first_token_time") is not None:
        return time_of(payload, "first_token_time")
    events = payload.get("events")
    if not events:
        return None
    times = [
        event["time"]
        for event in events
        if isinstance(event, dict) and event.get("name") == "new_token" and event.get("time")
    ]
    try:
        return min(map(parsed_time, times), default=None)
    except (ValueError, TypeError):
        raise bad(payload, "events", "holds a new_token without a readable time") from None


def usage_of(payload: Payload) -> Usage | None:
    """Return tokens and costs of this record; all zero is how LangSmith says "not recorded"."""
    if not (
        payload.get("total_tokens")
        or payload.get("prompt_tokens")
        or payload.get("completion_tokens")
        or payload.get("total_cost")
    ):
        return None
    total = count_of(payload, "total_tokens")
    prompt = count_of(payload, "prompt_tokens")
    completion = count_of(payload, "completion_tokens")
    cost = number_of(payload, "total_cost")
    if not (total or prompt or completion or cost):
        return None
    details = {key: _raw(payload[key]) for key in DETAILS if payload.get(key)}
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=total,
        input_cost=number_of(payload, "prompt_cost"),
        output_cost=number_of(payload, "completion_cost"),
        total_cost=cost,
        cache_read_tokens=_detail(details, "prompt_token_details", "cache_read"),
        reasoning_tokens=_detail(details, "completion_token_details", "reasoning"),
        details=details,
    )


def _raw(details: Any) -> Any:
    """v2 wraps the map of categories in `raw`."""
    return (
        details["raw"]
        if isinstance(details, dict) and isinstance(details.get("raw"), dict)
        else details
    )


def _detail(details: Payload, where: str, name: str) -> int | None:
    found = details.get(where)
    value = found.get(name) if isinstance(found, dict) else None
    return int(value) if isinstance(value, int | float) and isfinite(value) else None


def usage_from_model(payload: Payload) -> Usage | None:
    """Return the usage a model call carries itself, for sources that did not add it up.

    Places (docs "log LLM calls"): `outputs.usage_metadata`, `extra.metadata.usage_metadata`, and
    LangChain's `outputs.generations[0][0].message.kwargs.usage_metadata`.
    """
    outputs = payload.get("outputs")
    found = outputs.get("usage_metadata") if isinstance(outputs, dict) else None
    if not isinstance(found, dict):
        found = metadata_of(payload).get("usage_metadata")
    if not isinstance(found, dict):
        found = _generation_usage(outputs)
    if not isinstance(found, dict):
        return None
    inputs, output_details = found.get("input_token_details"), found.get("output_token_details")
    details = {
        key: value
        for key, value in (
            ("prompt_token_details", inputs),
            ("completion_token_details", output_details),
        )
        if value
    }
    usage = Usage(
        input_tokens=count_of(found, "input_tokens"),
        output_tokens=count_of(found, "output_tokens"),
        total_tokens=count_of(found, "total_tokens"),
        input_cost=number_of(found, "input_cost"),
        output_cost=number_of(found, "output_cost"),
        total_cost=number_of(found, "total_cost"),
        cache_read_tokens=_detail(details, "prompt_token_details", "cache_read"),
        reasoning_tokens=_detail(details, "completion_token_details", "reasoning"),
        details=details,
    )
    return usage if usage.total_tokens or usage.total_cost else None


def _generation_usage(outputs: Any) -> Any:
    try:
        message = outputs["generations"][0][0]["message"]
        return (message.get("kwargs") or message).get("usage_metadata")
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
