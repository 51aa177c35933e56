"""Sequential rules: right however often one looks, refused where nothing is known of all looks."""

import importlib.util
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_tables import cell, results, run, scored
from scipy.integrate import quad
from scipy.stats import beta

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.gating.anytime import half_width, rate_bounds
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.scales.scale import Scale

PATH = Path(__file__).parents[2] / "benchmarks" / "simulations.py"
SPEC = importlib.util.spec_from_file_location("simulations", PATH)
simulations = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(simulations)


@pytest.mark.parametrize(("passed", "n"), [(18, 20), (45, 50), (3, 30), (30.5, 40)])
def test_the_lower_bound_is_where_the_mixed_likelihood_ratio_reaches_20(passed, n):
    low, high = rate_bounds(passed / n, n, 0.05)
    prior = beta(0.5, 0.5)

    def ratio(q):
        return exp(passed * log(q / low) + (n - passed) * log((1 - q) / (1 - low)))

    mixed, _ = quad(lambda q: ratio(q) * prior.pdf(q), low, 1, points=[passed / n])
    assert mixed / prior.sf(low) == pytest.approx(20, rel=1e-3)
    mirrored = rate_bounds(1 - passed / n, n, 0.05)
    assert mirrored == pytest.approx((1 - high, 1 - low))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bounds_hold_the_mean_and_lie_inside_0_and_1(pair):
    passed, n = pair
    low, high = rate_bounds(passed / n, n, 0.05)
    assert 0 <= low <= passed / n <= high <= 1


def test_bounds_get_narrow_but_never_as_narrow_as_those_of_one_look():
    widths = [half_width(1 / n**0.5, n, 0.05) for n in (20, 100, 1000, 10_000)]
    assert widths == sorted(widths, reverse=True)
    assert all(w > 1.6449 / n**0.5 for w, n in zip(widths, (20, 100, 1000, 10_000), strict=True))


@pytest.mark.parametrize("seeds", [300, pytest.param(2000, marks=pytest.mark.slow)])
def test_twenty_looks_are_wrong_in_5_percent_where_plain_ones_are_not(seeds):
    found = dict(simulations.many_looks(seeds))
    naive = {name: share for name, share in found.items() if "not sequential" in name}
    kept = {name: share for name, share in found.items() if name not in naive}
    assert {name: share for name, share in kept.items() if share > 0.05} == {}
    assert min(naive.values()) > 0.08


def matrix(rate, examples, repetitions=1):
    passes = round(rate * examples)
    return [[at < passes] * repetitions for at in range(examples)]


@pytest.mark.parametrize(
    ("rule", "examples", "rate", "passed", "says"),
    [
        ("ok >= 0.9 sequential", 60, 0.95, False, "Not decided yet: between 83"),
        ("ok >= 0.9", 60, 0.95, True, "asked >= 90"),
        ("ok >= 0.9 sequential", 400, 0.95, True, "Decided: between 91"),
        ("ok >= 0.9 sequential", 100, 0.5, False, "Decided: between"),
        ("ok <= 0.5 sequential", 100, 0.2, True, "Decided"),
        ("success_rate >= 90% sequential", 100, 0.5, True, "Decided"),
    ],
)
def test_a_level_holds_on_evidence_alone(rule, examples, rate, passed, says):
    summary = summarise(scored(matrix(rate, examples)))
    found = check([parse(rule)], summary)[0]
    assert (found.passed, says in found.why) == (passed, True), found.why


def test_a_score_with_a_range_of_its_own_is_asked_on_its_scale():
    rows = [run(f"r{i}", f"e{i}") for i in range(200)]
    marks = [cell(f"r{i}", 4 + i % 2, key="mark") for i in range(200)]
    scales = {"mark": Scale(kind="number", range=(1, 5))}
    summary = summarise(results(rows, marks), scores=scales)
    rules = [parse("mark >= 4 sequential"), parse("mark >= 4.45 sequential")]
    assert [each.passed for each in check(rules, summary)] == [True, False]


@pytest.mark.parametrize(
    ("rule", "before", "after", "passed", "says"),
    [
        ("ok better than baseline sequential", 0.5, 0.9, True, "Decided"),
        ("ok better than baseline sequential", 0.8, 0.85, False, "Not decided yet"),
        ("ok not worse than baseline sequential", 0.8, 0.76, True, "Not decided yet"),
        ("ok not worse than baseline by 0.02 sequential", 0.9, 0.5, False, "Decided"),
        ("ok proven not worse than baseline by 0.3 sequential", 0.8, 0.8, True, "Decided"),
        ("ok proven not worse than baseline by 0.01 sequential", 0.8, 0.8, False, "Not decided"),
        ("ok equivalent to baseline within 0.3 sequential", 0.8, 0.8, True, "Decided"),
    ],
)
def test_a_change_is_claimed_on_evidence_alone(rule, before, after, passed, says):
    rng = np.random.default_rng(5)
    one = scored((rng.random((120, 1)) < before).tolist(), name="before")
    two = scored((rng.random((120, 1)) < after).tolist(), name="after")
    comparison = compare([one, two])
    found = check([parse(rule)], summarise(two), comparison)[0]
    assert (found.passed, says in found.why) == (passed, True), found.why


def test_few_pairs_decide_nothing():
    one, two = (scored(matrix(rate, 12), name=f"{rate}") for rate in (0.1, 0.9))
    rules = [
        parse("ok better than baseline sequential"),
        parse("ok not worse than baseline sequential"),
    ]
    found = check(rules, summarise(two), compare([one, two]))
    assert [each.passed for each in found] == [False, True]
    assert all("12 pairs, bounds need 20" in each.why for each in found)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("ok >= 0.9 for every example sequential", "leave the slice"),
        ("ok >= baseline - 2% sequential", "compare by"),
        ("ok == 1 sequential", "evidence ever shows =="),
        ("latency.p95 <= 9s sequential", "no sequential bounds of p95"),
        ("latency.mean <= 9s sequential", "Declare its range"),
        ("ok.pass^3 >= 0.5 sequential", "no sequential bounds of pass^3"),
    ],
)
def test_what_no_bound_covers_is_refused(rule, says):
    rows = [run(f"r{i}", f"e{i % 30}", i // 30, latency_s=1.0 + i % 7) for i in range(90)]
    cells = [cell(f"r{i}", i % 30 < 27) for i in range(90)]
    summary = summarise(results(rows, cells), reducers=["pass^3"])
    found = check([parse(rule)], summary)[0]
    assert found.passed is False
    assert says in found.why
