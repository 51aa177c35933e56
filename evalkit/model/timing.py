"""Times: aware UTC datetimes in, seconds out."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_between(
    start: datetime | None, end: datetime | None, stated: float | None
) -> float | None:
    """Return the seconds between two times, else what the source stated, else `None`."""
    if start is not None and end is not None:
        return (end - start).total_seconds()
    return stated


def as_utc(value: datetime) -> datetime:
    """Return the time in UTC; a time without a zone is taken to be UTC already."""
    if value.tzinfo is UTC:  # what `fromisoformat` gives for Z; `astimezone` is not for free
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def parse_time(value: object) -> datetime | None:
    """Read a time from ISO 8601 text or an epoch in s, ms, us or ns; `None` stays `None`.

    Epochs are told apart by their size: below 1e11 they are seconds, below 1e14 milliseconds,
    below 1e17 microseconds, else nanoseconds. What is no time raises `ValueError`.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return as_utc(value)
    if isinstance(value, str):
        try:
            return as_utc(datetime.fromisoformat(value.strip()))
        except ValueError:
            value = float(value)  # an epoch written as text
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no time")
    for limit, unit in ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if abs(value) < limit:
            return datetime.fromtimestamp(value / unit, UTC)
    raise ValueError(f"{value!r} is no time")
