"""Summaries: what is missing is counted, never averaged, and every figure has its n."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from metric_tables import cell, results, run, scored

from evalkit.errors import ConfigError, NoRunsError
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.score import EvaluatorInfo


def runs(n, **more):
    return [run(f"r{i}", f"e{i}", **more) for i in range(n)]


def test_evaluator_errors_leave_the_mean_alone_and_are_counted():
    values = [i % 4 != 0 for i in range(500)]
    cells = [
        cell(f"r{i}", outcome="evaluator_error", error_message=f"KeyError: 'k{i}'", error_type="K")
        if i % 10 == 0
        else cell(f"r{i}", values[i])
        for i in range(500)
    ]
    score = summarise(results(runs(500), cells)).scores["ok"]
    rest = [v for i, v in enumerate(values) if i % 10]
    assert score.mean == pytest.approx(np.mean(rest))
    assert score.n == 450
    assert score.outcomes["evaluator_error"] == 50
    assert score.bounds == pytest.approx((sum(rest) / 500, (sum(rest) + 50) / 500))
    assert [(e.count, e.error_type, len(e.run_ids)) for e in score.errors] == [(50, "K", 5)]


def test_the_four_ways_of_saying_nothing_are_kept_apart():
    cells = [
        cell("r0", 1.0),
        cell("r1", None),
        cell("r2", outcome="evaluator_error"),
        cell("r3", outcome="run_failed"),
    ]
    found = summarise(
        results(runs(5), cells, examples=[{"example_id": "e9"}, {"example_id": "e0"}])
    )
    assert found.scores["ok"].outcomes == {
        "scored": 1,
        "not_applicable": 1,
        "evaluator_error": 1,
        "run_failed": 1,
        "missing": 2,  # r4 has no cell, example e9 has no run
    }
    assert found.counts.examples_without_runs == 1
    assert found.counts.cells["missing"] == 2


def test_runs_the_source_still_owes_are_missing_scores():
    found = summarise(results(runs(3), [cell(f"r{i}", True) for i in range(3)], expected=10))
    assert found.counts.expected == 10
    assert found.scores["ok"].outcomes["missing"] == 7
    assert found.scores["ok"].bounds == pytest.approx((0.3, 1.0))


def test_no_runs_are_an_error_and_one_run_is_not():
    with pytest.raises(NoRunsError):
        summarise(results())
    found = summarise(results(runs(1), [cell("r0", 0.5)]))
    assert (found.scores["ok"].mean, found.scores["ok"].n) == (0.5, 1)
    assert found.scores["ok"].interval is None


def test_types_of_scores():
    cells = [
        *(cell(f"r{i}", bool(i % 2), key="flag") for i in range(4)),
        *(cell(f"r{i}", float(i % 2), key="zero_one") for i in range(4)),
        *(cell(f"r{i}", i / 3, key="part") for i in range(4)),
        *(cell(f"r{i}", i / 2, key="number") for i in range(4)),
        *(cell(f"r{i}", value=["red", "blue", "red", "red"][i], key="colour") for i in range(4)),
        *(cell(f"r{i}", key="nothing") for i in range(4)),
    ]
    scores = summarise(results(runs(4), cells)).scores
    kinds = {name: score.type for name, score in scores.items()}
    assert kinds == {
        "flag": "rate",
        "zero_one": "rate",
        "part": "rate",
        "number": "number",
        "colour": "category",
        "nothing": "none",
    }
    assert scores["colour"].categories == {"red": 3, "blue": 1}
    assert scores["colour"].category_rates["red"].rate == 0.75
    assert scores["colour"].mean is None
    assert scores["nothing"].mean is None
    assert scores["nothing"].outcomes["not_applicable"] == 4


def test_one_key_of_several_evaluators_and_several_keys_of_one():
    cells = [
        *(cell(f"r{i}", True, key="correct", evaluator="mine") for i in range(2)),
        *(cell(f"r{i}", False, key="correct", evaluator="yours") for i in range(2)),
        *(cell(f"r{i}", 0.5, key="recall", evaluator="mine") for i in range(2)),
        *(cell(f"r{i}", 0.0, key="correct", evaluator="log", source="recorded") for i in range(2)),
    ]
    scores = summarise(results(runs(2), cells)).scores
    assert set(scores) == {"mine.correct", "yours.correct", "recall", "log.correct"}
    assert scores["log.correct"].kind == "recorded"


def test_an_evaluator_named_like_its_key_keeps_the_plain_name():
    cells = [
        cell("r0", True, key="correct", evaluator="correct"),
        cell("r0", 0.0, key="correct", evaluator="langsmith", source="recorded"),
    ]
    assert set(summarise(results(runs(1), cells)).scores) == {"correct", "langsmith.correct"}


def test_an_error_stands_under_every_key_the_evaluator_gives():
    cells = [
        cell("r0", 0.5, key="precision", evaluator="pr"),
        cell("r0", 0.5, key="recall", evaluator="pr"),
        cell("r1", key="pr", evaluator="pr", outcome="evaluator_error", error_message="boom"),
    ]
    scores = summarise(results(runs(2), cells)).scores
    assert set(scores) == {"precision", "recall"}
    assert all(score.outcomes["evaluator_error"] == 1 for score in scores.values())
    assert all(score.outcomes["missing"] == 0 for score in scores.values())
    assert scores["recall"].errors[0].message == "boom"


def test_step_scores_are_clustered_by_example_and_experiment_scores_stand_alone():
    infos = [EvaluatorInfo(name="s", scope="step"), EvaluatorInfo(name="f1", scope="experiment")]
    cells = [
        *(cell(f"r{i}", i < 2, key="s", step_id=f"s{j}") for i in range(4) for j in range(25)),
        cell(None, 0.8, key="f1"),
    ]
    scores = summarise(results(runs(4), cells, infos=infos)).scores
    assert (scores["s"].n, scores["s"].runs, scores["s"].clusters) == (100, 4, 4)
    low, high = scores["s"].interval
    assert high - low > 0.6
    assert (scores["f1"].mean, scores["f1"].interval) == (0.8, None)
    assert scores["f1"].method == "none: one value"


def test_judges_are_marked_until_they_were_compared_with_people():
    infos = [EvaluatorInfo(name="kind", kind="judge")]
    given = results(runs(2), [cell(f"r{i}", True, key="kind") for i in range(2)], infos=infos)
    assert summarise(given).scores["kind"].uncalibrated
    assert "Judges not compared with people: kind" in summarise(given).quality.notes[0]
    assert not summarise(given, calibrated=["kind"]).scores["kind"].uncalibrated


def test_outcomes_add_up_and_rates_have_wilson_intervals():
    rows = [
        run(f"r{i}", f"e{i}", outcome=outcome)
        for i, outcome in enumerate(
            ["success"] * 90 + ["error"] * 4 + ["timeout"] * 3 + ["cancelled"] * 2 + ["paused"]
        )
    ]
    found = summarise(results(rows))
    assert sum(found.counts.outcomes.values()) == found.counts.received == 100
    assert found.rates["error"].count == 4
    assert found.rates["error"].interval == pytest.approx((0.015663, 0.098371), abs=1e-6)
    assert found.rates["running"].rate == 0.0


def test_errors_are_grouped_by_what_they_say():
    texts = [
        "Traceback (most recent call last):\n  File 'x.py', line 3\nValueError: no item 17",
        "ValueError: no item 99",
        "Timeout after 30.5s for https://a.example/x?y=1",
        "Timeout after 12s for https://b.example/",
        "rate limit for 'gpt-x'",
        "rate limit for 'claude-y'",
        None,
    ]
    rows = [run(f"r{i}", f"e{i}", outcome="error", error=text) for i, text in enumerate(texts)]
    groups = summarise(results(rows)).errors
    assert [group.count for group in groups] == [2, 2, 2, 1]
    assert sum(group.count for group in groups) == len(texts)
    assert {tuple(group.run_ids) for group in groups} >= {("r0", "r1"), ("r2", "r3")}
    paused = [run("p", "p", outcome="paused")]
    assert summarise(results([*rows, *paused])).errors == groups
    again = summarise(results(rows[::-1])).errors
    assert {g.fingerprint for g in again} == {g.fingerprint for g in groups}


def test_latency_not_recorded_is_said_and_timeouts_are_kept():
    rows = [
        run(f"r{i}", f"e{i}", outcome="timeout" if i >= 80 else "success", latency_s=float(i + 1))
        for i in range(90)
    ] + [run(f"q{i}", f"q{i}") for i in range(10)]
    found = summarise(results(rows))
    assert (found.latency.n, found.latency.missing, found.latency.censored) == (90, 10, 10)
    assert "p95" in found.latency.lower_bounds
    assert found.ttft.missing_share == 1.0
    assert found.quality.latency_missing_share == pytest.approx(0.1)


def test_clocks_that_run_backwards_give_no_latency():
    rows = [run("a", "a", latency_s=-2.0), run("b", "b", latency_s=3.0)]
    found = summarise(results(rows))
    assert (found.latency.n, found.latency.mean, found.quality.clock_problems) == (1, 3.0, 1)


def test_tokens_and_cost_per_success_carry_what_failures_cost():
    rows = [
        run(f"r{i}", f"e{i}", outcome="success" if i < 3 else "error", total_cost=2.0)
        for i in range(4)
    ]
    usage = summarise(results(rows)).usage
    assert usage.total_cost.total == 8.0
    assert usage.cost_per_success.value == pytest.approx(8 / 3)
    assert usage.tokens_per_success.value is None
    assert usage.total_tokens.missing == 4


def test_time_goes_to_the_step_that_spent_it():
    def step(run_id, step_id, parent, kind, name, latency, **more):
        row = {"run_id": run_id, "step_id": step_id, "parent_id": parent, "kind": kind}
        return {**row, "name": name, "latency_s": latency, **more}

    rows = [
        step(r, *each)
        for r in ("r0", "r1")
        for each in (
            ("1", None, "node", "agent", 10.0),
            ("2", "1", "llm", "chat", 6.0),
            ("3", "1", "tool", "search", 3.0),
        )
    ]
    rows.append(step("r1", "4", None, "tool", "search", None, error="gone"))
    found = summarise(results(runs(2), steps=rows)).steps
    assert [(s.name, s.self_seconds, s.share) for s in found] == [
        ("chat", 12.0, 0.6),
        ("search", 6.0, 0.3),
        ("agent", 2.0, 0.1),
    ]
    search = found[1]
    assert (search.calls, search.errors, search.latency.n, search.latency.missing) == (3, 1, 2, 1)


def test_the_document_is_json_without_nan_and_comes_back_the_same():
    cells = [cell("r0", 0.25), cell("r1", 0.75), cell("r2", value="blue", key="c")]
    created = datetime(2026, 3, 1, 12, tzinfo=UTC)
    given = results(runs(3, latency_s=1.0, created_at=created), cells)
    document = summarise(given, reducers=["mean", "pass^3"]).to_dict()
    text = json.dumps(document, allow_nan=False)
    assert from_plain(Summary, json.loads(text)).to_dict() == document
    assert document["version"] == 1
    assert document["scores"]["ok"]["mean"] == 0.5
    assert document["provenance"]["first_run_at"] == "2026-03-01T12:00:00+00:00"
    assert {"experiment", "counts", "scores", "latency", "usage", "reducers"} <= document.keys()


def test_a_document_of_a_later_version_can_still_be_read():
    document = summarise(scored([[True], [False]])).to_dict()
    document["novelty"] = {"x": 1}
    document["scores"]["ok"]["novelty"] = 1
    assert from_plain(Summary, document).scores["ok"].n == 2


def test_repetitions_show_flakes_and_the_worst_examples():
    found = summarise(scored([[True, False], [True, True], [False, False], [True]])).scores["ok"]
    assert found.flake_rate == pytest.approx(1 / 3)
    assert found.worst_examples[0] == "e2"
    assert found.example_means.x == [0.0, 0.5, 1.0]
    assert found.example_means.y == [0.25, 0.5, 1.0]


def test_bad_reducers_stop_before_anything_is_read():
    with pytest.raises(ConfigError):
        summarise(scored([[True]]), reducers=["pas^2"])


def test_errors_name_the_innermost_step_that_failed():
    rows = [run(f"r{i}", f"e{i}", outcome="error", error="gone") for i in range(2)]
    steps = [
        {"run_id": f"r{i}", "step_id": str(n), "name": name, "kind": "node", "error": error}
        for i in range(2)
        for n, (name, error) in enumerate([("agent", "x"), ("search", "gone"), ("answer", None)])
    ]
    (group,) = summarise(results(rows, steps=steps)).errors
    assert (group.count, group.step) == (2, "search")
