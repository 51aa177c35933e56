"""Performance: the figures of LangSmith's guide of that name, from local data and beside its own.

Field names, and what each is computed over, are LangSmith's ("fetch performance metrics for an
experiment"): latency and rates over root runs, tokens and costs as sums over traces, feedback
statistics over scores. Percentiles interpolate linearly between closest ranks (numpy's default);
LangSmith does not say how its own are made, so small differences are expected.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import quantiles_at
from evalkit.metrics.columns.arrow import codes, integers, numbers, valid
from evalkit.model.results import Results

SUMS = {
    "total_tokens": "total_tokens",
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_cost": "total_cost",
    "prompt_cost": "input_cost",
    "completion_cost": "output_cost",
}
"""LangSmith's name -> column of the runs table."""
STATUS_ERROR = ("error", "timeout", "cancelled")
"""Outcomes to which LangSmith gives its one status of failure, whatever counts as failed here."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATISTICS = ("n", "avg", "min", "max", "stdev", "errors")


@dataclass(frozen=True, slots=True)
class Performance:
    """LangSmith's performance payload of one experiment; what was not recorded is `None`."""

    experiment: str
    figures: Mapping[str, Any]
    """By LangSmith's field names; seconds, tokens, the source's currency, shares from 0 to 1."""
    n: Mapping[str, int]
    """How many runs each group of figures is over."""
    notes: tuple[str, ...] = ()
    """Where a figure of this name is another one in evalkit."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """The source's own figures, where they were fetched."""
    difference: Mapping[str, Any] = field(default_factory=dict)
    """Ours minus the server's, where both have a number."""

    def to_dict(self) -> dict[str, Any]:
        """Return the payload with LangSmith's names on top, as `--json` prints it."""
        beside = {"server": dict(self.server), "difference": dict(self.difference)}
        shown = {name: value for name, value in beside.items() if self.server}
        told = {"n": dict(self.n), "notes": list(self.notes), **shown}
        return {"experiment": self.experiment, **self.figures, **told}


def performance(results: Results) -> Performance:
    """Return the performance figures of an experiment, and the server's where it stated any."""
    figures, n, notes = _figures(results)
    stats, whole, recorded = _feedback(results)
    figures |= {"feedback_stats": stats, "session_feedback_stats": whole}
    server = _server(results.manifest.source_stats)
    ours = {**figures, "feedback_stats": recorded}
    return Performance(results.experiment, figures, n, notes, server, _difference(ours, server))


def _figures(results: Results) -> tuple[dict[str, Any], dict[str, int], tuple[str, ...]]:
    names = ["status", "outcome", "started_at", "latency_s", "ttft_s", *SUMS.values()]
    table = results.table("runs", names)
    total = table.num_rows
    latency, waited = numbers(table.column("latency_s")), numbers(table.column("ttft_s"))
    figures: dict[str, Any] = {"run_count": total}
    n = {"runs": total}
    for name, values in (("latency", latency), ("first_token", waited)):
        known = values[~np.isnan(values)]
        n[name] = len(known)
        p50, p99 = quantiles_at(known, (0.5, 0.99)).tolist() if len(known) else (None, None)
        figures |= {f"{name}_p50": p50, f"{name}_p99": p99}
    for name, column in SUMS.items():
        there = table.column(column)
        figures[name] = _sum(numbers(there), whole="tokens" in name)
        n[name] = int(valid(there).sum())
    failed = _is(table.column("outcome"), STATUS_ERROR) | _is(table.column("status"), ("error",))
    figures["error_rate"] = float(failed.mean()) if total else None
    figures["streaming_rate"] = n["first_token"] / total if total else None
    figures["last_run_start_time"] = _latest(table.column("started_at"))
    return figures, n, _counted_otherwise(failed, table.column("outcome"))


