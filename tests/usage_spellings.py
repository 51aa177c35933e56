"""One model call as forty tools write it down: 420 tokens sent, of them 300 read from a cache.

Written by hand after each tool's documents or output; the figures are those of the call, never of
evalkit: 20 of the input put into the cache, 50 generated, 7 of them reasoning, 470 in all. A tool
that does not count a part leaves it out, and so does the expectation.
"""

from typing import Any, NamedTuple


class Spelling(NamedTuple):
    raw: dict[str, Any]
    read: int | None = None
    written: int | None = None
    reasoning: int | None = None
    cost: float | None = None


CACHED = {"cache_read_input_tokens": 300, "cache_creation_input_tokens": 20}
SPELLINGS: dict[str, Spelling] = {
    "evalkit": Spelling(
        {"input_tokens": 420, "output_tokens": 50, "cache_read_tokens": 300,
         "cache_write_tokens": 20, "reasoning_tokens": 7}, 300, 20, 7),
    "openai chat": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "total_tokens": 470,
         "prompt_tokens_details": {"cached_tokens": 300, "audio_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 0}}, 300, None, 7),
    "openai responses": Spelling(
        {"input_tokens": 420, "output_tokens": 50, "total_tokens": 470,
         "input_tokens_details": {"cached_tokens": 300},
         "output_tokens_details": {"reasoning_tokens": 7}}, 300, None, 7),
    "anthropic": Spelling({"input_tokens": 100, "output_tokens": 50, **CACHED}, 300, 20),
    "anthropic by age": Spelling(
        {"input_tokens": 100, "output_tokens": 50, "cache_read_input_tokens": 300,
         "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5}},
        300, 20),
    "anthropic with a wrong total": Spelling(
        {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150, **CACHED}, 300, 20),
    "claude code": Spelling(
        {"inputTokens": 100, "outputTokens": 50, "cacheReadInputTokens": 300,
         "cacheCreationInputTokens": 20, "costUSD": 0.5}, 300, 20, None, 0.5),
    "claude code by model": Spelling(
        {"big": {"inputTokens": 60, "outputTokens": 40, "cacheReadInputTokens": 200,
                 "cacheCreationInputTokens": 20, "costUSD": 0.25},
         "small": {"inputTokens": 40, "outputTokens": 10, "cacheReadInputTokens": 100,
                   "cacheCreationInputTokens": 0, "costUSD": 0.25}}, 300, 20, None, 0.5),
    "litellm": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "total_tokens": 470, **CACHED,
         "prompt_tokens_details": {"cached_tokens": 300}}, 300, 20),
    "bedrock": Spelling(
        {"inputTokens": 100, "outputTokens": 50, "totalTokens": 470,
         "cacheReadInputTokens": 300, "cacheWriteInputTokens": 20}, 300, 20),
    "gemini": Spelling(
        {"promptTokenCount": 420, "candidatesTokenCount": 43, "thoughtsTokenCount": 7,
         "cachedContentTokenCount": 300, "totalTokenCount": 470}, 300, None, 7),
    "gemini, python": Spelling(
        {"prompt_token_count": 400, "candidates_token_count": 43, "thoughts_token_count": 7,
         "tool_use_prompt_token_count": 20, "cached_content_token_count": 300,
         "total_token_count": 470}, 300, None, 7),
    "gemini cli session": Spelling(
        {"input": 420, "output": 43, "cached": 300, "thoughts": 7, "tool": 0, "total": 470},
        300, None, 7),
    "gemini cli totals": Spelling(
        {"input": 120, "prompt": 420, "candidates": 43, "cached": 300, "thoughts": 7, "tool": 0,
         "total": 470}, 300, None, 7),
    "codex": Spelling(
        {"input_tokens": 420, "cached_input_tokens": 300, "cache_write_input_tokens": 0,
         "output_tokens": 50, "reasoning_output_tokens": 7, "total_tokens": 470}, 300, 0, 7),
    "opencode": Spelling(
        {"input": 100, "output": 43, "reasoning": 7, "cache": {"read": 300, "write": 20},
         "total": 470}, 300, 20, 7),
    "opencode without a total": Spelling(
        {"input": 100, "output": 43, "reasoning": 7, "cache": {"read": 300, "write": 20}},
        300, 20, 7),
    "pi": Spelling(
        {"input": 100, "output": 50, "cacheRead": 300, "cacheWrite": 20, "totalTokens": 470,
         "cost": {"input": 0.2, "output": 0.3, "total": 0.5}}, 300, 20, None, 0.5),
    "harbor": Spelling(
        {"n_input_tokens": 420, "n_cache_tokens": 300, "n_output_tokens": 50, "cost_usd": 0.5},
        300, None, None, 0.5),
    "atif step": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "cached_tokens": 300, "cost_usd": 0.5},
        300, None, None, 0.5),
    "atif totals": Spelling(
        {"total_prompt_tokens": 420, "total_completion_tokens": 50, "total_cached_tokens": 300,
         "total_cost_usd": 0.5, "total_steps": 4}, 300, None, None, 0.5),
    "langchain": Spelling(
        {"input_tokens": 420, "output_tokens": 50, "total_tokens": 470,
         "input_token_details": {"cache_read": 300, "cache_creation": 20},
         "output_token_details": {"reasoning": 7}}, 300, 20, 7),
    "langsmith": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "total_tokens": 470, "total_cost": "0.5",
         "prompt_token_details": {"raw": {"cache_read": 300}},
         "completion_token_details": {"raw": {"reasoning": 7}}}, 300, None, 7, 0.5),
    "langfuse": Spelling(
        {"input": 120, "output": 43, "input_cached_tokens": 300, "output_reasoning_tokens": 7,
         "total": 470}, 300, None, 7),
    "langfuse without a total": Spelling(
        {"input": 120, "output": 43, "input_cached_tokens": 300, "output_reasoning_tokens": 7},
        300, None, 7),
    "vercel 4": Spelling({"promptTokens": 420, "completionTokens": 50}),
    "vercel 5": Spelling(
        {"inputTokens": 420, "outputTokens": 50, "totalTokens": 470, "cachedInputTokens": 300,
         "reasoningTokens": 7}, 300, None, 7),
    "vercel 6": Spelling(
        {"inputTokens": 420, "outputTokens": 50, "totalTokens": 470,
         "inputTokenDetails": {"noCacheTokens": 100, "cacheReadTokens": 300,
                               "cacheWriteTokens": 20},
         "outputTokenDetails": {"textTokens": 43, "reasoningTokens": 7}}, 300, 20, 7),
    "vercel provider 3": Spelling(
        {"inputTokens": {"total": 420, "noCache": 100, "cacheRead": 300, "cacheWrite": 20},
         "outputTokens": {"total": 50, "text": 43, "reasoning": 7}}, 300, 20, 7),
    "pydantic-ai": Spelling(
        {"input_tokens": 420, "output_tokens": 50, "cache_read_tokens": 300, "requests": 2,
         "cache_write_tokens": 20, "details": {"reasoning_tokens": 7}}, 300, 20, 7),
    "pydantic-ai before": Spelling(
        {"request_tokens": 420, "response_tokens": 50, "total_tokens": 470, "requests": 1}),
    "inspect, all inside": Spelling(
        {"input_tokens": 420, "output_tokens": 50, "total_tokens": 470,
         "input_tokens_cache_read": 300, "reasoning_tokens": 7, "total_cost": 0.5},
        300, None, 7, 0.5),
    "inspect, anthropic": Spelling(
        {"input_tokens": 100, "output_tokens": 50, "total_tokens": 470,
         "input_tokens_cache_read": 300, "input_tokens_cache_write": 20}, 300, 20),
    "promptfoo": Spelling(
        {"prompt": 420, "completion": 50, "cached": 300, "total": 470, "numRequests": 1,
         "completionDetails": {"reasoning": 7}}, 300, None, 7),
    "braintrust": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "tokens": 470,
         "prompt_cached_tokens": 300, "completion_reasoning_tokens": 7}, 300, None, 7),
    "deepseek": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "total_tokens": 470,
         "prompt_cache_hit_tokens": 300, "prompt_cache_miss_tokens": 120}, 300),
    "xai, reasoning beside": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 43, "total_tokens": 470,
         "prompt_tokens_details": {"cached_tokens": 300},
         "completion_tokens_details": {"reasoning_tokens": 7}}, 300, None, 7),
    "openrouter": Spelling(
        {"prompt_tokens": 420, "completion_tokens": 50, "total_tokens": 470, "cost": 0.5,
         "is_byok": False, "prompt_tokens_details": {"cached_tokens": 300},
         "cost_details": {"upstream_inference_cost": None},
         "completion_tokens_details": {"reasoning_tokens": 7}}, 300, None, 7, 0.5),
    "ollama": Spelling({"prompt_eval_count": 420, "eval_count": 50, "eval_duration": 9_000_000}),
    "cohere": Spelling(
        {"billed_units": {"input_tokens": 400, "output_tokens": 50},
         "tokens": {"input_tokens": 420, "output_tokens": 50}}),
    "cohere, billed alone": Spelling(
        {"billed_units": {"input_tokens": 420, "output_tokens": 50}}),
    "crewai": Spelling(
        {"total_tokens": 470, "prompt_tokens": 420, "cached_prompt_tokens": 300,
         "completion_tokens": 50, "successful_requests": 3}, 300),
    "terminal-bench": Spelling({"total_input_tokens": 420, "total_output_tokens": 50}),
    "swe-agent": Spelling(
        {"tokens_sent": 420, "tokens_received": 50, "instance_cost": 0.5, "api_calls": 3},
        None, None, None, 0.5),
    "dify": Spelling(
        {"prompt_tokens": 420, "prompt_price": "0.2", "completion_tokens": 50,
         "completion_price": "0.3", "total_tokens": 470, "total_price": "0.5",
         "currency": "USD", "latency": 1.5}, None, None, None, 0.5),
    "numbers as text": Spelling({"prompt_tokens": "420", "completion_tokens": "50"}),
    "duplicates, one unused": Spelling(
        {"input_tokens": 0, "output_tokens": 0, "prompt_tokens": 420, "completion_tokens": 50}),
}  # fmt: skip
SPANS: dict[str, Spelling] = {
    "opentelemetry": Spelling(
        {"gen_ai.usage.input_tokens": 420, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.cache_read.input_tokens": 300, "gen_ai.usage.reasoning.output_tokens": 7,
         "gen_ai.usage.cache_creation.input_tokens": 20}, 300, 20, 7),
    "opentelemetry before": Spelling(
        {"gen_ai.usage.prompt_tokens": 420, "gen_ai.usage.completion_tokens": 50}),
    "openllmetry": Spelling(
        {"gen_ai.usage.input_tokens": 420, "gen_ai.usage.output_tokens": 50,
         "llm.usage.total_tokens": 470, "gen_ai.usage.cache_read_input_tokens": 300,
         "gen_ai.usage.cache_creation_input_tokens": 20}, 300, 20),
    "openinference": Spelling(
        {"llm.token_count.prompt": 420, "llm.token_count.completion": 50,
         "llm.token_count.total": 470, "llm.token_count.prompt_details.cache_read": 300,
         "llm.token_count.prompt_details.cache_write": 20, "llm.cost.total": 0.5,
         "llm.token_count.completion_details.reasoning": 7}, 300, 20, 7, 0.5),
    "vercel's spans": Spelling(
        {"ai.usage.inputTokens": 420, "ai.usage.outputTokens": 50, "ai.usage.totalTokens": 470,
         "ai.usage.cachedInputTokens": 300, "ai.usage.reasoningTokens": 7}, 300, None, 7),
    "vercel's newer spans": Spelling(
        {"ai.usage.inputTokens": 420, "ai.usage.outputTokens": 50,
         "ai.usage.inputTokenDetails.cacheReadTokens": 300,
         "ai.usage.outputTokenDetails.reasoningTokens": 7}, 300, None, 7),
    "pydantic-ai's spans": Spelling(
        {"gen_ai.usage.input_tokens": 420, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.details.cache_read_tokens": 300,
         "gen_ai.usage.details.reasoning_tokens": 7, "operation.cost": 0.5}, 300, None, 7, 0.5),
}  # fmt: skip


def facts(usage: Any) -> tuple[Any, ...]:
    """What a usage says, in the order in which `expected` says it."""
    return (
        (usage.input_tokens, usage.output_tokens, usage.total_tokens),
        (usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens),
        usage.total_cost,
    )


def expected(spelling: Spelling) -> tuple[Any, ...]:
    """What the call was, as far as this spelling tells."""
    parts = (spelling.read, spelling.written, spelling.reasoning)
    return ((420, 50, 470), parts, spelling.cost)
