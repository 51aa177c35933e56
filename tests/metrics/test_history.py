"""History: strips over time with change points in the right places."""

import json

import numpy as np
import pytest
from metric_tables import cell, results, run

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.summaries.history import Point, change_points, history
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
