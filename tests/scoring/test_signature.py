"""The signature is the declaration, and a misspelt one is refused before anything runs."""

import functools

import pytest

from evalkit import as_evaluator, evaluator
from evalkit.errors import EvaluatorError, EvaluatorSignatureError
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step

RUN = Run(run_id="r", inputs={"q": 1}, outputs={"a": 2}, steps=[Step(step_id="s")])
EXAMPLE = Example(example_id="e", inputs={"q": 1}, reference_outputs={"a": 2})


def by_name(outputs, reference_outputs):
    return outputs == reference_outputs


def keyword_only(*, outputs, limit=3, **kwargs):
    return len(outputs) <= limit


def old_form(root_run, gold):
    return root_run.outputs == gold.outputs


def half_old(run, gold):
    return run.outputs == gold.outputs


def of_step(step, inputs):
    return step.step_id == "s" and inputs == {"q": 1}


class Polite:
    """Thanks."""

    def __call__(self, outputs):
        return "a" in outputs


class LangSmithStyle:
    """As LangSmith's RunEvaluator."""

    def evaluate_run(self, run, example=None, evaluator_run_id=None):
        return {"key": "same", "score": run.outputs == example.outputs}


@pytest.mark.parametrize(
    ("function", "scope", "injected"),
    [
        (by_name, "run", ("outputs", "reference_outputs")),
        (keyword_only, "run", ("outputs",)),
        (functools.partial(keyword_only, limit=9), "run", ("outputs",)),
        (old_form, "run", ("run", "example")),
        (half_old, "run", ("run", "example")),
        (of_step, "step", ("step", "inputs")),
        (Polite(), "run", ("outputs",)),
        (LangSmithStyle(), "run", ("run", "example")),
    ],
)
def test_accepted_forms(function, scope, injected):
    made = as_evaluator(function)
    assert (made.scope, made.injected) == (scope, injected)
    (score,) = made.scores(made.invoke(RUN, EXAMPLE, RUN.steps[0]))
    assert score.score is True


def misspelt(output):
    return output


def half_misspelt(outputs, foo):
    return outputs, foo


def shortened(reference, outputs):
    return reference


def asks_nothing():
    return 1


def three(a, b, c):
    return a


def swapped(example, runn):
    return runn


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (misspelt, r"asks for 'output', which evalkit does not pass\. Did you mean 'outputs'\?"),
        (half_misspelt, "asks for 'foo'"),
        (shortened, "Did you mean 'reference_outputs'"),
        (asks_nothing, "asks for nothing"),
        (three, "asks for 'a'"),
        (swapped, "Did you mean 'run'"),
        (Polite, "is a class"),
        (3, "cannot be called"),
    ],
)
def test_refused_forms(function, says):
    with pytest.raises(EvaluatorSignatureError, match=says):
        as_evaluator(function)


def test_a_refusal_names_file_and_line():
    line = misspelt.__code__.co_firstlineno
    with pytest.raises(EvaluatorSignatureError, match=rf"test_signature\.py:{line}: "):
        as_evaluator(misspelt)


def test_the_decorator_returns_the_function_unchanged():
    marked = evaluator(version="2", direction="lower")(by_name)
    try:
        assert marked is by_name
        assert by_name({"a": 1}, {"a": 1}) is True
        assert as_evaluator(by_name).version == "2"
    finally:
        vars(by_name).clear()


def test_options_are_parameters_with_defaults():
    made = as_evaluator(keyword_only)
    assert made.with_options({"limit": 0}).invoke(RUN, EXAMPLE) is False
    assert made.all_options() == {"limit": 3}
    with pytest.raises(EvaluatorError, match=r"no option 'limitt'.* Did you mean 'limit'"):
        made.with_options({"limitt": 1})


def test_a_run_without_outputs_shows_an_empty_dict():
    seen = as_evaluator(lambda outputs, reference_outputs, inputs: [outputs, inputs])
    assert seen.invoke(Run(run_id="r", inputs={"q": 2}), None) == [{}, {"q": 2}]


def test_experiment_scope_gets_lists():
    made = as_evaluator(
        lambda outputs, reference_outputs: [outputs, reference_outputs], scope="experiment"
    )
    assert made.invoke([RUN, RUN], [EXAMPLE, None]) == [[{"a": 2}, {"a": 2}], [{"a": 2}, {}]]
    assert as_evaluator(lambda runs, examples: 1).scope == "experiment"
