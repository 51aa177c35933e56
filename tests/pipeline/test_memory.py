"""Runs held in a script are scored, summarised and compared without a project."""

import gc
import tempfile

import pytest

from evalkit import Example, Experiment, Run, compare, score_runs, summarise
from evalkit.errors import NoRunsError


def right(outputs, reference_outputs):
    return outputs["n"] == reference_outputs["n"]


def made(name, shift):
    examples = [Example(example_id=f"e{n}", reference_outputs={"n": n}) for n in range(30)]
    runs = [
        Run(
            run_id=f"{name}-{n}-{r}",
            example_id=f"e{n}",
            repetition=r,
            outputs={"n": n if (n + r) % 3 else n + shift},
            duration_s=1.0 + n / 10,
        )
        for n in range(30)
        for r in range(2)
    ]
    return Experiment(name, runs, examples)


def test_score_summarise_compare():
    base, other = (score_runs(made(*each), [right]) for each in (("a", 1), ("b", 0)))
    summary = summarise(base)
    assert summary.scores["right"].mean == pytest.approx(40 / 60)
    assert summary.scores["right"].n == 60
    difference = compare([base, other]).candidate("b").difference("right")
    assert difference.difference.value == pytest.approx(20 / 60)
    assert difference.verdict == "better"


def test_the_temporary_folder_goes_with_the_results(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    results = score_runs(made("a", 1), [right])
    (folder,) = tmp_path.iterdir()
    assert (folder / "a").is_dir()
    del results
    gc.collect()
    assert not folder.exists()


def test_no_runs_is_an_error():
    with pytest.raises(NoRunsError):
        score_runs([], [right])
