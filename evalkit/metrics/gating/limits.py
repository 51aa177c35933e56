"""Limits: does a value comply with what a rule asks, and what does `baseline + 10%` ask?"""

from __future__ import annotations

import operator
from collections.abc import Callable

from evalkit.metrics.documents.figures import Curve
from evalkit.metrics.gating.grammar import Gate

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


def complying_share(curve: Curve, op: str, limit: float) -> float:
    """Return the share of examples whose mean complies, from their distribution function."""
    steps = [y - before for y, before in zip(curve.y, [0.0, *curve.y[:-1]], strict=True)]
    return sum(step for x, step in zip(curve.x, steps, strict=True) if complies(op, x, limit))


def shifted(gate: Gate, base: float, unit: str) -> float:
    """Apply `+ 10%`, `- 0.02`, `* 1.1`; percent of a share are points."""
    if gate.quantity is None:
        return base
    if gate.sign == "*":
        return base * gate.quantity.plain
    amount = gate.quantity.plain
    if gate.quantity.unit == "%" and unit != "share":
        amount *= abs(base)
    return base - amount if gate.sign == "-" else base + amount
