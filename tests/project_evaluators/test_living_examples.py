"""The repository's own evaluators: their cases hold, and on the sample data they say something."""

from collections import Counter
from typing import Any

import pytest
import sample

from evalkit.model.score import Score
from evalkit.project.modules import load_folder
from evalkit.scoring.definition.evaluator import Evaluator, marked
from evalkit.scoring.definition.proving import run_cases

FOLDER = sample.ROOT / "evaluators"


@pytest.fixture(scope="module")
def own() -> dict[str, Evaluator]:
    found = [marked(value) for module in load_folder(FOLDER) for value in vars(module).values()]
    return {each.name: each for each in found if each is not None}


def test_every_evaluator_proves_itself(own: dict[str, Evaluator]) -> None:
    assert set(own) == {
        "correct",
        "fast_enough",
        "found_the_passage",
        "grounded",
        "tool_arguments",
        "tool_path",
        "weakest_topic",
    }
    for each in own.values():
        results = run_cases(each)
        assert len(results) >= 2, each.name
        assert [result for result in results if not result.passed] == []


def scores(evaluator: Evaluator, version: str) -> list[Score]:
    given = [(run, sample.examples()[run.example_id or ""]) for run in sample.runs(version)]
    if evaluator.scope == "experiment":
        runs, examples = zip(*given, strict=True)
        return evaluator.scores(evaluator.invoke(list(runs), list(examples)))
    units: list[tuple[Any, ...]] = list(given)
    if evaluator.scope == "step":
        units = [(run, example, step) for run, example in given for step in run.steps]
    return [score for unit in units for score in evaluator.scores(evaluator.invoke(*unit))]


def numbers(evaluator: Evaluator, version: str) -> list[float]:
    return [float(s.score) for s in scores(evaluator, version) if s.score is not None]


@pytest.mark.parametrize("name", ["correct", "tool_path", "tool_arguments", "fast_enough"])
def test_they_tell_right_from_wrong_on_the_sample(own: dict[str, Evaluator], name: str) -> None:
    said = numbers(own[name], "baseline")
    assert min(said) < 1 <= max(said), Counter(said)


def test_invented_answers_are_not_grounded(own: dict[str, Evaluator]) -> None:
    """The baseline sometimes invents a duration; else, and the candidate always, it quotes."""
    quoted, invented = 0, 0
    for run in sample.runs("baseline"):
        (score,) = own["grounded"].scores(
            own["grounded"].invoke(run, sample.examples()[run.example_id or ""])
        )
        if "Usually that takes" in (run.outputs or {}).get("answer", ""):
            assert score.score is not None
            assert score.score < 0.5
            invented += 1
        else:
            assert score.score in (1.0, None)
            quoted += score.score is not None
    assert 5 < invented < 30 < quoted
    said = Counter(score.score for score in scores(own["grounded"], "candidate"))
    assert set(said) == {1.0, None}


def test_what_each_applies_to(own: dict[str, Evaluator]) -> None:
    runs = sample.runs("baseline")
    counted = {name: len(numbers(own[name], "baseline")) for name in own}
    assert counted["correct"] == counted["tool_path"] == len(runs)
    assert counted["fast_enough"] == sum(run.latency is not None for run in runs)
    assert counted["tool_arguments"] == sum(bool(run.tool_calls) for run in runs)
    assert counted["weakest_topic"] == 1
    answerable = [e for e in sample.examples().values() if e.reference_outputs["document_ids"]]
    assert counted["found_the_passage"] == 5 * len(answerable)


def test_a_run_that_did_not_end_well_is_judged_and_not_correct(own: dict[str, Evaluator]) -> None:
    failed = [run for run in sample.runs("baseline") if run.outcome != "success"]
    assert failed
    for run in failed:
        (score,) = own["correct"].scores(
            own["correct"].invoke(run, sample.examples()[run.example_id or ""])
        )
        assert score.score is False


def test_the_candidate_answers_better_than_the_baseline(own: dict[str, Evaluator]) -> None:
    means = {
        version: sum(numbers(own["correct"], version)) / len(sample.runs(version))
        for version in ("baseline", "candidate")
    }
    assert means["candidate"] > means["baseline"]
