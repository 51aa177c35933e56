"""LangSmith's own pytest plugin against the test server, and its experiment fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fetchers.langsmith_server.world import World

SUITE = """
import pytest
from langsmith import testing as t


@pytest.mark.langsmith
@pytest.mark.parametrize(("question", "answer"), [("2+2", "4"), ("3+3", "6"), ("1+1", "3")])
def test_sums(question, answer):
    t.log_inputs({"question": question})
    t.log_reference_outputs({"answer": answer})
    said = str(sum(map(int, question.split("+"))))
    t.log_outputs({"answer": said})
    t.log_feedback(key="exact", score=said == answer)
    assert said == answer
"""


@pytest.mark.filterwarnings("ignore")
def test_the_plugins_experiment(serve: Any, open_fetcher: Any, tmp_path: Path) -> None:
    pytest.importorskip("langsmith", reason="the plugin is the SDK's")
    server = serve(World())
    (tmp_path / "test_app.py").write_text(SUITE)
    told = {
        "LANGSMITH_ENDPOINT": server.url, "LANGSMITH_API_KEY": "k", "LANGSMITH_TRACING": "true",
        "LANGSMITH_TEST_SUITE": "sums",
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_app.py"]
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "1 failed, 2 passed" in ended.stdout
    assert server.faults.unknown == []

    (session,) = server.world.sessions.values()
    fetcher = open_fetcher(server, experiment=session["name"])
    runs = {run.inputs["question"]: run for run in fetcher.runs()}
    examples = {each.example_id: each for each in fetcher.examples()}
    assert {q: run.outputs["answer"] for q, run in runs.items()} == {
        "2+2": "4", "3+3": "6", "1+1": "2",
    }  # fmt: skip
    assert examples[runs["1+1"].example_id].reference_outputs == {"answer": "3"}
    scores = {q: {f.key: f.score for f in run.feedback} for q, run in runs.items()}
    assert {q: given["exact"] for q, given in scores.items()} == {"2+2": 1, "3+3": 1, "1+1": 0}
    assert {q: given["pass"] for q, given in scores.items()} == {"2+2": 1, "3+3": 1, "1+1": 0}
