"""Limits: whether a value is on the side of a limit that a rule asks for."""

from __future__ import annotations

import operator
from collections.abc import Callable

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
ROUNDING = 1e-9
"""Room given to limits, so that 0.9 written is 0.9 measured."""


def complies(op: str, value: float, limit: float) -> bool:
    """Tell whether a value complies, with room for how numbers are written."""
    room = ROUNDING * max(1.0, abs(limit))
    if op in (">=", "<="):
        return OPERATORS[op](value, limit - room if op == ">=" else limit + room)
    equal = abs(value - limit) <= room
    return equal if op == "==" else not equal if op == "!=" else OPERATORS[op](value, limit)
