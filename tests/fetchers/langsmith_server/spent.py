"""What a run spent by itself, read as the server reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .shape import COSTS, DETAILS, TOKENS, to_time

Record = dict[str, Any]


def known_sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def first_token(run: Record) -> datetime | None:
    """Filled by the server from `new_token` events of `llm` runs; recorded values are kept."""
    if run.get("first_token_time"):
        return to_time(run["first_token_time"])
    if run["run_type"].lower() != "llm":
        return None
    times = [to_time(e["time"]) for e in run.get("events") or () if e.get("name") == "new_token"]
    return min(times, default=None)


def own_usage(run: Record) -> Record:
    """Own figures: stated in the record, or read from `usage_metadata` of an llm run."""
    if "_own" in run:
        return run["_own"]  # type: ignore[no-any-return]
    own: Record = {}
    if run["run_type"] == "llm":
        outputs = run.get("outputs") or {}
        found = outputs.get("usage_metadata") if isinstance(outputs, dict) else None
        found = found or ((run.get("extra") or {}).get("metadata") or {}).get("usage_metadata")
        if not found and isinstance(outputs, dict) and outputs.get("generations"):
            message = outputs["generations"][0][0].get("message") or {}
            found = (message.get("kwargs") or {}).get("usage_metadata")
        if found:
            own = {
                "prompt_tokens": found.get("input_tokens"),
                "completion_tokens": found.get("output_tokens"),
                "total_tokens": found.get("total_tokens"),
                "prompt_cost": found.get("input_cost"),
                "completion_cost": found.get("output_cost"),
                "total_cost": found.get("total_cost"),
                "prompt_token_details": found.get("input_token_details") or None,
                "completion_token_details": found.get("output_token_details") or None,
            }
        elif run.get("total_tokens"):
            own = {n: run.get(n) for n in (*TOKENS, *COSTS, *DETAILS)}
            own.update({n: None if own[n] is None else float(own[n]) for n in COSTS})
    run["_own"] = own
    return own
