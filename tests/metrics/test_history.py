"""History: strips over time with change points in the right places."""

import json
from dataclasses import replace

import numpy as np
import pytest
from metric_tables import cell, results, run
from scipy.stats import norm

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.summaries.history import history
from evalkit.metrics.summaries.lasting import Point, change_points
from evalkit.metrics.summaries.summarise import summarise


def points(values, se=0.01):
    return [
        Point(f"x{i}", None, Figure(v, v - 1.96 * se, v + 1.96 * se, 100))
        for i, v in enumerate(map(float, values))
    ]


def test_a_planted_shift_is_marked_at_the_right_one_of_twelve():
    rng = np.random.default_rng(1)
    for shift in range(2, 11):
        values = np.where(np.arange(12) < shift, 0.80, 0.72) + rng.normal(0, 0.01, 12)
        (found,) = change_points(points(values), "higher")
        assert found.index == shift
        assert found.better is False
        assert found.after < found.before


def test_two_shifts_are_two():
    values = [0.5] * 5 + [0.7] * 4 + [0.6] * 6
    assert [c.index for c in change_points(points(values), "lower")] == [5, 9]
    assert [c.better for c in change_points(points(values), "lower")] == [False, True]


def test_noise_rarely_has_a_change_point():
    rng = np.random.default_rng(2)
    alarms = sum(bool(change_points(points(rng.normal(0.8, 0.01, 12)))) for _ in range(300))
    assert alarms <= 9


def test_noise_beyond_the_intervals_is_allowed_for():
    rng = np.random.default_rng(3)
    alarms = sum(bool(change_points(points(rng.normal(0.8, 0.03, 12)))) for _ in range(300))
    assert alarms <= 60


def test_points_without_interval_are_shown_and_decide_nothing():
    given = [Point("a", None, Figure(0.1)), *points([0.5, 0.5]), Point("z", None, Figure(None))]
    assert change_points(given) == []


def made(name, day, share):
    rows = [run(f"{name}{i}", f"e{i}", latency_s=1.0 + i % 3, created_at=None) for i in range(200)]
    cells = [cell(f"{name}{i}", i < 200 * share) for i in range(200)]
    given = results(rows, cells, name=name, fetched_at=f"2026-01-{day:02d}T00:00:00+00:00")
    return summarise(given)


def test_strips_are_in_order_of_time_and_have_gaps():
    summaries = [made("c", 3, 0.5), made("a", 1, 0.9), made("b", 2, 0.9), made("d", 4, 0.5)]
    found = history(summaries)
    assert found.experiments == ["a", "b", "c", "d"]
    strip = next(s for s in found.strips if s.metric == "ok")
    assert [p.figure.value for p in strip.points] == [0.9, 0.9, 0.5, 0.5]
    assert [c.experiment for c in strip.changes] == ["c"]
    assert {"success_rate", "latency.p95"} <= {s.metric for s in found.strips}
    assert "cost.mean" not in {s.metric for s in found.strips}
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("metric", "strips"), [("ok.low", 1), ("absent", 0)])
def test_metrics_are_chosen_by_the_names_of_gates(metric, strips):
    assert len(history([made("a", 1, 0.9)], [metric]).strips) == strips


def test_the_last_change_is_read_with_an_interval_for_all_metrics_at_once():
    """Against scipy: two independent means, Bonferroni over every strip that has an interval."""
    before, after = made("a", 1, 0.9), made("a", 2, 0.5)
    found = {strip.metric: strip.since for strip in history([after, before]).strips}
    held = [each for each in found.values() if each is not None and each.simultaneous]
    assert len(held) == 2
    se = np.hypot(before.scores["ok"].se, after.scores["ok"].se)
    half = norm.ppf(1 - 0.05 / len(held) / 2) * se
    change = found["ok"]
    assert change.difference.value == pytest.approx(-0.4)
    assert change.simultaneous == pytest.approx((-0.4 - half, -0.4 + half))
    assert change.difference.interval == pytest.approx((-0.4 - 1.96 * se, -0.4 + 1.96 * se), 1e-3)
    assert (change.reading, change.margin) == ("worse", 0.03)
    assert found["success_rate"].reading == "same"
    alone = history([after, before], ["ok"]).strips[0].since
    assert alone.simultaneous == alone.difference.interval


@pytest.mark.parametrize(("margin", "reading"), [(0.02, "cannot_tell"), (0.3, "same")])
def test_a_margin_that_a_rule_sets_decides_the_reading(margin, reading):
    strips = history([made("a", 1, 0.9), made("a", 2, 0.9)], ["ok"], margins={"ok": margin}).strips
    assert strips[0].since.reading == reading


def marked(summary, mark, dataset=None):
    score = replace(summary.scores["ok"], fingerprint=mark)
    provenance = replace(summary.provenance, dataset_version=dataset)
    return replace(summary, scores={"ok": score}, provenance=provenance)


@pytest.mark.parametrize(
    ("marks", "broken", "read"),
    [
        (["x", "x", "x"], [], True),
        (["x", "y", "y"], [(1, "evaluator")], True),
        (["x", "x", "y"], [(2, "evaluator")], False),
        (["x", None, "x"], [], True),
        (["x", None, "y"], [(2, "evaluator")], False),
        ([None, None, "y"], [], True),
        (["x1", "x2", "x2"], [(1, "data set")], True),
        (["x1", "y2", "x2"], [(1, "data set"), (2, "evaluator")], False),
    ],
)
def test_no_change_is_read_where_the_evaluator_or_the_data_set_changed(marks, broken, read):
    shares = (0.9, 0.9, 0.5)
    summaries = [
        marked(made("a", day + 1, share), mark and mark[0], (mark or "")[1:] or None)
        for day, (share, mark) in enumerate(zip(shares, marks, strict=True))
    ]
    (strip,) = history(summaries, ["ok"]).strips
    assert [(each.index, each.why) for each in strip.breaks] == broken
    assert (strip.since is not None) is read
    crossed = any(index == 2 for index, _ in broken)
    assert [change.index for change in strip.changes] == ([] if crossed else [2])


def test_what_is_the_same_in_all_is_said_only_where_it_is_known():
    first, second = made("a", 1, 0.9), made("a", 2, 0.9)
    assert history([marked(first, None), marked(second, None)]).same == ()
    known = [marked(first, "x", "1"), marked(second, "x", "1")]
    assert history(known).same == ("evaluators", "data set")
    assert history([known[0], marked(second, "y", "2")]).same == ()


def test_the_level_of_a_baseline_stands_beside_each_metric_it_has():
    found = history([made("a", 1, 0.5)], ["ok", "latency.p50"], baseline=made("b", 1, 0.9))
    assert found.baseline == "b"
    assert found.strips[0].baseline.value == 0.9
    assert found.strips[0].since is None
