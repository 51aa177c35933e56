"""What an evaluator may return: LangSmith's forms, and what evalkit accepts beyond."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langsmith.evaluation import EvaluationResult

from evalkit.errors import EvaluatorOutputError
from evalkit.model.score import Score
from evalkit.scoring.definition.coerce import to_scores


def short(returned):
    return [(each.key, each.score, each.value, each.comment) for each in to_scores(returned, "k")]


@pytest.mark.parametrize(
    ("returned", "scores"),
    [
        (True, [("k", True, None, None)]),
        (3, [("k", 3, None, None)]),
        (0.5, [("k", 0.5, None, None)]),
        ("red", [("k", None, "red", None)]),
        (None, [("k", None, None, None)]),
        (np.float32(0.5), [("k", 0.5, None, None)]),
        (np.bool_(False), [("k", False, None, None)]),
        (np.int64(4), [("k", 4, None, None)]),
        (Decimal("1.5"), [("k", 1.5, None, None)]),
        (Score(score=1, comment="c"), [("k", 1, None, "c")]),
        ({"key": "a", "score": 1}, [("a", 1, None, None)]),
        ({"name": "a", "score": 1, "reasoning": "r"}, [("a", 1, None, "r")]),
        ({"score": "english"}, [("k", None, "english", None)]),
        ({"value": {"x": 1}}, [("k", None, {"x": 1}, None)]),
        ({"comment": "no"}, [("k", None, None, "no")]),
        ({"score": np.float64(0.25)}, [("k", 0.25, None, None)]),
        ({"a": 1, "b": True}, [("a", 1, None, None), ("b", True, None, None)]),
        ({"a": {"score": 1, "comment": "c"}}, [("a", 1, None, "c")]),
        ([{"key": "a", "score": 1}, {"score": 2}], [("a", 1, None, None), ("k", 2, None, None)]),
        (({"key": "a", "score": 1},), [("a", 1, None, None)]),
        ((0.25, "why"), [("k", 0.25, None, "why")]),
        ((np.bool_(True), "why"), [("k", True, None, "why")]),
        ({"results": [{"key": "a", "score": 1}]}, [("a", 1, None, None)]),
        ({"results": []}, [("k", None, None, None)]),
        (EvaluationResult(key="e", score=True, comment="c"), [("e", True, None, "c")]),
    ],
)
def test_accepted(returned, scores):
    assert short(returned) == scores


@pytest.mark.parametrize(
    "returned",
    [
        math.nan,
        math.inf,
        np.float64("nan"),
        {"score": math.nan},
        Score(score=math.inf),
        "",
        {},
        [1, 2],
        (True, False),
        ("red", "why"),
        (math.nan, "why"),
        (1, "a", "b"),
        [["a"]],
        {"score": [1]},
        {"score": 1, "fluency": 2},
        {1: 2},
        {"results": 3},
        object(),
        {1, 2},
        np.array([1.0, 2.0]),
        b"bytes",
    ],
)
def test_refused_with_a_reason(returned):
    with pytest.raises(EvaluatorOutputError, match=r"\. .*\.|Return"):
        to_scores(returned, "k")


def test_a_truth_value_stays_one():
    assert [each.type for each in to_scores({"a": True, "b": 1, "c": 1.0, "d": "x"}, "k")] == [
        "bool",
        "int",
        "float",
        "category",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_nothing_but_scores_or_one_error_comes_out(returned):
    try:
        scores = to_scores(returned, "k")
    except EvaluatorOutputError:
        return
    assert scores
    for score in scores:
        assert score.key
        assert score.score is None or math.isfinite(score.score)
