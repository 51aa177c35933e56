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
    "reasoning_tokens",
)
COSTS = ("input_cost", "output_cost", "total_cost")
USAGE_FIELDS = (*COUNTS, *COSTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens (counts) and costs (in the currency the source states); `None` is "not recorded"."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    """As recorded, or the sum of both parts when only they were."""
    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None
    cache_read_tokens: int | None = None
    reasoning_tokens: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else the source counted, under its own names."""

    def __post_init__(self) -> None:
        self._complete("total_tokens", self.input_tokens, self.output_tokens)
        self._complete("total_cost", self.input_cost, self.output_cost)

    def _complete(self, name: str, first: float | None, second: float | None) -> None:
        if getattr(self, name) is None and first is not None and second is not None:
            object.__setattr__(self, name, first + second)


def total_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """Add usages field by field; a field no usage has stays `None`, and none at all is `None`."""
    present = [usage for usage in usages if usage is not None]
    if not present:
        return None
    totals: dict[str, Any] = {}
    for name in (*COUNTS, *COSTS):
        values = [value for usage in present if (value := getattr(usage, name)) is not None]
        totals[name] = sum(values) if values else None
    return Usage(**totals)
