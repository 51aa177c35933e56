"""Levels, changes and gates are of the same examples; stopped runs are bounds; families."""

import numpy as np
import pytest
from metric_tables import cell, results, run

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.statistics.calibration import Hits
from evalkit.metrics.summaries.summarise import summarise


def made(name, rows, *, score=True):
    """Make results of (example, repetition, value, seconds, outcome)."""
    runs, cells = [], []
    for example, repetition, value, seconds, outcome in rows:
        run_id = f"{name}-{example}-{repetition}"
        runs.append(
            run(run_id, example, repetition, outcome, latency_s=seconds, total_cost=seconds)
        )
        if score and value is not None:
            cells.append(cell(run_id, value))
    return results(runs, cells, name=name)


def rows(n, runs, value, seconds=lambda i, r: 1.5, outcome=lambda i, r: "success"):
    return [
        (f"e{i}", r, value(i, r), seconds(i, r), outcome(i, r))
        for i in range(n)
        for r in range(runs)
    ]


def uneven():
    """Eight good examples of five runs, four bad ones of one."""
    before = [row for row in rows(12, 5, lambda i, r: i < 8) if int(row[0][1:]) < 8 or row[1] == 0]
    return made("base", before), made("cand", rows(12, 5, lambda i, r: i < 10))


def test_level_change_and_gate_are_of_the_same_examples():
    base, cand = uneven()
    before, after = summarise(base), summarise(cand)
    comparison = compare([base, cand])
    found = comparison.candidates[0].difference("ok")
    levels = (before.scores["ok"].mean, after.scores["ok"].mean)
    assert levels == (pytest.approx(8 / 12), pytest.approx(10 / 12))
    assert (found.baseline.value, found.candidate.value) == pytest.approx(levels)
    assert found.difference.value == pytest.approx(levels[1] - levels[0])
    assert before.rates["success"].rate == 1.0
    (gate,) = check([parse("ok >= baseline")], after, comparison)
    assert gate.limit == pytest.approx(8 / 12)


def test_what_the_pairs_leave_out_is_said():
    base = made("base", rows(20, 2, lambda i, r: i < 10))
    cand = made("cand", [row for row in rows(20, 2, lambda i, r: True) if int(row[0][1:]) < 12])
    found = compare([base, cand]).candidates[0].difference("ok")
    assert found.baseline.value == pytest.approx(10 / 12)
    assert found.baseline_all.value == pytest.approx(0.5)
    assert found.candidate_all is None


def timed(cut_base, cut_cand):
    rng = np.random.default_rng(1)
    slow = 20 + 10 * rng.random((2, 120)) + np.where(np.arange(120) % 4 == 0, 60, 0)
    sides = []
    for name, times, cut in (("base", slow[0], cut_base), ("cand", slow[1], cut_cand)):
        sides.append(
            made(
                name,
                rows(
                    120,
                    1,
                    lambda i, r: True,
                    lambda i, r, t=times, c=cut: min(t[i], c),
                    lambda i, r, t=times, c=cut: "timeout" if t[i] > c else "success",
                ),
            )
        )
    return sides


@pytest.mark.parametrize(
    ("base", "cand", "bound"), [(1e9, 30, "low"), (30, 1e9, "high"), (30, 30, "both")]
)
def test_nothing_is_better_for_being_cut_off_sooner(base, cand, bound):
    before, after = timed(base, cand)
    comparison = compare([before, after])
    found = comparison.candidates[0].difference("latency.mean")
    assert found.bound == bound
    assert found.verdict not in ("equivalent", "not_inferior")
    if bound != "high":
        assert found.verdict != "better"
    rules = ["latency.p95 better than baseline", "latency.mean <= baseline"]
    results_ = check([parse(rule) for rule in rules], summarise(after), comparison)
    assert results_[0].passed is False
    if cand == 30:
        assert results_[1].passed is False


