"""One mapped value becomes one field of a run: text, times, numbers, lists, status words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson

from evalkit.fetchers.files.reading.findings import unusable
from evalkit.fetchers.files.reading.jsontext import parsed
from evalkit.fetchers.files.reading.quantities import number_of, seconds_of
from evalkit.model.outcome import status_of
from evalkit.model.timing import parse_time

Read = TypeVar("Read")
FALSE: tuple[Any, ...] = (None, False, "", [], {}, 0)

NO_FAILURE = ("none", "unset", "no_error", "no error", "n/a")
"""What tools write where nothing failed."""

CELL_TRUTHS = {
    **dict.fromkeys(("true", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar"), True),
    **dict.fromkeys(("false", "falsch", "faux", "falso", "onwaar"), False),
}
"""What spreadsheets of several languages write for yes and no."""


def to_text(value: Any) -> str | None:
    """Return text as it is, numbers as text; an object or list is no text."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        raise ValueError(f"{_short(value)} is no text")
    return str(value)


def to_identity(value: Any) -> str | None:
    """Return an id as text; empty text is none, and a whole float is written as an integer."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return to_text(value) or None


def to_number(value: Any) -> float | None:
    """Return a finite number, also from text: `1,200`, `$0.012`."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{_short(value)} is no number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{_short(value)} is no number") from None
    except ValueError:
        number = float(_written(value))
    if not math.isfinite(number):
        raise ValueError(f"{_short(value)} is not finite")
    return number


def _written(value: Any) -> float:
    """Return the number of text as people write it; raises `ValueError`."""
    try:
        number = number_of(value)
    except ValueError:
        number = None
    if number is None:
        raise ValueError(f"{_short(value)} is no number")
    return number


def to_duration(value: Any) -> float | None:
    """Return seconds, never negative, also from text with a unit: `350 ms`, `00:01:23`."""
    seconds = to_number(seconds_of(value) if isinstance(value, str) else value)
    if seconds is not None and seconds < 0:
        raise ValueError(f"{_short(value)} is negative")
    return seconds


def to_whole(value: Any) -> int | None:
    """Return a whole number, also from text or a float without a fraction."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = to_number(value)
    if number is None:
        return None
    if not number.is_integer():
        raise ValueError(f"{_short(value)} is no whole number")
    return int(number)


def to_moment(value: Any) -> datetime | None:
    """Return an aware time in UTC from ISO 8601 text or an epoch in s, ms, us or ns."""
    try:
        return parse_time(value)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{_short(value)} is no time") from None


def moment_or_note(value: Any) -> datetime | None:
    """Return a time as `to_moment` does; one that cannot be read costs no more than itself."""
    return _or_note(to_moment, value, "time")


def duration_or_note(value: Any) -> float | None:
    """Return seconds as `to_duration` does; what cannot be read costs no more than itself."""
    return _or_note(to_duration, value, "duration")


def number_or_note(value: Any) -> float | None:
    """Return a number as `to_number` does; what cannot be read costs no more than itself."""
    return _or_note(to_number, value, "number")


def _or_note(read: Callable[[Any], Read | None], value: Any, what: str) -> Read | None:
    try:
        return read(value)
    except ValueError as error:
        unusable(what, error)
        return None


def to_error(value: Any) -> str | None:
    """Return the text of an error; false, zero and everything empty mean there was none."""
    if isinstance(value, str):
        return value or None
    if value in FALSE:
        return None
    if value is True:
        return "error"
    if isinstance(value, dict):
        message = value.get("message") or value.get("error") or value.get("detail")
        kind = value.get("type") or value.get("name") or value.get("code")
        if isinstance(message, str):
            return f"{kind}: {message}" if isinstance(kind, str) else message
    return orjson.dumps(value).decode()


def to_status(value: Any) -> str | None:
    """Return the status in evalkit's words; a word nobody knows is kept as it is."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "success" if value else "error"
    word = (to_text(value) or "").removeprefix("STATUS_CODE_")
    if word.lower() == "unset":
        return "success"  # OpenTelemetry: nothing went wrong
    return status_of(word) or word.strip()


def to_failure(value: Any) -> str | None:
    """Return the status where what is recorded is the failure: "none" and its like are none."""
    if isinstance(value, str) and value.strip().lower() in NO_FAILURE:
        return "success"
    return to_status(value)


def to_names(value: Any) -> tuple[str, ...]:
    """Return a list of texts; one text is a list of one, an object its true keys or pairs."""
    if value is None or value == "":
        return ()
    if isinstance(value, dict):
        return tuple(k if v is True else f"{k}:{v}" for k, v in value.items() if v not in FALSE)
    items = value if isinstance(value, list) else [value]
    return tuple(text for item in items if (text := to_text(item)))


def to_object(value: Any) -> dict[str, Any] | None:
    """Return an object, also from JSON text."""
    if isinstance(value, str):
        value = from_text(value)
    if value is None:
        return None
    if isinstance(value, dict):
        return value
    raise ValueError(f"{_short(value)} is no object")


def to_list(value: Any) -> list[Any]:
    """Return a list, also from JSON text."""
    if isinstance(value, str):
        value = from_text(value)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{_short(value)} is no list")
    return value


def from_text(text: str) -> Any:
    """Return what text holds, JSON or as Python writes it; None for none, other text as it is."""
    try:
        return parsed(text)
    except ValueError:
        return text


def to_plain(value: Any) -> Any:
    """Return any value as it is."""
    return value


def from_cell(value: Any) -> Any:
    """Return what a CSV cell means as a score: numbers and truth values are written as text."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in CELL_TRUTHS:
        return CELL_TRUTHS[word]
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and word.lstrip("-").isdigit() else number


def nested(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value below `path` in an object, making the objects on the way."""
    for name in path[:-1]:
        target = target.setdefault(name, {})
    target[path[-1]] = value


def merged(whole: Any, parts: Mapping[str, Any]) -> Any:
    """Return the object with the parts put in; parts alone make an object."""
    if not parts:
        return whole
    return {**whole, **parts} if isinstance(whole, dict) else dict(parts)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
