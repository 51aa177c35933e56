"""Numbers as text: the one place where a figure becomes what people read.

`static/js/numbers.js` has the same rules for what the page computes itself; a test holds both
together. Exact ties round away from zero, as JavaScript's `toFixed` does.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

DASH = "\u2013"
MINUS = "\u2212"
TOO_FEW = 10
"""Below this many observations a figure is shown without a reading."""


def known(value: float | None) -> bool:
    """Return whether there is a number to show."""
    return value is not None and math.isfinite(value)


def fixed(value: float, places: int) -> str:
    """Write `value` with `places` decimals, thousands separated, a true minus sign."""
    size = Decimal(abs(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{size:,.{places}f}"
    return MINUS + text if value < 0 and size != 0 else text


def duration(seconds: float | None) -> str:
    """Write seconds in the unit people would use: `340 ms`, `2.34 s`, `12.3 s`, `2.5 min`."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    size = abs(seconds)
    if size < 0.0095:
        return fixed(seconds * 1000, 0 if size == 0 else 2) + " ms"
    if size < 0.9995:
        return fixed(seconds * 1000, 0) + " ms"
    if size < 9.995:
        return fixed(seconds, 2) + " s"
    if size < 99.95:
        return fixed(seconds, 1) + " s"
    if size < 5997:
        return fixed(seconds / 60, 1) + " min"
    return fixed(seconds / 3600, 1) + " h"


def percent(share: float | None) -> str:
    """Write a share of 0 to 1 as `78.8%`."""
    if share is None or not math.isfinite(share):
        return DASH
    return fixed(share * 100, 1) + "%"


def number(value: float | None) -> str:
    """Write a plain number: three decimals, fewer when it is large, more when it is tiny."""
    if value is None or not math.isfinite(value):
        return DASH
    size = abs(value)
    if size >= 1000:
        return fixed(value, 0)
    if size >= 100:
        return fixed(value, 1)
    if size != 0 and size < 0.01:
        return _tiny(value)
    return fixed(value, 3)


def _tiny(value: float) -> str:
    """Write three significant digits as JavaScript does: plain down to 1e-6, then `1.2e-7`."""
    digits = 2 - Decimal(value).adjusted()
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP).normalize()
    if abs(rounded) >= Decimal("0.000001"):
        return f"{rounded:f}".replace("-", MINUS)
    mantissa, _, exponent = f"{rounded:e}".partition("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS, 1 if value < 0 else 0)


def count(value: float | None) -> str:
    """Write a whole number with thousands separated."""
    return DASH if value is None or not math.isfinite(value) else fixed(value, 0)


def signed(value: float, text: str) -> str:
    """Put a plus before the text of a positive value; a minus is in it already."""
    return f"+{text}" if value > 0 else text


WRITERS = {"share": percent, "s": duration, "tokens": count, "cost": number, "count": count}


def in_unit(value: float | None, unit: str) -> str:
    """Write `value` in `unit`: `share`, `s`, `tokens`, `cost`, `count`, or as a number of them."""
    if unit == "tokens" and value is not None and math.isfinite(value) and abs(value) < 100:
        return fixed(value, 1)
    if unit and unit not in WRITERS and known(value):
        return f"{number(value)} {unit}"
    return WRITERS.get(unit, number)(value)


def difference(value: float | None, unit: str) -> str:
    """Write a signed difference; shares differ by points (`pp`)."""
    if value is None or not math.isfinite(value):
        return DASH
    if unit == "share":
        return signed(value, fixed(value * 100, 1)) + " pp"
    return signed(value, in_unit(value, unit))


def interval(low: float | None, high: float | None, unit: str, *, change: bool = False) -> str:
    """Write both ends of an interval; an empty text when there is none."""
    if not known(low) or not known(high):
        return ""
    write = difference if change else in_unit
    left = write(low, unit)
    right = write(high, unit)
    if change and unit == "share":
        left = left.removesuffix(" pp")
    return f"{left} to {right}"


def p_value(p: float | None) -> str:
    """Write a p-value: three decimals, or that it is below a thousandth."""
    if p is None or not math.isfinite(p):
        return DASH
    return "< 0.001" if p < 0.001 else fixed(p, 3)


def size(octets: int) -> str:
    """Write a file size."""
    if octets < 1_000_000:
        return fixed(octets / 1000, 0 if octets >= 10_000 else 1) + " KB"
    return fixed(octets / 1_000_000, 1) + " MB"


def times(n: int, one: str, many: str | None = None) -> str:
    """Write `1 run` or `3 runs`."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"
