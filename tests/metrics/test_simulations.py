"""Simulations: coverage, level, power and quiet, as promised; the long ones run once in CI."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "simulations.py"
SPEC = importlib.util.spec_from_file_location("simulations", PATH)
simulations = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(simulations)

NOISE = 0.005
"""One standard error of a coverage of 95 % seen in 2,000 seeds. Without this room two of the 42
settings would miss: 92.85 % (pass^4 of 0.5, 20 examples) and 97.05 % (rate 0.98, 20 x 5)."""


def outside(results, low=0.93, high=0.97):
    return {name: c for name, c in results if not low - NOISE <= c <= high + NOISE}


def test_rates_cover_quickly():
    assert outside(simulations.rate_coverage(400), 0.92, 0.98) == {}


@pytest.mark.slow
def test_rates_cover_93_to_97_percent():
    assert outside(simulations.rate_coverage(2000)) == {}


@pytest.mark.slow
def test_settings_the_constants_were_not_chosen_on_cover_as_documented():
    found = dict(simulations.held_out_coverage(400))
    low = {name: share for name, share in found.items() if share < 0.90}
    assert len(found) == 144
    assert len(low) <= 3, low
    assert min(found.values()) > 0.83


@pytest.mark.slow
def test_pass_k_covers_93_to_97_percent():
    assert outside(simulations.reducer_coverage(2000)) == {}


@pytest.mark.parametrize("seeds", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_eight_metrics_claim_nothing_false_and_rows_would(seeds):
    found = simulations.family_wise(seeds)
    assert found["ours"] <= 0.06
    assert found["naive"] > 0.15


@pytest.mark.slow
def test_200_slices_of_nothing_raise_no_alarm_and_a_bad_one_is_first():
    assert simulations.slice_alarms(200) <= 0.085  # 5 %, and two errors of 200 seeds
    assert simulations.planted_slice(40) == 1.0


def test_the_corrected_rate_covers_where_the_raw_one_does_not():
    found = simulations.corrected_coverage(1000)
    assert found["corrected"] >= 0.93
    assert found["raw"] < 0.5


@pytest.mark.slow
def test_labels_drawn_where_the_evaluator_errs_are_worth_more_and_stay_honest():
    found = dict(simulations.active_labels(400))
    for setting, each in found.items():
        assert 0.925 <= each["active coverage"] <= 1.0, setting
        assert each["active width"] < each["rogan-gladen width"] * 1.1, setting
    for setting in ("few known 50", "few known 200", "many known 200"):
        assert found[setting]["active width"] < found[setting]["powered width"], setting
    for setting in ("few known 50", "few known 200", "many known 50", "many known 200"):
        assert found[setting]["active width"] < 0.75 * found[setting]["rogan-gladen width"], setting


def test_rankings_cover_the_planted_strengths():
    assert 0.92 <= simulations.ranking_coverage(200) <= 0.98


def test_the_estimator_of_pass_k_is_unbiased():
    for k in range(1, 5):
        assert simulations.expected_pass(6, k, 0.7) == pytest.approx(0.7**k, abs=1e-12)
