"""Plans: they reach the power they promise, and say what they rest on."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from metric_tables import cell, results, run, scored
from scipy.stats import betabinom
from statsmodels.stats.power import TTestPower

from evalkit.errors import ConfigError, NoRunsError
from evalkit.metrics.planning.noise import by_chance
from evalkit.metrics.planning.plan import plan, read_change

PATH = Path(__file__).parents[2] / "benchmarks" / "simulations.py"
SPEC = importlib.util.spec_from_file_location("simulations", PATH)
simulations = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(simulations)


@pytest.mark.parametrize("seeds", [300, pytest.param(2000, marks=pytest.mark.slow)])
def test_planned_designs_have_the_power_they_promise(seeds):
    room = 0.05 + 2.5 * (0.8 * 0.2 / seeds) ** 0.5
    found = dict(simulations.plans(seeds))
    assert {name: power for name, power in found.items() if abs(power - 0.8) > room} == {}


@pytest.mark.parametrize(("level", "spread", "runs"), [(0.8, 0.2, 3), (0.5, 0.4, 1), (0.9, 0.1, 5)])
def test_what_chance_moves_is_that_of_two_beta_binomial_draws(level, spread, runs):
    rng = np.random.default_rng(3)
    size = level * (1 - level) / spread**2 - 1
    p = rng.beta(level * size, (1 - level) * size, 200_000)
    one, two = rng.binomial(runs, p), rng.binomial(runs, p)
    moved, full = by_chance(level, spread, runs)
    assert moved == pytest.approx(np.mean(one != two), abs=0.004)
    assert full == pytest.approx(np.mean((one == runs) & (two == runs)), abs=0.004)
    alone = betabinom(2 * runs, level * size, (1 - level) * size)
    assert full == pytest.approx(alone.pmf(2 * runs))


def timed(examples, repetitions, noise):
    rng = np.random.default_rng(4)
    levels = rng.normal(10, 2, examples)
    return results(
        [
            run(f"r{e}-{n}", f"e{e}", n, latency_s=float(levels[e] + rng.normal(0, noise)))
            for e in range(examples)
            for n in range(repetitions)
        ]
    )


def test_numbers_are_planned_as_statsmodels_plans_a_paired_t_test():
    found = plan(timed(60, 4, 0.5), "0.2", metric="latency.mean")
    for each in found.layouts:
        sd = (2 * found.within**2 / each.repetitions) ** 0.5
        needed = TTestPower().solve_power(effect_size=0.2 / sd, alpha=0.05, power=0.8)
        assert each.examples == int(np.ceil(needed))
    assert found.within == pytest.approx(0.5, rel=0.1)
    assert found.layouts[0].runs <= found.layouts[-1].runs


def test_more_repetitions_help_only_where_runs_of_an_example_differ():
    steady = plan(scored([[i < 30] * 3 for i in range(40)]), "10pp")
    assert [each.repetitions for each in steady.layouts] == [1]
    assert steady.within == 0
    rng = np.random.default_rng(6)
    flaky = plan(scored((rng.random((40, 3)) < 0.75).tolist()), "10pp")
    fewer = {each.repetitions: each.examples for each in flaky.layouts}
    assert fewer[1] > fewer[3] > fewer[8]


def test_what_is_not_known_is_said_and_taken_at_its_largest():
    once = plan(scored([[i % 4 > 0] for i in range(40)]), "5pp")
    assert once.within == pytest.approx((0.75 * 0.25) ** 0.5)
    assert any("ran once" in note for note in once.notes)
    assert any("Without a baseline" in note for note in once.notes)
    twice = scored([[i % 4 > 0, i % 4 > 0] for i in range(40)], name="two")
    beside = plan(scored([[i % 5 > 0] * 2 for i in range(40)]), "5pp", baseline=twice)
    assert beside.between is not None
    assert beside.between > 0.4
    assert beside.notes == []


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3pp", "share", 0.03),
        ("3%", "share", 0.03),
        ("0.03", "share", 0.03),
        ("-2 points", "share", 0.02),
        ("200ms", "s", 0.2),
        ("5%", "s", 0.5),
        ("1.5k", "tokens", 1500),
    ],
)
def test_changes_are_read_in_the_unit_of_the_metric(text, unit, value):
    assert read_change(text, unit, 10.0) == pytest.approx(value)


@pytest.mark.parametrize(
    ("detect", "metric", "says"),
    [
        ("much", None, "is no change"),
        ("0", None, "is no change"),
        ("3pp", "latency.mean", "the metric is in s"),
        ("200ms", None, "the metric is in share"),
        ("120pp", None, "cannot change by so much"),
        ("3pp", "okk", "Did you mean 'ok'"),
        ("1s", "latency.p95", "means and rates"),
    ],
)
def test_what_cannot_be_planned_is_one_line(detect, metric, says):
    rows = [run(f"r{i}", f"e{i}", latency_s=1.0 + i) for i in range(30)]
    given = results(rows, [cell(f"r{i}", i % 3 > 0) for i in range(30)])
    with pytest.raises(ConfigError, match=says):
        plan(given, detect, metric=metric)


def test_nothing_is_planned_from_nothing():
    with pytest.raises(NoRunsError):
        plan(results(), "3pp")
    with pytest.raises(NoRunsError, match="two examples"):
        plan(scored([[True, False]]), "3pp")


def test_the_document_has_runs_of_every_layout():
    document = plan(scored([[i % 3 > 0] for i in range(40)]), "10pp").to_dict()
    assert document["layouts"][0]["runs"] == document["layouts"][0]["examples"]
    assert document["current"]["runs"] == 40
