"""Evaluators carry their own proof, and a wrong expectation fails."""

import pytest

from evalkit import as_evaluator, case, evaluator
from evalkit.scoring.definition.proving import run_cases


@evaluator(
    cases=[
        case(outputs={"n": 3}, expect=True),
        case(outputs={"n": 9}, expect=False),
        case(outputs={"n": 9}, options={"limit": 10}, expect=True),
        case(outputs={}, expect=KeyError),
        case(outputs={"n": 3}, expect=False),
        case(outputs={"n": 3}, expect=1),
    ]
)
def small(outputs, *, limit=5):
    return outputs["n"] <= limit


@evaluator(cases=[case(outputs={"a": 0.1 + 0.2}, expect={"x": 0.3, "y": None})])
async def two(outputs):
    return {"x": outputs["a"], "y": None}


def test_cases_pass_and_fail():
    assert [each.passed for each in run_cases(as_evaluator(small))] == [True] * 4 + [False] * 2


def test_async_and_several_keys():
    (result,) = run_cases(as_evaluator(two))
    assert result.passed, result


@pytest.mark.parametrize(("expect", "passed"), [(ValueError, False), (KeyError, True)])
def test_an_exception_is_what_it_says(expect, passed):
    made = evaluator(name="breaks", cases=[case(outputs={}, expect=expect)])(
        lambda outputs: outputs["missing"]
    )
    (result,) = run_cases(as_evaluator(made))
    assert result.passed is passed
    assert isinstance(result.got, KeyError)
