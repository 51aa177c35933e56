"""Trying an evaluator: a pinned sample, every way to fail, and a new look at every save."""

import itertools
import json
from pathlib import Path

import pytest

from evalkit.errors import EvaluatorNotFound, NoRunsError
from evalkit.model.schema.written import run_to_record
from evalkit.pipeline.authors.authoring import new_evaluator, try_evaluator, watch_evaluator
from evalkit.pipeline.fetching import fetch
from evalkit.project.config import Project, load
from evalkit.testing import make_run, retrieval, tool

RUNS = 30


@pytest.fixture
def project(tmp_path: Path) -> Project:
    lines = []
    for n in range(RUNS):
        run = make_run(
            run_id=f"r{n}",
            example_id=f"e{n}",
            inputs={"q": n},
            outputs=None if n % 10 == 9 else {"answer": "x" * n},
            error="boom" if n % 10 == 9 else None,
            steps=[tool("search", {"n": n}), retrieval("a")],
        )
        lines.append(run_to_record(run))
        lines.append({"kind": "example", "example_id": f"e{n}", "reference_outputs": {"answer": n}})
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = '[experiments.nightly]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    (tmp_path / "evalkit.toml").write_text(config)
    (tmp_path / "evaluators").mkdir()
    found = load(tmp_path)
    fetch(found, "nightly")
    return found


def write(project: Project, body: str, signature: str = "run", mark: str = "@evaluator") -> None:
    text = (
        f"from evalkit import Score, evaluator\n\n\n{mark}\ndef polite({signature}):\n    {body}\n"
    )
    (project.evaluators_folder / "polite.py").write_text(text)


def test_the_same_runs_every_time_with_what_they_said(project: Project) -> None:
    write(project, "return Score(score=len(outputs['answer']), comment='long')", "outputs")
    one, two = (try_evaluator(project, "polite", "nightly", sample=8) for _ in range(2))
    assert [row.run_id for row in one.rows] == [row.run_id for row in two.rows]
    assert len(one.rows) == 8
    scored = next(row for row in one.rows if row.scores)
    assert scored.outputs == {"answer": "x" * scored.inputs["q"]}
    assert scored.reference_outputs == {"answer": scored.inputs["q"]}
    assert (scored.scores[0].score, scored.scores[0].comment) == (scored.inputs["q"], "long")
    assert one.evaluator is not None
    assert one.evaluator.file == str(project.evaluators_folder / "polite.py")


def test_the_whole_experiment_when_it_is_smaller_than_the_sample(project: Project) -> None:
    write(project, "return True")
    assert len(try_evaluator(project, "polite", "nightly", sample=500).rows) == RUNS


def test_an_exception_fills_its_row_only(project: Project) -> None:
    write(project, "return len(outputs['answer'])", "outputs")
    trial = try_evaluator(project, "polite", "nightly", sample=RUNS)
    broken = [row for row in trial.rows if row.failure]
    assert [row.outcome for row in broken] == ["error"] * 3
    assert broken[0].failure is not None
    assert broken[0].failure.error_type == "KeyError"
    assert "polite.py" in (broken[0].failure.traceback or "")
    assert trial.means()["polite"][1] == RUNS - 3
    assert trial.failures == 3


def test_what_is_no_score_fills_its_row(project: Project) -> None:
    write(project, "return float('nan')")
    trial = try_evaluator(project, "polite", "nightly", sample=2)
    assert [row.failure and row.failure.error_type for row in trial.rows] == [
        "EvaluatorOutputError"
    ] * 2


def test_runs_an_evaluator_does_not_want_are_shown_as_skipped(project: Project) -> None:
    write(project, "return True", mark="@evaluator(failed_runs='skip')")
    trial = try_evaluator(project, "polite", "nightly", sample=RUNS)
    assert sum(row.skipped for row in trial.rows) == 3


def test_steps_that_do_not_apply_are_left_out(project: Project) -> None:
    write(project, "return step.kind == 'tool' or None", "step")
    trial = try_evaluator(project, "polite", "nightly", sample=4)
    assert [row.step for row in trial.rows] == ["search"] * 4
    assert trial.calls == 8
    assert trial.rows[0].inputs == {"n": int((trial.rows[0].run_id or "")[1:])}


def test_an_evaluator_of_experiments_sees_the_sample(project: Project) -> None:
    write(project, "return len(runs)", "runs")
    (row,) = try_evaluator(project, "polite", "nightly", sample=7).rows
    assert (row.run_id, row.scores[0].score) == (None, 7)


def test_async_and_options_of_the_config(project: Project) -> None:
    path = project.root / "evalkit.toml"
    path.write_text(path.read_text() + "[evaluators.polite]\nlimit = 7\n")
    text = (
        "from evalkit import evaluator\n\n\n@evaluator\n"
        "async def polite(run, *, limit=3):\n    return limit\n"
    )
    (project.evaluators_folder / "polite.py").write_text(text)
    trial = try_evaluator(load(project.root), "polite", "nightly", sample=1)
    assert trial.rows[0].scores[0].score == 7


def test_one_that_hangs_ends_the_trial(project: Project) -> None:
    write(project, "import threading; threading.Event().wait()")
    trial = try_evaluator(project, "polite", "nightly", sample=5, timeout=0.2)
    (row,) = trial.rows
    assert row.failure is not None
    assert row.failure.timed_out


def test_a_name_that_is_not_there(project: Project) -> None:
    write(project, "return True")
    with pytest.raises(EvaluatorNotFound, match="polite"):
        try_evaluator(project, "polit", "nightly")


def test_an_experiment_that_was_not_fetched(project: Project) -> None:
    path = project.root / "evalkit.toml"
    path.write_text(path.read_text() + path.read_text().replace("nightly", "other"))
    with pytest.raises(NoRunsError, match="evalkit fetch other"):
        try_evaluator(load(project.root), "polite", "other")


def test_every_save_is_a_new_trial_broken_ones_too(project: Project) -> None:
    write(project, "return 1")
    saves = iter(["return 2", "return outputs[", "return 3"])
    waits = itertools.count()

    def wait(seconds: float) -> None:
        next(waits)
        write(project, next(saves))

    trials = watch_evaluator(project, "polite", "nightly", sample=3, wait=wait)
    first, second, broken, mended = (next(trials) for _ in range(4))
    assert [trial.rows[0].scores[0].score for trial in (first, second, mended)] == [1, 2, 3]
    assert "polite.py:6" in str(broken.problem)
    assert next(waits) == 3


def test_saves_that_look_alike_are_not_mixed_up(project: Project) -> None:
    """Same length, same second: the bytecode cache could not tell them apart."""
    values = iter("2345")
    write(project, "return 1")
    trials = watch_evaluator(
        project,
        "polite",
        "nightly",
        sample=1,
        wait=lambda _: write(project, f"return {next(values)}"),
    )
    said = [next(trials).rows[0].scores[0].score for _ in range(5)]
    assert said == [1, 2, 3, 4, 5]


def test_a_new_evaluator_works_at_once(project: Project) -> None:
    for scope in ("run", "step", "experiment"):
        name = f"of_{scope}"
        new_evaluator(project.evaluators_folder, name, scope)
        trial = try_evaluator(project, name, "nightly", sample=5)
        assert trial.problem is None
        assert trial.failures == 0, trial.rows
