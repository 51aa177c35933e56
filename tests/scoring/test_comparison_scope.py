"""Evaluators of scope comparison judge runs side by side, in an order that cannot matter."""

import pytest

from evalkit import as_evaluator
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.scoring.side_by_side import judge_all

EXAMPLES = [Example(example_id=f"e{n}", inputs={"q": n}) for n in range(40)]


def groups(**lengths):
    return [
        (
            example,
            {
                name: [
                    Run(run_id=f"{name}-{example.example_id}-{r}", outputs={"n": length})
                    for r in range(2)
                ]
                for name, length in lengths.items()
            },
        )
        for example in EXAMPLES
    ]


def longest(outputs):
    best = max(each["n"] for each in outputs)
    return [each["n"] == best for each in outputs]


def first_wins(outputs):
    return [1] + [0] * (len(outputs) - 1)


def by_run(runs, example):
    return {"key": "own", "scores": {run.run_id: run.outputs["n"] for run in runs}, "comment": "c"}


def judged(function, **lengths):
    made = as_evaluator(function, scope="comparison")
    return list(judge_all([made], groups(**lengths), seed=1))


def test_scores_come_back_by_experiment_whatever_the_order():
    judgements = judged(longest, a=1, b=2)
    assert len(judgements) == 40 * 2 * 2
    assert {each.order for each in judgements} == {("a", "b"), ("b", "a")}
    assert all(each.scores == {"a": 0.0, "b": 1.0} for each in judgements)


def test_a_judge_that_favours_a_place_is_even_after_the_swap():
    judgements = judged(first_wins, a=1, b=1)
    assert sum(each.scores["a"] for each in judgements) == len(judgements) / 2


def test_scores_by_run_id_and_three_experiments():
    judgements = judged(by_run, a=1, b=2, c=3)
    assert all(each.scores == {"a": 1, "b": 2, "c": 3} for each in judgements)
    assert {each.key for each in judgements} == {"own"}


@pytest.mark.parametrize(
    ("function", "outcome", "says"),
    [
        (lambda outputs: [1], "evaluator_error", "1 scores for 2 runs"),
        (lambda outputs: {"scores": {}}, "evaluator_error", "no score for run"),
        (lambda outputs: True, "evaluator_error", "Return a list"),
        (lambda outputs: ["x", "y"], "evaluator_error", "is no number"),
        (lambda outputs: outputs[9], "evaluator_error", "out of range"),
        (lambda outputs: None, "not_applicable", ""),
    ],
)
def test_what_is_no_judgement_is_data(function, outcome, says):
    judgement = judged(function, a=1, b=2)[0]
    assert judgement.outcome == outcome
    assert says in (judgement.error_message or "")
