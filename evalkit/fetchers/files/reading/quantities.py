"""Numbers and durations written as text: `1,200`, `350 ms`, `1.5s`, `00:01:23`, `PT1M3S`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

WRITTEN = re.compile(
    r"\s*[$€£¥~≈]?\s*([-+]?(?:\d{1,3}(?:[,_' \u00a0\u202f]\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?)"
    r"\s*([A-Za-zµμ%$€£¥]*)\.?\s*"
)
MONEY = "$€£¥"
SIGNS = f"%{MONEY}"
THOUSANDS = {"k": 1e3, "K": 1e3, "M": 1e6}
"""What is written short: `1.2k` tokens."""
COMMA = re.compile(
    r"^(\D*\d+|\D*\d{1,3}(?:[ \u00a0\u202f']\d{3})+),(\d{1,2}|\d{4,}|(?<=\b0,)\d{3})(?=\D*$)"
)
"""A comma that is no thousands mark: what a spreadsheet in most of Europe writes for a point."""
POINTS = re.compile(r"\d{1,3}(?:\.\d{3})+(?=,\d+\D*$)")
"""Points that are thousands marks, for a decimal comma follows."""
CLOCK = re.compile(r"\s*(?:(\d+) days?,? )?(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?\s*")
ISO = re.compile(r"\s*P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?\s*")
PARTS = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-zµμ]+)")
SECONDS = {
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-9),
    **dict.fromkeys(("us", "µs", "μs", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}


def number_of(value: Any) -> float | int | None:
    """Return the number that a value is or that its text holds, its unit left aside.

    Raises `ValueError` for anything else; empty text is None.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and not value.strip():
        return None
    found = _written(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r:.60} is no number")
    digits = re.sub(r"[,_' \u00a0\u202f]", "", found[1])
    number = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    return number if found[2] not in THOUSANDS else _whole(number * THOUSANDS[found[2]])


def _whole(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _written(text: str) -> re.Match[str] | None:
    """Return the digits and the unit of an amount, whichever way its points and commas stand."""
    text = POINTS.sub(lambda found: found[0].replace(".", ""), text)
    found = WRITTEN.fullmatch(COMMA.sub(r"\1.\2", text))
    return found if found is not None and re.search(r"\d", found[1]) else None


def unit_of(value: Any) -> str | None:
    """Return the unit of an amount where it changes its size: of time, a share, a currency.

    Empty for a bare number; None for what is no amount, and for words that only name the thing.
    """
    if not isinstance(value, str):
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else None
    found = _written(value)
    if found is None:
        return None
    if found[2] in THOUSANDS:
        return ""
    unit = (found[2] if found[2] in SECONDS else found[2].lower()) or value.strip()[0]
    return unit if unit in SECONDS or unit in SIGNS else None if found[2] else ""


def mixed(units: Collection[str]) -> bool:
    """Tell whether amounts of these units cannot stand beside each other as bare numbers."""
    sizes = {SECONDS.get(unit, unit) for unit in units if unit}
    return len(sizes) > 1 or ("" in units and bool(sizes) and not sizes <= set(MONEY))


def seconds_of(value: Any, unit: str = "") -> float | None:
    """Return seconds from a number, whose unit is given, or from text; raises `ValueError`.

    Text that states its unit is read by that.
    """
    if not isinstance(value, str):
        bare = number_of(value)
        return bare if bare is None or not unit else bare * SECONDS[unit]
    if (clock := CLOCK.fullmatch(value)) is not None:
        days, first, second, third = (float(part or 0) for part in clock.groups())
        if clock[4] is None:
            return days * 86400 + first * 60 + second
        return days * 86400 + first * 3600 + second * 60 + third
    if value.strip().startswith("P") and (iso := ISO.fullmatch(value)) is not None:
        days, hours, minutes, rest = (float(part or 0) for part in iso.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + rest
    parts = PARTS.findall(value)
    if len(parts) > 1 and not PARTS.sub("", value).strip(" ,"):
        return sum(float(amount) * _unit(unit, value) for amount, unit in parts)
    number, found = number_of(value), _written(value)
    return None if number is None or found is None else number * _unit(found[2] or unit, value)


def _unit(word: str, value: str) -> float:
    unit = SECONDS.get(word) or SECONDS.get(word.lower())
    if unit is None:
        raise ValueError(f"{value!r:.60}: {word!r} is no unit of time")
    return unit
