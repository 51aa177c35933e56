"""Reducers: one number per example, unbiased, refused beyond the runs there are."""

from itertools import combinations

import numpy as np
import pytest
from metric_tables import cell, results, run, scored

from evalkit.errors import ConfigError
from evalkit.metrics.summaries.reducer import parse, pass_estimate
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.score import EvaluatorInfo


def value(matrix, reducer, **more):
    return summarise(scored(matrix, **more), reducers=[reducer]).reducers[reducer]["ok"]


RUNS = [[True, True, False], [True, True, True], [False, False, False], [False, True, False]]


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        ("mean", 0.5),
        ("median", 0.5),
        ("mode", 0.5),
        ("min", 0.25),
        ("max", 0.75),
        ("majority", 0.5),
        ("any", 0.75),
        ("all", 0.25),
        ("at_least(2)", 0.5),
        ("best", 0.75),
        ("worst", 0.25),
        ("flake", 0.5),
        ("pass@2", (1 + 1 + 0 + 2 / 3) / 4),
        ("pass^2", (1 / 3 + 1 + 0 + 0) / 4),
        ("best@2", (1 + 1 + 0 + 2 / 3) / 4),
        ("worst@2", (1 / 3 + 1 + 0 + 0) / 4),
    ],
)
def test_true_and_false(reducer, expected):
    figure = value(RUNS, reducer)
    assert figure.value == pytest.approx(expected)
    assert figure.n == 4
    assert figure.low <= figure.value <= figure.high


NUMBERS = [[1.0, 2.0, 6.0], [0.5, 0.5, 3.5]]


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        ("mean", (3 + 1.5) / 2),
        ("median", (2 + 0.5) / 2),
        ("mode", (1 + 0.5) / 2),
        ("best", (6 + 3.5) / 2),
        ("sd", (np.std([1, 2, 6], ddof=1) + np.std([0.5, 0.5, 3.5], ddof=1)) / 2),
        ("best@2", (np.mean([2, 6, 6]) + np.mean([0.5, 3.5, 3.5])) / 2),
    ],
)
def test_numbers(reducer, expected):
    assert value(NUMBERS, reducer).value == pytest.approx(expected)


def test_lower_is_better_turns_best_and_passing_round():
    assert value(NUMBERS, "best", direction="lower").value == pytest.approx((1 + 0.5) / 2)
    assert value(RUNS, "all", direction="lower").value == 0.25
    assert value(RUNS, "any", direction="lower").value == 0.75


def test_numbers_pass_only_with_a_threshold():
    refused = summarise(scored(NUMBERS), reducers=["pass^2"]).reducers["pass^2"]["ok"]
    assert refused.value is None
    assert refused.method == "refused: nothing says which numbers pass; declare a threshold"
    assert value(NUMBERS, "any", threshold=5.0).value == 0.5


@pytest.mark.parametrize("n", [1, 3, 6])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_estimates_are_the_share_of_draws(n, k):
    for passes in range(n + 1):
        runs = [1] * passes + [0] * (n - passes)
        draws = list(combinations(runs, k))
        for kind, good in (("pass@", any), ("pass^", all)):
            found = pass_estimate(passes, n, k, kind)
            if k > n:
                assert np.isnan(found)
            else:
                expected = sum(map(good, draws)) / len(draws)
                assert found == pytest.approx(expected, abs=1e-12)


def test_more_than_there_are_runs_is_refused_not_extrapolated():
    figure = value(RUNS, "pass^4")
    assert figure.value is None
    assert figure.method == "refused: needs 4 runs of an example, at most 3"


def test_examples_with_too_few_runs_are_left_out_and_n_says_so():
    figure = value([[True, True], [False], [True, False]], "pass^2")
    assert (figure.value, figure.n) == (0.5, 2)


def test_runs_without_a_score_do_not_count_as_repetitions():
    figure = value([[True, None, True], [True, None, None]], "pass^2")
    assert (figure.value, figure.n) == (1.0, 1)


@pytest.mark.parametrize(
    ("text", "hint"), [("pas^4", "pass^2"), ("medain", "median"), ("pass^0", ""), ("quorum", "")]
)
def test_unknown_reducers_are_named_with_the_closest(text, hint):
    with pytest.raises(ConfigError, match="is no reducer") as caught:
        parse(text)
    assert hint in str(caught.value)


def test_a_run_with_several_scored_steps_is_one_run_and_passes_when_all_do():
    info = [EvaluatorInfo(name="ok", scope="step")]
    rows = [run(f"r{i}", "e0", i) for i in range(3)]
    said = {"r0": [True, True], "r1": [True, False], "r2": [True]}
    cells = [
        cell(run_id, score, step_id=f"s{n}")
        for run_id, scores in said.items()
        for n, score in enumerate(scores)
    ]
    found = summarise(results(rows, cells, infos=info), reducers=["pass^2", "mean", "pass^4"])
    assert found.reducers["pass^2"]["ok"].value == pytest.approx(1 / 3)
    assert found.reducers["mean"]["ok"].value == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.reducers["pass^4"]["ok"].method == "refused: needs 4 runs of an example, at most 3"
    assert found.scores["ok"].n == 5
