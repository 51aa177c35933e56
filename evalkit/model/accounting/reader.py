"""Reads what a source says of tokens and money, under whatever names, into one meaning.

Input is everything that was sent, cached parts included; output is everything that was generated,
reasoning included; what was read from a cache, written to one, and reasoning are parts of these.
Sources count in four ways: everything inside; Anthropic's, whose input leaves the cache out; split,
which leaves reasoning out too; Gemini's, whose output leaves the thoughts out. Which one it is, the
names tell; a stated total decides where it fits only one; a part is never larger than its whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from evalkit.model.accounting import spellings as names
from evalkit.model.accounting.gathering import Found, Seen
from evalkit.model.accounting.spellings import (
    FRESH,
    INPUT,
    OUTPUT,
    READ,
    REASONING,
    TOOL_PROMPT,
    TOTAL,
    WRITTEN,
)
from evalkit.model.accounting.usual import usual
from evalkit.model.usage import COSTS, Usage, total_usage

UNKNOWN = "usage under names evalkit does not know, not counted"
SHORT_TOTAL = "total_tokens stated below input and output together; their sum is used"


def read_usage(raw: Mapping[str, Any]) -> Usage | None:
    """Return what an object says of tokens and cost; what has no name of ours goes to `details`.

    Counts may stand in objects inside it, one a model, or under `tokens`, `usage` and the like.
    Numbers of which none has a known name give a usage without counts, and a note that names them.
    Raises `ValueError` for a count that is no number. An object without any number is None.
    """
    if (plain := usual(raw)) is not None:
        return plain
    found = Found()
    found.take(raw)
    found.settle()
    return _finished(found)


def usage_or_note(raw: Any) -> Usage | None:
    """Return what an object says, and for counts that cannot be read a usage that notes it."""
    if not isinstance(raw, Mapping):
        return None
    try:
        return read_usage(raw)
    except ValueError as error:
        return Usage(details=dict(raw), notes=(f"usage that cannot be read ({error})",))


def _finished(found: Found) -> Usage | None:
    if found.models and not any(each.field in (INPUT, OUTPUT, TOTAL) for each in found.seen):
        models = [_finished(each) for each in found.models]
        return total_usage([*models, *_costs_alone(found, models)])
    unknown = [key for key in found.unknown if not found.seen or names.is_spoken(key)]
    if not found.seen and not unknown:
        return None
    notes = [f"{UNKNOWN} ({', '.join(sorted(unknown)[:6])})"] if unknown else []
    chosen = found.best()
    counts = _counts(found, chosen, notes)
    costs: dict[str, Any] = {name: chosen[name].amount for name in COSTS if name in chosen}
    return Usage(
        **counts,
        **costs,
        currency=found.currency if costs else None,
        cost_source=found.source if costs else None,
        details=found.details,
        notes=tuple(notes),
    )


def _costs_alone(found: Found, models: list[Usage | None]) -> Iterator[Usage]:
    """Yield the cost stated beside the models, where these state none of their own."""
    costs: dict[str, Any] = {each.field: each.amount for each in found.seen if each.field in COSTS}
    if costs and not any(each and each.total_cost is not None for each in models):
        yield Usage(**costs, currency=found.currency)


def _counts(found: Found, chosen: Mapping[str, Seen], notes: list[str]) -> dict[str, Any]:
    """Return the five counts in evalkit's meaning."""
    value = {field: int(seen.amount) for field, seen in chosen.items() if field not in COSTS}
    tools = value.get(TOOL_PROMPT, found.tool if found.marks & names.THOUGHTS else 0)
    if INPUT in value:
        value[INPUT] += tools
    if INPUT not in value and FRESH in value:
        value[INPUT] = value[FRESH] + value.get(READ, 0) + value.get(WRITTEN, 0)
    cached = value.get(READ, 0) + value.get(WRITTEN, 0)
    apart = _apart(found, chosen, value, cached)
    if INPUT in value and apart[0]:
        value[INPUT] += cached
    if OUTPUT in value and apart[1]:
        value[OUTPUT] += value.get(REASONING, 0)
    both = value.get(INPUT, 0) + value.get(OUTPUT, 0)
    if TOTAL in value and value[TOTAL] < both:
        if value[TOTAL]:
            notes.append(SHORT_TOTAL)
        value[TOTAL] = both
    return {name: value[name] for name in (INPUT, OUTPUT, TOTAL, READ, WRITTEN, REASONING)
            if name in value}  # fmt: skip


def _apart(
    found: Found, chosen: Mapping[str, Seen], value: Mapping[str, int], cached: int
) -> tuple[bool, bool]:
    """Say whether the cache is counted outside of the input, and reasoning outside of the output.

    The names say what is usual; a total that fits another way and not this one decides.
    """
    inside, said, thought = value.get(INPUT), value.get(OUTPUT), value.get(REASONING, 0)
    usual = (_cache_apart(found, chosen), _reasoning_apart(found, chosen))
    usual = (usual[0] or (inside is not None and cached > inside),
             usual[1] or (said is not None and thought > said))  # fmt: skip
    total = value.get(TOTAL)
    if not total or inside is None or said is None:
        return usual
    ways = [usual, *(way for way in product((False, True), repeat=2) if way != usual)]
    for cache, reasoning in ways:
        possible = (cache or cached <= inside) and (reasoning or thought <= said)
        if possible and inside + cached * cache + said + thought * reasoning == total:
            return cache, reasoning
    return usual


def _cache_apart(found: Found, chosen: Mapping[str, Seen]) -> bool:
    own = chosen[INPUT].name if INPUT in chosen else ""
    if "cache" in found.marks:
        return True
    if own == "inputtokens" and not found.traced and found.marks & names.SPLIT_OFF:
        return "cachedinputtokens" not in found.marks  # Codex writes both, and counts all inside
    if own == "inputtokens" and WRITTEN in chosen and chosen[WRITTEN].amount:
        return chosen[WRITTEN].name == "inputtokenscachewrite"
    return own == "input" and bool(found.marks & (names.LANGFUSE | names.CAMEL | names.SPLIT_OFF))


def _reasoning_apart(found: Found, chosen: Mapping[str, Seen]) -> bool:
    own = chosen[OUTPUT].name if OUTPUT in chosen else ""
    if found.marks & names.THOUGHTS:
        return True
    if own == "output" and REASONING in chosen:
        return "cache" in found.marks or bool(found.marks & names.LANGFUSE)
    return False
