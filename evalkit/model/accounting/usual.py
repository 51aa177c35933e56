"""The usual object of usage, read by the plan of its keys: most of a log has the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from evalkit.model.accounting import spellings as names
from evalkit.model.accounting.gathering import TELLS
from evalkit.model.accounting.spellings import (
    FRESH,
    INPUT,
    OUTPUT,
    READ,
    REASONING,
    TOOL_PROMPT,
    TOTAL,
    WRITTEN,
    spelled,
)
from evalkit.model.usage import COSTS, Usage

APART = names.SPLIT_OFF | names.LANGFUSE | names.CAMEL | names.THOUGHTS | {"inputtokenscachewrite"}
"""Names that say, or may say, that a part is counted outside of its whole."""
WORDS = {"currency": "currency", "costsource": "cost_source"}
"""Plain names beside the numbers, and their fields."""


class Plan(NamedTuple):
    """What the keys of an object stand for."""

    numbers: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    told: str | None
    """The currency that the name of a cost tells."""


@lru_cache(maxsize=1024)
def plan_of(keys: tuple[str, ...]) -> Plan | None:
    """Return the field of each key; None where the values must be looked at."""
    fields: dict[str, str] = {}
    words: dict[str, str] = {}
    told = None
    for key in keys:
        name, traced, side, _ = spelled(key)
        word = WORDS.get(name)
        if word is not None and word not in words.values() and not traced and not side:
            words[key] = word
            continue
        field = names.NAMES.get(name)
        if traced or side or field in (None, FRESH, TOOL_PROMPT) or name in APART:
            return None
        if field in fields.values():
            return None
        fields[key] = str(field)
        if field in COSTS:
            told = told or TELLS.get(name[-3:])
    return Plan(tuple(fields.items()), tuple(words.items()), told)


def usual(raw: Mapping[str, Any]) -> Usage | None:
    """Return the usage of an object that is plain counts which fit; None for any other."""
    try:
        plan = plan_of(tuple(raw))
    except TypeError:
        return None
    if plan is None:
        return None
    found: dict[str, Any] = {}
    for key, field in plan.numbers:
        value = raw[key]
        if type(value) is not int and not (type(value) is float and field in COSTS):
            return None
        if not 0 <= value < 1e300:
            return None
        found[field] = value
    given, taken, total = found.get(INPUT), found.get(OUTPUT), found.get(TOTAL)
    if given is None or taken is None or (total is not None and total != given + taken):
        return None
    if found.get(READ, 0) + found.get(WRITTEN, 0) > given or found.get(REASONING, 0) > taken:
        return None
    money: dict[str, Any] = {"currency": plan.told}
    for key, field in plan.words:
        value = raw[key]
        if type(value) is not str or not value.strip():
            return None
        money[field] = value.strip().upper() if field == "currency" else value
    return Usage(**found, **(money if any(field in COSTS for field in found) else {}))