def _counted_otherwise(failed: NDArray[np.bool_], outcomes: Any) -> tuple[str, ...]:
    """Say so where LangSmith's `error_rate` is not the rate of evalkit's outcome `error`."""
    ours, theirs = int(_is(outcomes, ("error",)).sum()), int(failed.sum())
    if ours == theirs:
        return ()
    return (
        f"error_rate is LangSmith's: {theirs:,} of {len(failed):,} runs, for it counts what was "
        f"stopped (timeouts, cancellations, status error) as well. evalkit's gate error_rate "
        f"counts the outcome error alone: {ours:,}.",
    )


def _sum(values: NDArray[Any], *, whole: bool) -> int | float | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return int(known.sum()) if whole else math.fsum(known)


def _is(column: Any, names: Sequence[str]) -> NDArray[np.bool_]:
    raw, values = codes(column)
    among = np.array([value in names for value in values] + [False], np.bool_)
    found: NDArray[np.bool_] = among[raw]
    return found


def _latest(column: Any) -> str | None:
    times = integers(column, -1)[valid(column)]
    if not len(times):
        return None
    return (EPOCH + timedelta(microseconds=int(times.max()))).isoformat()


def _feedback(results: Results) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return statistics by key: of runs, of the experiment, and of what the source recorded.

    A key that both an evaluator and the source scored counts the evaluator's scores alone.
    """
    names = ["run_id", "key", "source", "outcome", "score", "value"]
    table = results.table("cells", names)
    raw, keys = codes(table.column("key"))
    of_run = valid(table.column("run_id"))
    foreign = _is(table.column("source"), ("recorded",))
    scored = _is(table.column("outcome"), ("scored",))
    failed = _is(table.column("outcome"), ("evaluator_error",))
    score = numbers(table.column("score"))
    values = table.column("value")

    def stats(rows: NDArray[np.bool_]) -> dict[str, Any]:
        found = {}
        for code, key in enumerate(keys):
            mine = rows & (raw == code)
            if mine.any():
                labels = np.flatnonzero(mine & scored & np.isnan(score))
                found[str(key)] = {
                    **_statistics(score[mine & scored], len(labels)),
                    "errors": int((mine & failed).sum()),
                    "values": _labels(values, labels),
                }
        return found

    recorded = stats(of_run & foreign)
    made = stats(of_run & ~foreign)
    return {**recorded, **made}, {**stats(~of_run & foreign), **stats(~of_run & ~foreign)}, recorded


def _statistics(scores: NDArray[Any], labels: int) -> dict[str, Any]:
    known = scores[~np.isnan(scores)]
    n = len(known)
    return {
        "n": n + labels,
        "avg": math.fsum(known) / n if n else None,
        "min": float(known.min()) if n else None,
        "max": float(known.max()) if n else None,
        "stdev": float(known.std(ddof=1)) if n > 1 else None,
    }


def _labels(values: Any, rows: NDArray[Any]) -> dict[str, int]:
    """Count categories; what is no text counts under its JSON."""
    counts: dict[str, int] = {}
    for row in rows:
        text = values[int(row)].as_py()
        if text is not None:
            label = json.loads(text)
            name = label if isinstance(label, str) else text
            counts[name] = counts.get(name, 0) + 1
    return counts


def _server(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source's figures with costs as numbers (v1 writes decimal text)."""
    return {
        name: _number(value) if name in SUMS and isinstance(value, str) else value
        for name, value in stated.items()
    }


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _difference(ours: Mapping[str, Any], server: Mapping[str, Any]) -> dict[str, Any]:
    """Subtract the server's numbers from ours; recorded scores are held against its own."""
    found: dict[str, Any] = {
        name: value
        for name, theirs in server.items()
        if (value := _minus(ours.get(name), theirs)) is not None
    }
    for name in ("feedback_stats", "session_feedback_stats"):
        keys = {
            key: {
                each: value
                for each in STATISTICS
                if (value := _minus(stat.get(each), theirs.get(each))) is not None
            }
            for key, theirs in (server.get(name) or {}).items()
            if (stat := (ours.get(name) or {}).get(key)) and isinstance(theirs, Mapping)
        }
        if keys:
            found[name] = keys
    return found


def _minus(ours: Any, theirs: Any) -> int | float | None:
    for value in (ours, theirs):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
    difference: int | float = ours - theirs
    return difference
