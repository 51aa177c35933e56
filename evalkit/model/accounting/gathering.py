"""Gathers the numbers of one object of usage, and of those inside it, under what they count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from evalkit.model.accounting import spellings as names
from evalkit.model.accounting.spellings import (
    INPUT,
    OUTPUT,
    REASONING,
    TOTAL,
    WRITTEN,
    plain,
    spelled,
)
from evalkit.model.usage import COSTS

DEEPEST = 4
"""Objects inside objects that are looked into."""
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
TELLS = {"usd": "USD", "eur": "EUR"}
"""Ends of a cost's name that give its currency."""


class Seen(NamedTuple):
    """One number of a source: what it counts, the plain name it had, how much."""

    field: str
    name: str
    amount: float


class Found:
    """What was seen in one object and those inside it."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.details: dict[str, Any] = {}
        self.unknown: list[str] = []
        self.currency: str | None = None
        self.source: str | None = None
        self.models: list[Found] = []
        """What was found in the objects of an object that has one a model."""
        self.marks: set[str] = set()
        """Plain names that tell the way of counting, with or without a number."""
        self.tool = 0
        self.billed: Mapping[str, Any] | None = None
        """What is billed: counts only where nothing else does."""
        self.traced = False
        """Whether names had a tracer's prefix: these count everything inside."""

    def take(self, raw: Mapping[str, Any], depth: int = 0) -> None:
        """Add what an object says; raises `ValueError` for a count that is no number."""
        for key, value in raw.items():
            if value is None or value == "":
                continue
            key = key if type(key) is str else str(key)
            name, traced, side, part = spelled(key)
            self.traced |= traced
            if side is not None:  # flat, as tracers write it
                self._parts(key, side, {part: value})
            elif isinstance(value, Mapping):
                self._inner(key, name, value, depth)
            else:
                self._single(key, name, value)

    def _single(self, key: str, name: str, value: Any) -> None:
        if name == "currency" and isinstance(value, str):
            self.currency = value.strip().upper() or None
        elif name == "costsource" and isinstance(value, str):
            self.source = value
        elif (field := names.NAMES.get(name)) is not None:
            self._count(field, name, value, key)
        elif name == "tool" and type(value) is int:  # Gemini's command line, beside the thoughts
            self.details.setdefault(key, value)
            self.tool = value
        else:
            self._keep(key, name, value)

    def _count(self, field: str, name: str, value: Any, key: str) -> None:
        cost = field in COSTS
        if cost and isinstance(value, str) and value.strip()[:1] in SIGNS:
            self.currency = self.currency or SIGNS[value.strip()[0]]
            value = value.strip()[1:]
        number = amount(value, key, whole=not cost)
        if number is None:
            return
        if cost and name[-3:] in TELLS:
            self.currency = self.currency or TELLS[name[-3:]]
        self.marks.add(name)
        self.seen.append(Seen(field, name, number))

    def _keep(self, key: str, name: str, value: Any) -> None:
        self.details.setdefault(key, value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value:
            self.unknown.append(key)

    def _inner(self, key: str, name: str, value: Mapping[str, Any], depth: int) -> None:
        if key == "details":  # evalkit's own: what it kept of a source before
            self.details.update(value)
            self._reasoning_of(value)
            return
        side = names.SIDES.get(name)
        if side is None and names.NAMES.get(name) in (INPUT, OUTPUT):
            side = names.NAMES[name]
        if side is None and name == "cache":
            side = "cache"
            self.marks.add("cache")
        if side is None and name in names.COST_OBJECTS:
            side = "cost"
        if side is not None:
            self._parts(key, side, value)
        elif name in names.NESTED and name != names.BILLED and depth < DEEPEST:
            self.take(value, depth + 1)
        elif name == names.BILLED:
            self.details.setdefault(key, value)
            self.billed = value
        elif name == "cachecreation":
            self._ephemeral(key, value)
        elif depth < DEEPEST and (of_model := self._of_model(value, depth)) is not None:
            self.models.append(of_model)
        else:
            self.details.setdefault(key, value)

    @staticmethod
    def _of_model(value: Mapping[str, Any], depth: int) -> Found | None:
        """Read an object that one model's counts stand in; None for any other object."""
        found = Found()
        try:
            found.take(value, depth + 1)
        except ValueError:
            return None
        kinds = {each.field for each in found.seen} & {INPUT, OUTPUT, TOTAL}
        return found if len(kinds) > 1 or found.models else None

    def _reasoning_of(self, value: Mapping[str, Any]) -> None:
        """pydantic-ai keeps the count of reasoning tokens under `details`."""
        number = value.get("reasoning_tokens")
        if type(number) is int:
            self.seen.append(Seen(REASONING, "details", number))

    def _parts(self, key: str, side: str, value: Mapping[str, Any]) -> None:
        """Take the known parts of an object whose names are short; the object is kept."""
        inside = value.get("raw")
        inside = inside if isinstance(inside, Mapping) else value
        table = names.PARTS[side]
        for each, number in inside.items():
            field = table.get(plain(str(each)))
            if field is not None and number is not None and not isinstance(number, Mapping | list):
                self._count(field, f"{side} {plain(str(each))}", number, f"{key}.{each}")
        if side != "cost" or "currency" in value:
            self.details.setdefault(key, inside)
        if isinstance(value.get("currency"), str):
            self.currency = value["currency"].upper()

    def _ephemeral(self, key: str, value: Mapping[str, Any]) -> None:
        """Anthropic's writes by how long they are kept: a sum, where no sum is stated."""
        self.details.setdefault(key, value)
        if not any(each.field == WRITTEN for each in self.seen):
            parts = [each for each in value.values() if type(each) is int]
            if parts:
                self.seen.append(Seen(WRITTEN, "ephemeral", sum(parts)))
                self.marks.add("cachecreationinputtokens")

    def settle(self) -> None:
        """Fall back to what is billed where nothing else was counted."""
        if self.billed is not None and not self.seen:
            self.take(self.billed)

    def best(self) -> dict[str, Seen]:
        """Return one number a field: the most telling name that is not zero, else zero."""
        chosen: dict[str, Seen] = {}
        for each in sorted(self.seen, key=_rank):
            old = chosen.get(each.field)
            if old is None or (not old.amount and each.amount):
                chosen[each.field] = each
        return chosen


def _rank(seen: Seen) -> int:
    return names.RANK.get(seen.name, len(names.RANK))


def amount(value: Any, key: str, *, whole: bool) -> float | None:
    """Return a number, also from text; a negative one stands for "not counted".

    Raises `ValueError`, which begins with `key`, for what is no number, is not finite, or is a
    fraction of a whole one.
    """
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{key}: {_short(value)} is no number")
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise ValueError(f"{key}: {_short(value)} is no number") from None
    if not math.isfinite(number):
        raise ValueError(f"{key}: {_short(value)} is not finite")
    if number < 0:
        return None
    if not whole:
        return number
    if not number.is_integer():
        raise ValueError(f"{key}: {_short(value)} is no whole number")
    return int(number)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
