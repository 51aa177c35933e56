"""Token counts and costs under any of the names sources give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.mapping.convert import to_number, to_whole
from evalkit.model.usage import COSTS, COUNTS, Usage

ALIASES = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "input": "input_tokens",
    "output": "output_tokens",
    "total": "total_tokens",
    "tokens": "total_tokens",
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
    "promptTokens": "input_tokens",
    "completionTokens": "output_tokens",
    "prompt_cost": "input_cost",
    "completion_cost": "output_cost",
    "cost": "total_cost",
    "totalCost": "total_cost",
    "input_tokens_cache_read": "cache_read_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cached_tokens": "cache_read_tokens",
    "cacheReadInputTokens": "cache_read_tokens",
    "input_cached_tokens": "cache_read_tokens",
    "cache_read": "cache_read_tokens",
    "reasoning": "reasoning_tokens",
    "thoughts_tokens": "reasoning_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
    "thinking_tokens": "reasoning_tokens",
}
NESTED = (
    "prompt_tokens_details",
    "completion_tokens_details",
    "input_token_details",
    "output_token_details",
    "input_tokens_details",
    "output_tokens_details",
)
"""Objects inside which OpenAI and LangChain keep the cached and the reasoning tokens."""


def read_usage(raw: Mapping[str, Any]) -> Usage | None:
    """Return the usage an object states; what has no name of ours goes to `details`.

    Raises `ValueError` for a count that is no number. An object without any number is None.
    """
    named: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for key, value in _flat(raw):
        name = ALIASES.get(key, key)
        if value is None or name in named:
            continue
        if name in COUNTS:
            named[name] = to_whole(value)
        elif name in COSTS:
            named[name] = to_number(value)
        else:
            details[key] = value
    return Usage(**named, details=details) if named else None


def _flat(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    flat = [(key, value) for key, value in raw.items() if key not in NESTED]
    for key in NESTED:
        inner = raw.get(key)
        if isinstance(inner, Mapping):
            flat += [(name, value) for name, value in inner.items() if name in ALIASES]
    return flat
