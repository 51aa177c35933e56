"""Usage as evalkit writes it, made the values of its columns at once; any other is read by name."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from msgspec import Struct

from evalkit.model.accounting.reader import read_usage
from evalkit.model.schema.batch import Odd
from evalkit.model.schema.row_values import NO_USAGE, usage_values
from evalkit.model.usage import MONEY_WORDS, USAGE_FIELDS

LARGEST = 2**53
OWN_COUNTS = frozenset((*USAGE_FIELDS, *MONEY_WORDS))


class Counted(Struct, forbid_unknown_fields=True, gc=False):
    """The fields that are numbers, and whose money it is."""

    input_tokens: int
    output_tokens: int
    total_tokens: int | None = None
    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    currency: str | None = None
    cost_source: str | None = None


def usage_of(stated: Any, notes: Counter[str]) -> tuple[Any, bytes | None]:
    """Return the values of the columns of usage, and of its details; what is not read is `Odd`."""
    try:
        counted = _counted(msgspec.convert(stated, Counted))
    except msgspec.ValidationError:
        counted = None
    return _by_name(stated, notes) if counted is None else (counted, None)


def _counted(one: Counted) -> tuple[Any, ...] | None:
    """Return the values; None where it takes more to tell what was counted."""
    given, taken, total = one.input_tokens, one.output_tokens, one.total_tokens
    read, written, thought = one.cache_read_tokens, one.cache_write_tokens, one.reasoning_tokens
    both = given + taken
    if not (0 <= given < LARGEST and 0 <= taken < LARGEST) or (total is not None and total != both):
        return None
    if read is not None or written is not None or thought is not None:
        parts = (read or 0, written or 0, thought or 0)
        if min(parts) < 0 or parts[0] + parts[1] > given or parts[2] > taken:
            return None
    paid = one.total_cost
    first, second = one.input_cost, one.output_cost
    if first is not None or second is not None:
        if (first is not None and not first >= 0) or (second is not None and not second >= 0):
            return None
        if paid is None and first is not None and second is not None:
            paid = first + second
    elif paid is None:
        return (given, taken, both, None, None, None, read, thought, written, None, None)
    currency, source = one.currency, one.cost_source
    if not (paid is None or 0 <= paid < float("inf")) or source == "":
        return None
    if currency is not None:
        currency = currency.strip().upper()
        if not currency:
            return None
    return (given, taken, both, first, second, paid, read, thought, written, currency, source)


def _by_name(stated: Any, notes: Counter[str]) -> tuple[Any, bytes | None]:
    """Read counts under any names."""
    if not isinstance(stated, dict) or "details" in stated:
        raise Odd("details of usage, or no object")
    try:
        usage = read_usage(stated)
    except ValueError:
        raise Odd("usage that cannot be read") from None
    if usage is not None:
        return usage_values(usage, notes)
    if not stated.keys() <= OWN_COUNTS:
        raise Odd("names of nothing, kept as details")
    return NO_USAGE, None
