"""Reads single fields of LangSmith payloads, v1 and v2 alike: times, texts, numbers, usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from evalkit.errors import RecordError
from evalkit.model.accounting.reader import read_usage
from evalkit.model.usage import Usage

Payload = Mapping[str, Any]
NOTHING: dict[str, Any] = {}
SECONDS = len("2026-01-01T00:00:00")
CURRENCY = "USD"
"""What LangSmith computes costs in."""
DETAILS = (
    "prompt_token_details",
    "completion_token_details",
    "prompt_cost_details",
    "completion_cost_details",
)
STATED = (
    *("total_tokens", "prompt_tokens", "completion_tokens"),
    *("total_cost", "prompt_cost", "completion_cost"),
    *DETAILS,
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
    get = payload.get
    total, prompt, completion = (
        get("total_tokens"), get("prompt_tokens"), get("completion_tokens")
    )  # fmt: skip
    if not (total or prompt or completion or get("total_cost")):
        return None
    details = {key: _raw(payload[key]) for key in DETAILS if get(key)}
    if type(prompt) is int and type(completion) is int and prompt + completion == total:
        usage = _usual(payload, prompt, completion, details)
    else:
        usage = None
    if usage is None:
        usage = _read(payload, {key: payload[key] for key in STATED if get(key) is not None})
    if usage is None or not (usage.total_tokens or usage.output_tokens or usage.total_cost):
        return None
    return usage


def _usual(payload: Payload, prompt: int, completion: int, details: dict[str, Any]) -> Usage | None:
    """Return what `read_usage` says of a record as servers write it, without the detour."""
    given, taken = details.get("prompt_token_details"), details.get("completion_token_details")
    read, written = _part(given, "cache_read"), _part(given, "cache_creation")
    reasoning = _part(taken, "reasoning")
    if (read or 0) + (written or 0) > prompt or (reasoning or 0) > completion:
        return None
    cost = number_of(payload, "total_cost")
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=prompt + completion,
        input_cost=number_of(payload, "prompt_cost"),
        output_cost=number_of(payload, "completion_cost"),
        total_cost=cost,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=reasoning,
        currency=None if cost is None else CURRENCY,
        details=details,
    )


def _part(details: Any, name: str) -> int | None:
    value = details.get(name) if isinstance(details, dict) else None
    return value if type(value) is int else None


def _raw(details: Any) -> Any:
    """v2 wraps the map of categories in `raw`."""
    inner = details.get("raw") if isinstance(details, dict) else None
    return inner if isinstance(inner, dict) else details


def usage_from_model(payload: Payload) -> Usage | None:
    """Return the usage a model call carries itself, for sources that did not add it up.

    Places (docs "log LLM calls"): `outputs.usage_metadata`, `extra.metadata.usage_metadata`,
    LangChain's `outputs.generations[0][0].message.kwargs.usage_metadata` and `llm_output`, and the
    `usage` of a provider's own answer, which the wrappers of its client keep whole.
    """
    outputs = payload.get("outputs")
    outputs = outputs if isinstance(outputs, dict) else NOTHING
    about = outputs.get("llm_output")
    about = about if isinstance(about, dict) else NOTHING
    places = (outputs.get("usage_metadata"), metadata_of(payload).get("usage_metadata"),
              _generation_usage(outputs), about.get("token_usage"), about.get("usage"),
              outputs.get("usage"), outputs.get("usageMetadata"))  # fmt: skip
    for found in places:
        usage = _read(payload, found) if isinstance(found, dict) and found else None
        if usage is not None and (usage.total_tokens or usage.total_cost or usage.notes):
            return usage
    return None


def _read(payload: Payload, stated: Payload) -> Usage | None:
    try:
        usage = read_usage(stated)
    except ValueError as error:
        path, _, what = str(error).partition(": ")
        raise bad(payload, path, what) from None
    if usage is None or usage.total_cost is None or usage.currency is not None:
        return usage
    return replace(usage, currency=CURRENCY)


def _generation_usage(outputs: Any) -> Any:
    try:
        message = outputs["generations"][0][0]["message"]
        return (message.get("kwargs") or message).get("usage_metadata")
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
