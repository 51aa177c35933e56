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
    **{u: ("share", f) for u, f in (("per cent", 0.01), ("\u2030", 1e-3), ("bps", 1e-4))},
}
CURRENCIES = {
    **dict.fromkeys(("$", "us$", "usd", "dollar"), ("USD", 1.0)),
    **dict.fromkeys(("cent", "¢"), ("USD", 0.01)),
    **dict.fromkeys(("€", "eur", "euro"), ("EUR", 1.0)),
    **dict.fromkeys(("£", "gbp"), ("GBP", 1.0)),
    **dict.fromkeys(("¥", "\uffe5", "yen"), ("¥", 1.0)),
    **dict.fromkeys(("₹", "rs", "inr", "rupee"), ("INR", 1.0)),
    **{sign: (sign, 1.0) for sign in "₩₽₺₪₫฿₴₦₱"},
    **{f"{land}$": (f"{land}$", 1.0) for land in ("a", "c", "r", "hk", "nz", "s")},
    **{
        code: (code.upper(), 1.0)
        for code in ("jpy", "cny", "rmb", "chf", "cad", "aud", "nzd", "hkd", "sgd", "sek", "nok")
    },
    **{
        code: (code.upper(), 1.0)
        for code in ("dkk", "pln", "czk", "huf", "brl", "mxn", "zar", "krw", "rub", "try", "ils")
    },
}
UNITS |= CURRENCIES
SCALES = {
    **{"k": 1e3, "thousand": 1e3, "lakh": 1e5, "million": 1e6, "mn": 1e6, "mio": 1e6},
    **{"crore": 1e7, "billion": 1e9, "bn": 1e9, "trillion": 1e12, "tn": 1e12},
    **{"\u4e07": 1e4, "\u842c": 1e4, "\u5104": 1e8, "\u4ebf": 1e8},
}
MONEY_SCALES = {"m": 1e6, "b": 1e9, "t": 1e12}
"""Letters that count millions behind an amount of money, and are units elsewhere."""
MINUS = "\u2212"
SPACE = "[ \u00a0\u2009\u202f\u2007]"
"""A space of any width that may stand between thousands, or between a number and its unit."""
MEASURED = rf"(?:[%\u2030€£¥₹]|(?i:{'|'.join(w for w in (*UNITS, *SCALES) if w.isalpha())})s?\b)"
"""A unit or a scale, which makes the numbers on both sides of a comma one."""
NUMBER = re.compile(
    rf"""(?P<front>(?:(?<![A-Za-z])(?:US|A|C|R|HK|NZ|S))?\$|[€£¥\uffe5₹₩₽₺₪₫฿₴₦₱]
        |(?<![A-Za-z])(?:USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|CAD|AUD|Rs\.?|kr)(?=\s?[-+\d\u2212]))?
    {SPACE}?(?P<sign>(?<![\w.%])[-+\u2212]{SPACE}?)?
    (?P<front2>[$€£¥\uffe5₹]{SPACE}?)?
    (?<![\w.])
    (?P<number>(?!0)\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?![\d]|,\d)
        |\d{{1,3}}(?:\.\d{{3}}){{2,}}(?:,\d+)?(?![\d]|\.\d)
        |\d{{1,3}}(?:\.\d{{3}})+,\d+(?![\d]|[,.]\d)
        |\d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?:\.\d+)?(?![\d]|,\d)
        |\d{{1,3}}(?:{SPACE}\d{{3}})+(?:[.,]\d+)?(?![\d]|[.,]\d)
        |\d{{1,3}}(?:['\u2019_\u066c]\d{{3}})+(?:[.\u066b]\d+)?(?!\d)
        |(?<!\d,)(?:0,\d+|(?:(?<=[$€£¥₹])|(?=[\d,]+{SPACE}?{MEASURED}))\d+,(?:\d{{1,2}}|\d{{4,}}))(?!\d|[,.]\d)
        |\d+(?:[.\u066b]\d+)?|\.\d+)
    (?P<exponent>[eE][-+]?\d+|\s?[x\u00d7]\s?10(?:\^[-+\u2212]?\d+|[\u207b\u207a]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+))?
    (?:{SPACE}?/{SPACE}?(?P<over>\d+)(?![\d.]*/))?
    (?:{SPACE}?(?P<scale>k|(?i:thousand|lakhs?|crores?|million|mn|mio|billion|bn|trillion|tn))\b
        |(?P<han>[\u4e07\u842c\u5104\u4ebf]))?
    (?:{SPACE}?(?P<unit>%|\u2030|¢|[€£¥₹₩₽₺₪₫฿₴₦₱$]|per\ cent\b
        |[A-Za-z\u00b5\u03bc]+(?:[\u00b2\u00b3]|\^-?\d|[23](?![\w.]))?(?:/[A-Za-z]+[\u00b2\u00b3]?)?))?""",
    re.VERBOSE,
)
COMMA = re.compile(r"0,\d+|\d+,(?:\d{1,2}|\d{4,})")
"""A decimal comma: what follows it cannot be thousands."""
DIGIT = re.compile(r"\d")
FRONT = 8
"""Letters that may stand before the first digit: a currency, a sign, spaces, a point."""
POWERS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a\u2212",
    "0123456789-+-",
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in its base unit (seconds, metres, kilograms, bytes, litres, shares, a currency)."""

    value: float
    measure: str | None = None
    stated: float | None = None
    """The number as it was written, before its unit was applied; `None`: the same."""

    def comparable(self, other: Quantity) -> bool:
        """Say whether both measure the same, or one of them does not say what it measures."""
        return self.measure == other.measure or self.measure is None or other.measure is None

    def readings(self, other: Quantity) -> list[tuple[float, float]]:
        """Return the pairs of numbers that may be compared: what both say, in one unit.

        Where one of them has no unit the numbers count as they were written; a percentage is also
        the share it is (`50%` is 50, and 0.5).
        """
        if not self.comparable(other):
            return []
        if self.measure == other.measure:
            return [(self.value, other.value)]
        pairs = [(self.written, other.written)]
        if "share" in (self.measure, other.measure):
            pairs.append((self.value, other.value))
        return pairs

    @property
    def written(self) -> float:
        """The number as it was written."""
        return self.value if self.stated is None else self.stated


def quantities(text: str) -> Iterator[Quantity]:
    """Yield every number in a text: `1,234.5`, `-3`, `$18`, `3/4`, `25 %`, `1.2e3`, `2 million`.

    Thousands may be parted by commas (also `1,00,000`), spaces of any width, apostrophes,
    underscores, and by dots where two of them or a decimal comma leave no doubt (`1.234.567`,
    `1.234,5`); one dot is a decimal point. A comma that cannot part thousands is a decimal one
    behind a zero (`0,125`) and where a unit makes one number of it (`12,5 %`, `€2,50`, `1,5 km`);
    else it stands between two numbers (`3,5`).
    """
    end, digit = 0, DIGIT.search(text)
    while digit is not None:
        # The pattern is long, so it is tried only where a number can begin.
        found = NUMBER.search(text, max(end, digit.start() - FRONT))
        if found is None:
            return
        end = found.end()
        quantity = _quantity(found)
        if quantity is not None and isfinite(quantity.value):
            yield quantity
        digit = DIGIT.search(text, end)


def _quantity(found: re.Match[str]) -> Quantity | None:
    digits = found["number"]
    try:
        value = float(_plain_number(digits) + _exponent(found["exponent"]))
    except (ValueError, OverflowError):
        return None
    if found["over"] and float(found["over"]):
        value /= float(found["over"])
    unit = _unit(found["unit"])
    front = (found["front"] or found["front2"] or "").strip().rstrip(".").lower()
    scale = (found["scale"] or found["han"] or "").lower()
    value *= SCALES.get(scale) or SCALES.get(scale.removesuffix("s")) or 1.0
    if front:
        value *= MONEY_SCALES.get(unit, 1.0)
        unit = front
    if found["sign"] and found["sign"].strip() in ("-", MINUS):
        value = -value
    measure, factor = UNITS.get(unit) or UNITS.get(unit.removesuffix("s")) or (None, 1.0)
    if measure is None and COMPOUND.search(unit) and COMPOUND.split(unit)[0] in UNITS:
        measure = unit  # m2, km/h: another measure than that of its first letters
    return Quantity(value * factor, measure, value if factor != 1.0 else None)


COMPOUND = re.compile(r"/|\^|2|3")


def _unit(text: str | None) -> str:
    word = (text or "").lower()
    return word.translate(POWERS) if not word.isascii() else word


def _plain_number(digits: str) -> str:
    """Return digits as Python reads them: thousands marks out, the decimal mark a point."""
    if digits.isdigit():
        return digits
    plain = re.sub(r"[\s'\u2019_\u066c]", "", digits).replace("\u066b", ".")
    if "," not in plain:
        return plain.replace(".", "") if plain.count(".") > 1 else plain
    last_comma, last_dot = plain.rfind(","), plain.rfind(".")
    if last_dot > last_comma:
        return plain.replace(",", "")
    spaced = len(plain) < len(digits)
    if last_dot >= 0 or spaced or COMMA.fullmatch(plain):  # 1.234,5 and 10 000,5 and 12,5
        return plain.replace(".", "").replace(",", ".")
    return plain.replace(",", "")


def _exponent(text: str | None) -> str:
    if not text:
        return ""
    if text[0] in "eE":
        return text
    power = text.partition("10")[2].removeprefix("^").translate(POWERS)
    return f"e{power}"


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