def test_primary_metrics_are_a_family_of_their_own():
    rng = np.random.default_rng(2)
    seconds = lambda i, r: 1 + rng.random()  # noqa: E731
    base = made("base", rows(60, 3, lambda i, r: bool(rng.random() < 0.6), seconds))
    cand = made("cand", rows(60, 3, lambda i, r: bool(rng.random() < 0.72), seconds))
    plain, chosen = compare([base, cand]), compare([base, cand], primary=["ok", "nobody"])
    one, other = (c.candidates[0].difference("ok") for c in (plain, chosen))
    assert other.p_adjusted == other.p
    assert one.p_adjusted > one.p
    assert (chosen.family, other.family) == (1, "primary")
    assert chosen.candidates[0].difference("latency.mean").family == "exploratory"
    assert any("nobody" in note for note in chosen.notes)
    assert one.simultaneous[0] < one.difference.low
    assert one.simultaneous[1] > one.difference.high


@pytest.mark.parametrize("seed", range(12))
def test_no_reading_contradicts_the_interval_beside_it(seed):
    rng = np.random.default_rng(seed)
    base = made("base", rows(30, 1, lambda i, r: bool(rng.random() < 0.5)))
    cand = made("cand", rows(30, 1, lambda i, r: bool(rng.random() < 0.5 + seed / 30)))
    for found in compare([base, cand]).candidates[0].differences:
        low, high = found.difference.low, found.difference.high
        if found.verdict in ("better", "worse") and low is not None:
            assert not low < 0 < high
            assert not found.simultaneous[0] < 0 < found.simultaneous[1]
        if found.verdict == "equivalent" and found.sure is not None:
            assert -found.margin < found.sure[0] <= found.sure[1] < found.margin


def test_a_judge_is_compared_as_people_would_have_said():
    hits = {"ok": Hits(0.9, 200.0, 0.8, 100.0, 40)}
    base = made("base", rows(100, 2, lambda i, r: i % 10 < 5))
    cand = made("cand", rows(100, 2, lambda i, r: i % 10 < 7))
    comparison = compare([base, cand], hits=hits)
    found = comparison.candidates[0].difference("ok.corrected")
    plain = comparison.candidates[0].difference("ok")
    assert found.baseline.value == pytest.approx((0.5 - 0.2) / 0.7)
    assert found.difference.value == pytest.approx(0.2 / 0.7)
    assert found.difference.high - found.difference.low > 1.3 * (
        plain.difference.high - plain.difference.low
    )
    summary = summarise(cand, hits=hits)
    assert summary.scores["ok"].corrected.value == pytest.approx((0.7 - 0.2) / 0.7)
    rules = ["ok.corrected >= 60%", "ok.corrected better than baseline"]
    assert [r.passed for r in check([parse(r) for r in rules], summary, comparison)] == [True, True]
    (unknown,) = check([parse("ok.corrected >= 60%")], summarise(cand))
    assert unknown.passed is False


def test_median_cost_per_success_and_reducers_are_compared():
    rng = np.random.default_rng(3)
    base = made("base", rows(60, 4, lambda i, r: i % 3 > 0, lambda i, r: 2 + rng.random()))
    cand = made("cand", rows(60, 4, lambda i, r: i % 4 > 0, lambda i, r: 1 + rng.random()))
    found = compare([base, cand], reducers=["mean", "pass^2"]).candidates[0]
    for name in ("latency.p50", "cost_per_success"):
        assert found.difference(name).verdict == "better"
        assert found.difference(name).difference.interval is not None
    assert found.difference("ok.pass^2").difference.value == pytest.approx(45 / 60 - 40 / 60)
    summary = summarise(base, reducers=["pass^2"])
    level = found.difference("ok.pass^2").baseline
    expected = summary.reducers["pass^2"]["ok"]
    assert (level.value, *level.interval) == pytest.approx((expected.value, *expected.interval))


def test_ties_of_a_coarse_clock_are_no_spread():
    base = made("base", rows(60, 2, lambda i, r: True, lambda i, r: float(1 + i % 2)))
    found = compare(
        [base, made("cand", rows(60, 2, lambda i, r: True, lambda i, r: float(1 + i % 2)))]
    )
    verdicts = {
        d.verdict for d in found.candidates[0].differences if d.metric.startswith("latency")
    }
    assert verdicts == {"cannot_tell"}
