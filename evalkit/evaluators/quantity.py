"""Quantity: numbers as people write them, with their unit, read from text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

UNITS: dict[str, tuple[str, float]] = {
    # name: (what is measured, how many of the base unit)
    **{u: ("time", f) for u, f in (("ms", 1e-3), ("s", 1), ("sec", 1), ("min", 60), ("h", 3600))},
    **{u: ("time", f) for u, f in (("hr", 3600), ("day", 86400), ("week", 604800))},
    **{u: ("time", f) for u, f in (("second", 1), ("minute", 60), ("hour", 3600))},
    **{u: ("length", f) for u, f in (("mm", 1e-3), ("cm", 1e-2), ("m", 1), ("km", 1e3))},
    **{u: ("length", f) for u, f in (("meter", 1), ("metre", 1), ("kilometer", 1e3))},
    **{u: ("length", f) for u, f in (("kilometre", 1e3), ("centimeter", 1e-2), ("inch", 0.0254))},
    **{u: ("length", f) for u, f in (("ft", 0.3048), ("foot", 0.3048), ("feet", 0.3048))},
    **{u: ("length", f) for u, f in (("yard", 0.9144), ("mile", 1609.344))},
    **{u: ("mass", f) for u, f in (("mg", 1e-6), ("g", 1e-3), ("kg", 1), ("gram", 1e-3))},
    **{u: ("mass", f) for u, f in (("kilogram", 1), ("ton", 1e3), ("tonne", 1e3))},
    **{
        u: ("mass", f)
        for u, f in (("lb", 0.45359237), ("pound", 0.45359237), ("oz", 0.028349523125))
    },
    **{u: ("data", f) for u, f in (("b", 1), ("byte", 1), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9))},
    **{u: ("data", f) for u, f in (("tb", 1e12), ("kib", 2**10), ("mib", 2**20), ("gib", 2**30))},
    **{u: ("volume", f) for u, f in (("ml", 1e-3), ("l", 1), ("liter", 1), ("litre", 1))},
    **{u: ("share", f) for u, f in (("%", 0.01), ("percent", 0.01), ("pct", 0.01))},
    **dict.fromkeys(("$", "usd", "dollar"), ("USD", 1.0)),
    **dict.fromkeys(("cent", "¢"), ("USD", 0.01)),
    **dict.fromkeys(("€", "eur", "euro"), ("EUR", 1.0)),
    **dict.fromkeys(("£", "gbp"), ("GBP", 1.0)),
}
SCALES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9}
MINUS = "\u2212"
NUMBER = re.compile(
    r"""(?P<front>[$€£]\s?)?
    (?P<sign>(?<![\w.])[-+\u2212]\s?)?
    (?P<front2>[$€£]\s?)?
    (?<![\w.])
    (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<exponent>[eE][-+]?\d+)?
    (?:\s?/\s?(?P<over>\d+)(?![\d.]*/))?
    (?:\s?(?P<scale>k|thousand|million|mn|billion|bn)\b)?
    (?:\s?(?P<unit>%|¢|€|£|[A-Za-z]+))?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in its base unit (seconds, metres, kilograms, bytes, litres, shares, a currency)."""

    value: float
    measure: str | None = None

    def comparable(self, other: Quantity) -> bool:
        """Say whether both measure the same, or one of them does not say what it measures."""
        return self.measure == other.measure or self.measure is None or other.measure is None


def quantities(text: str) -> Iterator[Quantity]:
    """Yield every number in a text: `1,234.5`, `-3`, `$18`, `3/4`, `25 %`, `1.2e3`, `2 million`."""
    for found in NUMBER.finditer(text):
        quantity = _quantity(found)
        if isfinite(quantity.value):
            yield quantity


def _quantity(found: re.Match[str]) -> Quantity:
    value = float(found["number"].replace(",", "") + (found["exponent"] or ""))
    if found["over"] and float(found["over"]):
        value /= float(found["over"])
    value *= SCALES.get((found["scale"] or "").lower(), 1.0)
    if found["sign"] and found["sign"].strip() in ("-", MINUS):
        value = -value
    unit = (found["front"] or found["front2"] or found["unit"] or "").strip().lower()
    measure, factor = UNITS.get(unit) or UNITS.get(unit.removesuffix("s")) or (None, 1.0)
    return Quantity(value * factor, measure)


def quantity_of(value: Any, pick: str = "last") -> Quantity | None:
    """Return the quantity a value states: a number as it is; of a text its `last` or `first`.

    With `pick = "only"` a text with several different numbers states none.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return Quantity(float(value)) if abs(value) < 1e308 else None
    found = list(quantities(str(value)))
    if not found or (pick == "only" and len(set(found)) > 1):
        return None
    return found[0] if pick == "first" else found[-1]
