"""How v1 and v2 write a run, a session and their statistics: every difference between the two."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

_V1_DEFAULT = """
id name run_type start_time end_time status error extra events inputs outputs s3_urls
parent_run_id parent_run_ids session_id trace_id dotted_order reference_example_id total_tokens
prompt_tokens completion_tokens prompt_token_details completion_token_details total_cost
prompt_cost completion_cost first_token_time feedback_stats tags app_path thread_id
"""
V1_DEFAULT = frozenset(_V1_DEFAULT.split())
_V1_FIELDS = """
child_run_ids direct_child_run_ids inputs_preview outputs_preview in_dataset share_token
prompt_cost_details completion_cost_details price_model_id manifest_id serialized messages
reference_dataset_id execution_order last_queued_at trace_tier
"""
V1_FIELDS = V1_DEFAULT | frozenset(_V1_FIELDS.split())
_V2_FIELDS = """
ID NAME RUN_TYPE STATUS START_TIME END_TIME LATENCY_SECONDS FIRST_TOKEN_TIME ERROR ERROR_PREVIEW
EXTRA METADATA EVENTS INPUTS INPUTS_PREVIEW OUTPUTS OUTPUTS_PREVIEW MANIFEST PARENT_RUN_IDS
PROJECT_ID TRACE_ID THREAD_ID DOTTED_ORDER IS_ROOT REFERENCE_EXAMPLE_ID REFERENCE_DATASET_ID
TOTAL_TOKENS PROMPT_TOKENS COMPLETION_TOKENS TOTAL_COST PROMPT_COST COMPLETION_COST
PROMPT_TOKEN_DETAILS COMPLETION_TOKEN_DETAILS PROMPT_COST_DETAILS COMPLETION_COST_DETAILS
PRICE_MODEL_ID TAGS APP_PATH ATTACHMENTS THREAD_EVALUATION_TIME IS_IN_DATASET LAST_QUEUED_AT
SHARE_URL FEEDBACK_STATS
"""
V2_FIELDS = frozenset(_V2_FIELDS.split())
TOKENS = ("total_tokens", "prompt_tokens", "completion_tokens")
COSTS = ("total_cost", "prompt_cost", "completion_cost")
DETAILS = (
    "prompt_token_details",
    "completion_token_details",
    "prompt_cost_details",
    "completion_cost_details",
)
TIMES = ("start_time", "end_time", "first_token_time")


def to_time(value: Any) -> datetime:
    """Read a time; one without a zone is UTC."""
    time = (
        value
        if isinstance(value, datetime)
        else datetime.fromisoformat(str(value).replace(" ", "+"))
    )
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def naive(time: datetime | None) -> str | None:
    """v1 writes UTC without saying so."""
    return None if time is None else time.astimezone(UTC).replace(tzinfo=None).isoformat()


def zoned(time: datetime | None) -> str | None:
    """v2 writes RFC 3339."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def run_v1(
    run: dict[str, Any], usage: dict[str, Any], stats: Any, select: Iterable[str] | None
) -> dict[str, Any]:
    """A v1 run: every selected field is there, lower-case, naive times, costs as text."""
    wanted = V1_DEFAULT if select is None else frozenset(select) | {"id"}
    full = {name: run.get(name) for name in wanted}
    for name in TIMES:
        if name in full:
            full[name] = naive(run.get(name))
    for name in TOKENS:
        if name in full:
            full[name] = usage.get(name) or 0
    for name in COSTS:
        if name in full:
            cost = usage.get(name)
            full[name] = None if cost is None else format(cost, ".10f").rstrip("0")
    for name in DETAILS:
        if name in full:
            full[name] = usage.get(name)
    if "feedback_stats" in full:
        full["feedback_stats"] = stats
    if "s3_urls" in full:
        places = run.get("attachments") or {}
        full["s3_urls"] = {
            f"attachment.{name}": {"presigned_url": url, "s3_url": None, "mime_type": "text/plain"}
            for name, url in places.items()
        } or None
    return full


def run_v2(
    run: dict[str, Any], usage: dict[str, Any], stats: Any, selects: frozenset[str]
) -> dict[str, Any]:
    """A v2 run: only what was selected and is not empty; upper-case, zoned, costs as numbers."""
    end = run.get("end_time")
    full: dict[str, Any] = {
        **{
            name: run.get(name)
            for name in ("name", "error", "extra", "events", "inputs", "outputs")
        },
        **{name: run.get(name) for name in ("parent_run_ids", "trace_id", "dotted_order", "tags")},
        **{
            name: run.get(name)
            for name in ("app_path", "reference_example_id", "thread_id", "attachments")
        },
        **{name: zoned(run.get(name)) for name in TIMES},
        **{name: usage.get(name) or 0 for name in TOKENS},
        **{name: usage.get(name) for name in COSTS},
        **{name: {"raw": usage[name]} if usage.get(name) else None for name in DETAILS},
        "id": run["id"],
        "run_type": run["run_type"].upper(),
        "status": run["status"].upper(),
        "project_id": run["session_id"],
        "is_root": run["parent_run_id"] is None,
        "metadata": (run.get("extra") or {}).get("metadata"),
        "latency_seconds": None if end is None else (end - run["start_time"]).total_seconds(),
        "feedback_stats": stats or None,
    }
    if usage.get("first_token_time"):
        full["first_token_time"] = zoned(usage["first_token_time"])
    return {k: v for k, v in full.items() if k.upper() in selects and v is not None}


def quantile(values: list[float], q: float) -> float | None:
    """Linear interpolation between closest ranks, as numpy's default."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def feedback_stats(items: list[dict[str, Any]], version: int = 1) -> dict[str, Any] | None:
    """Statistics by key of a run's (or session's) feedback."""
    by_key: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        by_key.setdefault(item["key"], []).append(item)
    return {key: _stat(points, version) for key, points in by_key.items()} or None


def _stat(points: list[dict[str, Any]], version: int) -> dict[str, Any]:
    scores = [float(p["score"]) for p in points if p.get("score") is not None]
    mean = sum(scores) / len(scores) if scores else None
    spread = None
    if len(scores) > 1 and mean is not None:
        spread = math.sqrt(sum((s - mean) ** 2 for s in scores) / (len(scores) - 1))
    values: dict[str, int] = {}
    for point in points:
        if isinstance(point.get("value"), str):
            values[point["value"]] = values.get(point["value"], 0) + 1
    stat = {
        "n": len(points),
        "avg": mean,
        "min": min(scores, default=None),
        "max": max(scores, default=None),
        "stdev": spread,
        "errors": sum(bool(p.get("error") or (p.get("extra") or {}).get("error")) for p in points),
        "values": values,
        "comments": [p["comment"] for p in points if p.get("comment")],
        "sources": [],
        "contains_thread_feedback": False,
    }
    if version == 2:
        del stat["comments"], stat["sources"]
        stat["median"] = quantile(scores, 0.5)
        stat["type"] = "PRIMARY"
    return stat
