"""The names under which tokens and money are written down, and what each of them counts.

Names are compared without case and without `_ - .`: `cacheReadInputTokens` and
`cache_read_input_tokens` are one. Sources, all from the providers' or tools' own documents or
output: OpenAI (chat, responses), Anthropic, Bedrock, Gemini and Vertex, Cohere, Mistral, DeepSeek,
xAI, Ollama, llama.cpp, OpenRouter, LiteLLM; LangChain, LangSmith, Langfuse, Vercel AI SDK 4 to 6,
pydantic-ai, Inspect, CrewAI, Agno, Strands, smolagents, Braintrust, promptfoo, Harbor and ATIF,
Terminal-Bench, SWE-agent, Claude Code, Codex, opencode, pi, Gemini CLI, Dify; OpenTelemetry's GenAI
conventions, OpenInference, OpenLLMetry.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

INPUT, OUTPUT, TOTAL = "input_tokens", "output_tokens", "total_tokens"
READ, WRITTEN, REASONING = "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"
FRESH, TOOL_PROMPT = "uncached input", "input of tools"
"""Parts of the input that some sources count apart and evalkit does not keep."""
INPUT_COST, OUTPUT_COST, TOTAL_COST = "input_cost", "output_cost", "total_cost"

_WORDS = {
    INPUT: """prompt_tokens input_tokens prompt_token_count n_input_tokens total_prompt_tokens
        total_input_tokens num_input_tokens n_prompt_tokens num_prompt_tokens request_tokens
        prompt_eval_count tokens_sent tokens_evaluated native_tokens_prompt tokens_prompt
        input_token_count prompt_llm_token_count prompt_n prompt tokens_in tokens_input
        input""",
    OUTPUT: """completion_tokens output_tokens candidates_token_count response_token_count
        n_output_tokens total_completion_tokens total_output_tokens num_output_tokens
        n_completion_tokens num_completion_tokens response_tokens eval_count tokens_received
        tokens_predicted native_tokens_completion tokens_completion output_token_count
        generated_tokens completion_llm_token_count predicted_n completion candidates tokens_out
        tokens_output output""",
    TOTAL: """total_tokens total_token_count n_total_tokens num_total_tokens total_llm_token_count
        token_count tokens_total total tokens""",
    READ: """cache_read_tokens cache_read_input_tokens cached_input_tokens cached_prompt_tokens
        cached_content_token_count prompt_cache_hit_tokens prompt_cached_tokens
        input_tokens_cache_read n_cache_tokens total_cached_tokens native_tokens_cached
        input_cached_tokens input_cache_read cache_read cached_tokens cache_read_input_token_count
        tokens_cached cached""",
    WRITTEN: """cache_write_tokens cache_creation_input_tokens cache_write_input_tokens
        cache_creation_tokens prompt_cache_creation_tokens input_tokens_cache_write
        input_cache_creation input_cache_write cache_write cache_creation_input_token_count
        cache_write_input_token_count input_cache_creation_tokens""",
    REASONING: """reasoning_tokens reasoning_output_tokens thoughts_token_count thoughts_tokens
        thinking_tokens completion_reasoning_tokens output_reasoning_tokens output_reasoning
        native_tokens_reasoning tokens_reasoning reasoning thoughts thinking""",
    FRESH: "prompt_cache_miss_tokens no_cache_tokens no_cache",
    TOOL_PROMPT: "tool_use_prompt_token_count",
    INPUT_COST: "input_cost prompt_cost input_price prompt_price input_cost_usd llm.cost.prompt",
    OUTPUT_COST: """output_cost completion_cost output_price completion_price
        output_cost_usd llm.cost.completion""",
    TOTAL_COST: """total_cost total_cost_usd cost_usd cost_in_usd instance_cost response_cost
        total_price cost price cost_eur total_cost_eur llm.cost.total""",
}
_SIDES = {
    INPUT: """prompt_tokens_details prompt_token_details input_tokens_details input_token_details
        prompt_details""",
    OUTPUT: """completion_tokens_details completion_token_details output_tokens_details
        output_token_details completion_details""",
}
"""Objects of parts, by the side they belong to."""
_PARTS = {
    INPUT: {
        READ: "cached_tokens cache_read cache_read_tokens cached cache_read_input_tokens",
        WRITTEN: """cache_creation cache_write cache_write_tokens cache_creation_tokens
            cache_write_input_tokens cache_creation_input_tokens cache_input""",
        FRESH: "no_cache_tokens no_cache",
        INPUT: "total",
    },
    OUTPUT: {REASONING: "reasoning_tokens reasoning thinking thoughts", OUTPUT: "total"},
    "cache": {READ: "read", WRITTEN: "write creation"},
    "cost": {
        INPUT_COST: "input prompt input_cost prompt_cost",
        OUTPUT_COST: "output completion output_cost completion_cost",
        TOTAL_COST: "total total_cost cost",
    },
}
"""What the short names inside an object mean, by what the object is about."""
_COSTS = "cost costs cost_details cost_usd"
_NESTED = """tokens usage token_usage usage_metadata token_counts usage_details token_usage_details
    billed_units model_stats"""
"""Objects that hold the counts themselves; `billed_units` (Cohere) only where nothing else does."""
PREFIXES = re.compile(
    r"^(?:gen_ai\.usage\.(?:details\.)?|llm\.token_count\.|llm\.usage\.|ai\.usage\.|operation\.)"
)
HARMLESS = re.compile(
    r"audio|image|video|text|modality|prediction|ephemeral|document|citation|search|time|duration|"
    r"second|latency|speed|request|call|limit|max|rate|window|unit|byok|guess|step|turn|count$|"
    r"embedding|native|pages|index|version|percent|size|iteration"
)
"""Names inside usage that are no count of tokens, or only a part of one that is counted."""
SPOKEN = re.compile(r"token|cost|price")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name without case, marks and the prefixes of tracers."""
    return re.sub(r"[^a-z0-9]", "", PREFIXES.sub("", name).lower())


