"""Evaluators written for LangSmith by others run unmodified on stored runs."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit import Experiment, score_runs, summarise
from evalkit.model.schema.written import run_to_record
from evalkit.pipeline.fetching import fetch
from evalkit.pipeline.scoring import score_experiment
from evalkit.pipeline.stored import results
from evalkit.project.config import load
from evalkit.testing import make_example, make_run

CALL = {"function": {"name": "search", "arguments": '{"q": "x"}'}}
CHAT = [
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "found", "tool_call_id": ""},
    {"role": "assistant", "content": "done"},
]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def experiment() -> Experiment:
    other = [*CHAT[:1], *CHAT[3:]]
    runs = [
        make_run(run_id="same", example_id="e", outputs={"messages": CHAT}),
        make_run(run_id="other", example_id="e", outputs={"messages": other}),
        make_run(run_id="failed", example_id="e", error="boom"),
    ]
    return Experiment("nightly", runs, [make_example({"messages": CHAT}, example_id="e")])


def test_agentevals() -> None:
    match = pytest.importorskip("agentevals.trajectory.match")
    theirs = match.create_trajectory_match_evaluator(trajectory_match_mode="strict")
    summary = summarise(score_runs(experiment(), [theirs]))
    scores = summary.scores["trajectory_strict_match"]
    assert (scores.n, scores.mean) == (2, 0.5)
    assert summary.counts.cells["evaluator_error"] == 1  # it raises on a run without messages


def test_openevals_named_in_the_config(tmp_path: Path) -> None:
    pytest.importorskip("openevals.exact")
    lines: list[Any] = []
    for n in range(4):
        run = make_run(run_id=f"r{n}", example_id=f"e{n}", outputs={"answer": n % 2})
        lines.append(run_to_record(run))
        lines.append({"kind": "example", "example_id": f"e{n}", "reference_outputs": {"answer": 1}})
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "evalkit.toml").write_text(
        '[experiments.nightly]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
        'evaluators = ["openevals.exact:exact_match", "json_match"]\n'
    )
    project = load(tmp_path)
    fetch(project, "nightly")
    score_experiment(project, "nightly")
    summary = summarise(results(project, "nightly"))
    assert summary.scores["exact_match"].mean == summary.scores["json_match"].mean == 0.5
