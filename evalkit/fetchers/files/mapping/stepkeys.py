"""Which key of a step says what: the usual names, units behind a name, and what nobody reads.

Names are compared in one spelling (`startTime`, `start-time` and `start_time` are one).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from evalkit.fetchers.files.reading.quantities import SECONDS, number_of, seconds_of

KEYS = {
    "step_id": ("step_id", "id", "span_id"),
    "parent_id": ("parent_id", "parent_run_id", "parent"),
    "kind": ("kind", "run_type", "type"),
    "name": ("name", "tool", "tool_name", "function", "node"),
    "inputs": ("inputs", "input", "arguments", "args", "action_input", "tool_input", "action",
               "prompt", "query"),
    "outputs": ("outputs", "output", "result", "observation", "response", "tool_output",
                "completion", "answer", "text", "content", "message"),
    "error": ("error", "exception"),
    "started_at": ("started_at", "start_time", "start", "started", "begin", "begin_time", "at",
                   "timestamp", "time", "ts", "created_at"),
    "ended_at": ("ended_at", "end_time", "end", "ended", "finished_at", "finish", "finish_time",
                 "completed_at", "stopped"),
    "first_token_at": ("first_token_at", "first_token_time"),
    "duration_s": ("duration_s", "latency_s", "elapsed_s", "seconds"),
    "usage": ("usage", "usage_metadata", "token_usage", "tokens", "token_counts"),
    "metadata": ("metadata",),
    "tags": ("tags",),
}  # fmt: skip
"""Names a step may use for each field; the first one present counts."""
CLOCKS = ("started_at", "ended_at", "first_token_at")
LONG_AGO = 1e8
"""Seconds up to which a number under `time` is no time of day anybody logged."""
TOOK = frozenset(
    ("duration", "latency", "elapsed", "took", "runtime", "run_time", "wall_time", "walltime",
     "time_taken", "elapsed_time", "response_time", "processing_time", "execution_time",
     "exec_time", "dur", "time")
)  # fmt: skip
"""How long, once the unit behind it is taken off: `latency_ms`, `response_time_seconds`."""
TELLING = re.compile(
    r"(?:^|_)(?:times?|at|ts|dur|duration|latency|elapsed|took|runtime|seconds|secs|ms|start|"
    r"started|begin|end|ended|finished|tokens?|cost)(?:_|$)"
)
"""A name that speaks of times, tokens or money."""
COUNTS = {"token_count": "total_tokens", "num_tokens": "total_tokens", "n_tokens": "total_tokens"}
NO_UNIT = "states no unit, taken for seconds"
NOT_READ = "is in the metadata of the steps, not read"


@lru_cache(4096)
def plain(name: str) -> str:
    """Return a key in snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-\s]+", "_", name).lower()


def fields_of(raw: Mapping[str, Any], said: Counter[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a step's keys say, by field, and the keys that say nothing known.

    `said` counts what was assumed, and keys that speak of times or counts and were not read.
    """
    by_plain = {plain(str(key)): key for key in reversed(list(raw))}
    found: dict[str, Any] = {}
    used: set[str] = set()
    for field, names in KEYS.items():
        keys = [by_plain[name] for name in names if name in by_plain]
        key = next((k for k in keys if _fits(field, plain(k), raw[k])), None)
        if key is not None:
            used.add(key)
            found[field] = raw[key]
            if field == "name":
                found["named"] = plain(key)
    _agents_action(raw, by_plain, found, used)
    _how_long(raw, by_plain, found, used, said)
    _counted(raw, found, used)
    rest = {key: value for key, value in raw.items() if key not in used}
    for key, value in rest.items():
        if type(value) in (int, float, str) and TELLING.search(plain(str(key))):
            said[f"{str(key)!r} {NOT_READ}"] += 1
    return {key: value for key, value in found.items() if value is not None}, rest


def _fits(field: str, name: str, value: Any) -> bool:
    """Tell whether a value can be what its name says: `finished: true` is no time."""
    if field not in CLOCKS:
        return True
    if isinstance(value, bool | Mapping | list):
        return False
    small = isinstance(value, int | float) and abs(value) < LONG_AGO
    return not (small and name in ("time", "ts"))


def _agents_action(
    raw: Mapping[str, Any], by_plain: Mapping[str, str], found: dict[str, Any], used: set[str]
) -> None:
    """Take `action` for the tool's name where its arguments stand beside it."""
    if "action_input" in by_plain and "name" not in found and "action" in by_plain:
        name = raw[by_plain["action"]]
        if isinstance(name, str):
            found |= {"name": name, "named": "tool"}
            used.add(by_plain["action"])


def _how_long(
    raw: Mapping[str, Any],
    by_plain: Mapping[str, str],
    found: dict[str, Any],
    used: set[str],
    said: Counter[str],
) -> None:
    """Find how long the step took under a name with a unit, else under one without."""
    if "duration_s" in found:
        return
    bare: str | None = None
    for name, key in by_plain.items():
        stem, _, unit = name.rpartition("_")
        if unit in SECONDS and unit and (stem in TOOK or not stem):
            found["duration_s"] = _or_as_it_is(partial(seconds_of, unit=unit), raw[key])
            used.add(key)
            return
        if name in TOOK and key not in used:
            bare = bare or key
    if bare is None or isinstance(raw[bare], Mapping | list | bool):
        return
    value = raw[bare]
    if isinstance(value, int | float):
        if plain(bare) == "time":
            return
        said[f"{bare!r} {NO_UNIT}"] += 1
    found["duration_s"] = _or_as_it_is(seconds_of, value)
    used.add(bare)


def _or_as_it_is(read: Callable[[Any], Any], value: Any) -> Any:
    """Return what a value says; one that cannot be read is said by who takes it for the field."""
    try:
        return read(value)
    except ValueError:
        return value


def _counted(raw: Mapping[str, Any], found: dict[str, Any], used: set[str]) -> None:
    """Make a usage of counts that stand in the step itself."""
    stated = found.get("usage")
    if isinstance(stated, int | str) and not isinstance(stated, bool):
        number = _or_as_it_is(number_of, stated)
        found["usage"] = (
            number if number is None or isinstance(number, str) else {"total_tokens": number}
        )
        return
    if stated is not None:
        return
    parts = {
        key: raw[key]
        for key in raw
        if key not in used
        and re.search(r"(?:^|_)(?:tokens?|cost)(?:_|$)", plain(str(key)))
        and isinstance(raw[key], int | float)
        and not isinstance(raw[key], bool)
    }
    if parts and not any("first" in key or "per" in key for key in map(plain, parts)):
        found["usage"] = {COUNTS.get(plain(key), key): value for key, value in parts.items()}
        used.update(parts)
