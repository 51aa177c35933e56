"""LangSmith's performance figures from local tables, and beside the server's own."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from metric_tables import Tables, run, table

from evalkit.metrics.summaries.performance import performance
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results

EMPTY_STATS = {"errors": 0, "values": {}}


def cell(run_id: str | None, key: str, score: float | None = None, **more: Any) -> dict[str, Any]:
    more.setdefault("outcome", "scored")
    more.setdefault("source", "evaluator")
    return {"run_id": run_id, "key": key, "evaluator": key, "score": score, **more}


def results(
    runs: list[dict[str, Any]], cells: list[dict[str, Any]] | None = None, **stats: Any
) -> Results:
    manifest = Manifest(experiment="x", received=len(runs), source_stats=stats)
    return Results(
        Tables(manifest, [], runs=table("runs", runs), cells=table("cells", cells or []))
    )


def test_figures_of_runs() -> None:
    found = performance(
        results(
            [
                run("a", latency_s=1.0, ttft_s=0.5, total_tokens=10, input_tokens=6,
                    output_tokens=4, total_cost=0.1, started_at=datetime(2026, 1, 1, tzinfo=UTC)),
                run("b", latency_s=3.0, outcome="error", total_tokens=30,
                    started_at=datetime(2026, 1, 2, tzinfo=UTC)),
                run("c", latency_s=2.0, outcome="timeout"),
                run("d", outcome="paused"),
            ]
        )
    ).to_dict()  # fmt: skip
    assert found == {
        "experiment": "x", "run_count": 4,
        "latency_p50": 2.0, "latency_p99": pytest.approx(2.98),
        "first_token_p50": 0.5, "first_token_p99": 0.5,
        "total_tokens": 40, "prompt_tokens": 6, "completion_tokens": 4,
        "total_cost": 0.1, "prompt_cost": None, "completion_cost": None,
        "error_rate": 0.5, "streaming_rate": 0.25,
        "last_run_start_time": "2026-01-02T00:00:00+00:00",
        "feedback_stats": {}, "session_feedback_stats": {},
        "n": {"runs": 4, "latency": 3, "first_token": 1, "total_tokens": 2, "prompt_tokens": 1,
              "completion_tokens": 1, "total_cost": 1, "prompt_cost": 0, "completion_cost": 0},
        "notes": [
            "error_rate is LangSmith's: 2 of 4 runs, for it counts what was stopped (timeouts, "
            "cancellations, status error) as well. evalkit's gate error_rate counts the outcome "
            "error alone: 1."
        ],
    }  # fmt: skip
    assert json.loads(json.dumps(found)) == found


def test_no_runs_no_figures() -> None:
    found = performance(results([])).to_dict()
    assert found["run_count"] == 0
    assert {name for name, value in found.items() if value is None} == {
        "latency_p50", "latency_p99", "first_token_p50", "first_token_p99", "total_tokens",
        "prompt_tokens", "completion_tokens", "total_cost", "prompt_cost", "completion_cost",
        "error_rate", "streaming_rate", "last_run_start_time",
    }  # fmt: skip


def test_feedback_by_key() -> None:
    found = performance(
        results(
            [run("a"), run("b"), run("c")],
            [
                cell("a", "exact", 1.0), cell("b", "exact", 0.0), cell("c", "exact", 0.5),
                cell("a", "exact", outcome="evaluator_error"),
                cell("b", "exact", outcome="not_applicable"),
                cell("a", "tone", value='"polite"'), cell("b", "tone", value='"polite"'),
                cell("c", "tone", value='"rude"'), cell("c", "shape", value={"a": 1}),
                cell("a", "liked", 1.0, source="recorded"),
                cell("a", "exact", 0.25, source="recorded"),
                cell(None, "f1", 0.75),
            ],
        )
    ).to_dict()  # fmt: skip
    stats = found["feedback_stats"]
    assert stats["exact"] == {
        "n": 3, "avg": 0.5, "min": 0.0, "max": 1.0, "stdev": 0.5, "errors": 1, "values": {},
    }  # fmt: skip
    assert stats["tone"]["values"] == {"polite": 2, "rude": 1}
    assert (stats["tone"]["n"], stats["tone"]["avg"]) == (3, None)
    assert stats["shape"]["values"] == {'{"a": 1}': 1}
    assert stats["liked"]["n"] == 1
    assert found["session_feedback_stats"] == {
        "f1": {"n": 1, "avg": 0.75, "min": 0.75, "max": 0.75, "stdev": None, **EMPTY_STATS}
    }


def test_beside_the_server() -> None:
    found = performance(
        results(
            [run("a", latency_s=2.0, total_cost=0.5), run("b", latency_s=4.0)],
            [cell("a", "liked", 1.0, source="recorded"), cell("b", "liked", 0.0)],
            run_count=3, latency_p50=2.5, total_cost="0.75", error_rate=0.0,
            total_tokens=0, last_run_start_time="2026-01-01T00:00:00Z",
            feedback_stats={"liked": {"n": 1, "avg": 1.0, "min": None}, "gone": {"n": 2}},
        )
    ).to_dict()  # fmt: skip
    assert found["server"]["total_cost"] == 0.75
    assert found["difference"] == {
        "run_count": -1, "latency_p50": 0.5, "total_cost": -0.25, "error_rate": 0.0,
        "feedback_stats": {"liked": {"n": 0, "avg": 0.0}},
    }  # fmt: skip


def test_costs_that_are_no_numbers() -> None:
    found = performance(results([run("a", total_cost=1.0)], total_cost="NaN")).to_dict()
    assert found["server"]["total_cost"] is None
    assert found["difference"] == {}
    assert not any(isinstance(v, float) and math.isnan(v) for v in found.values())