class Spelling(NamedTuple):
    """A name as its source writes it, taken apart."""

    name: str
    """Plain."""
    traced: bool
    """Whether it had the prefix of a tracer."""
    side: str | None
    """What a dotted name is a part of (`prompt_details.cache_read`)."""
    part: str


@lru_cache(maxsize=4096)
def spelled(key: str) -> Spelling:
    """Take a name apart."""
    bare = PREFIXES.sub("", key)
    head, dot, part = bare.partition(".")
    return Spelling(plain(key), bare != key, SIDES.get(plain(head)) if dot else None, part)


def is_spoken(name: str) -> bool:
    """Tell whether an unknown name looks like a count of tokens or money that would be missed."""
    low = name.lower()
    return bool(SPOKEN.search(low)) and not HARMLESS.search(low)


def _table(words: dict[str, str]) -> dict[str, str]:
    return {plain(word): field for field, text in words.items() for word in text.split()}


NAMES = _table(_WORDS)
"""The field of each plain name."""
RANK = {name: rank for rank, name in enumerate(NAMES)}
"""Which name counts where a source writes one thing twice: the lower."""
SIDES = _table(_SIDES)
PARTS = {side: _table(words) for side, words in _PARTS.items()}
COST_OBJECTS = frozenset(map(plain, _COSTS.split()))
NESTED = frozenset(map(plain, _NESTED.split()))
BILLED = plain("billed_units")

SPLIT_OFF = frozenset(
    plain(name)
    for name in (
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_write_input_tokens",
    )
)
"""Anthropic's and Bedrock's own names: beside `input_tokens` they say that it leaves them out."""
LANGFUSE = frozenset(
    plain(name)
    for name in (
        *("input_cached_tokens", "input_cache_read", "input_cache_creation", "input_cache_write"),
        *("output_reasoning_tokens", "output_reasoning", "input_cache_creation_tokens"),
    )
)
"""Beside bare `input` and `output` these are counted apart, as Langfuse does."""
CAMEL = frozenset(map(plain, ("cacheRead", "cacheWrite")))
THOUGHTS = frozenset(map(plain, ("thoughts_token_count", "thoughts_tokens", "thoughts")))
"""Gemini's: the output leaves them out."""
