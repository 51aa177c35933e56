"""Preferences: order cancels, rankings carry intervals."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from evalkit.metrics.comparing.preferences import bradley_terry, preferences


@dataclass
class Said:
    example_id: str
    order: tuple
    scores: dict = field(default_factory=dict)
    outcome: str = "scored"
    evaluator: str = "judge"
    key: str = "better"
    metadata: dict = field(default_factory=dict)


def test_a_judge_that_likes_the_first_place_says_nothing_after_the_swap():
    rng = np.random.default_rng(1)
    said = []
    for i in range(400):
        for order in (("a", "b"), ("b", "a")):
            first = bool(rng.random() < 0.7)
            scores = {order[0]: float(first), order[1]: float(not first)}
            said.append(Said(f"e{i}", order, scores))
    (found,) = preferences(said, ["a", "b"])
    assert found.means["a"].low < 0.5 < found.means["a"].high
    assert found.position_bias == pytest.approx(0.4, abs=0.06)
    assert all(rank.low < 0 < rank.high for rank in found.ranking)


def test_a_planted_order_is_found_for_three():
    rng = np.random.default_rng(2)
    quality = {"a": 0.0, "b": 1.0, "c": 2.0}
    said = [
        Said(f"e{i}", ("a", "b", "c"), {k: v + rng.normal(0, 1.5) for k, v in quality.items()})
        for i in range(300)
    ]
    (found,) = preferences(said, ["a", "b", "c"])
    assert [rank.experiment for rank in found.ranking] == ["c", "b", "a"]
    assert found.ranking[0].low > found.ranking[1].high > found.ranking[1].low
    assert found.ranking[0].win_rate.value > 0.7
    assert sum(rank.strength for rank in found.ranking) == pytest.approx(0, abs=1e-9)
    assert found.position_bias is None


def test_failures_are_counted_and_ties_are_half_wins():
    said = [
        Said("e0", ("a", "b"), {"a": 1.0, "b": 1.0}),
        Said("e1", ("a", "b"), outcome="evaluator_error"),
        Said("e2", ("b", "a"), outcome="not_applicable"),
    ]
    (found,) = preferences(said, ["a", "b"])
    assert found.n == 1
    assert (found.outcomes["evaluator_error"], found.outcomes["not_applicable"]) == (1, 1)
    assert found.ranking[0].win_rate.value == 0.5


def test_two_experiments_have_the_log_odds_of_their_wins():
    wins = np.zeros((100, 2, 2))
    wins[:70, 0, 1] = 1
    wins[70:, 1, 0] = 1
    first, second = bradley_terry(wins, ["a", "b"])
    assert first.strength - second.strength == pytest.approx(np.log(70.5 / 30.5), abs=1e-9)


def test_always_winning_stays_finite():
    wins = np.zeros((20, 2, 2))
    wins[:, 0, 1] = 1
    first, _ = bradley_terry(wins, ["a", "b"])
    assert 1 < first.strength < 3


def test_nothing_judged_ranks_nobody():
    said = [Said("e0", ("a", "b"), outcome="evaluator_error")]
    (found,) = preferences(said, ["a", "b"])
    assert (found.n, found.ranking, found.means["a"].value) == (0, [], None)


def test_judgements_without_a_score_are_counted_under_the_figure_of_their_evaluator():
    good = [Said(f"e{n}", ("a", "b"), {"a": 1.0, "b": 0.0}, key="own") for n in range(3)]
    lost = Said("e4", ("a", "b"), outcome="evaluator_error", key="judge")
    (found,) = preferences([lost, *good], ["a", "b"])
    assert (found.name, found.n) == ("own", 3)
    assert (found.outcomes["scored"], found.outcomes["evaluator_error"]) == (3, 1)


def test_what_pairwise_judges_did_not_see_is_summed():
    took = [{"judge": {"characters_left_out": 5}}, {}, {"judge": {"images_left_out": 2}}]
    said = [Said(f"e{n}", ("a", "b"), {"a": 1, "b": 0}, metadata=m) for n, m in enumerate(took)]
    (found,) = preferences(said, ["a", "b"])
    assert found.unseen is not None
    assert (found.unseen.cells, found.unseen.characters, found.unseen.images) == (2, 5, 2)
    (whole,) = preferences(said[1:2], ["a", "b"])
    assert whole.unseen is None
