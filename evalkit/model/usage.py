"""Usage: the tokens and the money a run or step took, as far as the source said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

COUNTS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
COSTS = ("input_cost", "output_cost", "total_cost")
USAGE_FIELDS = (*COUNTS, *COSTS)
"""The numbers."""
MONEY_WORDS = ("currency", "cost_source")
CURRENCIES = "costs in different currencies are not added up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens (counts) and costs; `None` is "not recorded".

    Input is everything sent, cached parts included; output is everything generated, reasoning
    included. What was read from a cache or written to one, and reasoning, are parts of these.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    """As recorded, or the sum of both parts when only they were."""
    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None
    cache_read_tokens: int | None = None
    """Part of the input that came from a cache."""
    cache_write_tokens: int | None = None
    """Part of the input that was put into a cache."""
    reasoning_tokens: int | None = None
    """Part of the output that was spent on reasoning."""
    currency: str | None = None
    """Of the costs, as a code such as `USD`; `None`: the source does not say."""
    cost_source: str | None = None
    """The prices that costs were computed from; `None`: they are recorded."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else the source counted, under its own names."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was noticed while this was read; told once after a fetch, not stored with the run."""

    def __post_init__(self) -> None:
        self._complete("total_tokens", self.input_tokens, self.output_tokens)
        self._complete("total_cost", self.input_cost, self.output_cost)

    def _complete(self, name: str, first: float | None, second: float | None) -> None:
        if getattr(self, name) is None and first is not None and second is not None:
            object.__setattr__(self, name, first + second)


def total_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """Add usages field by field; a field no usage has stays `None`, and none at all is `None`.

    Costs in different currencies are not added up: there is no cost then, and a note.
    """
    present = [usage for usage in usages if usage is not None]
    if not present:
        return None
    totals: dict[str, Any] = {}
    for name in USAGE_FIELDS:
        values = [value for usage in present if (value := getattr(usage, name)) is not None]
        totals[name] = sum(values) if values else None
    money = money_of(present, totals)
    return Usage(**totals, **money)


def money_of(usages: Iterable[Usage], totals: dict[str, Any]) -> dict[str, Any]:
    """Return currency, source and notes of the costs in `totals`, which lose those that mix."""
    paid = [usage for usage in usages if usage.total_cost is not None]
    currencies = {usage.currency for usage in paid if usage.currency}
    if len(currencies) > 1:
        totals |= dict.fromkeys(COSTS)
        return {"notes": (f"{CURRENCIES} ({', '.join(sorted(currencies))})",)}
    sources = sorted({usage.cost_source for usage in paid if usage.cost_source})
    return {
        "currency": next(iter(currencies), None),
        "cost_source": "; ".join(sources) or None,
    }
