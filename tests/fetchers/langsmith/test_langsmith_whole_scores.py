"""What was recorded of the experiment as a whole is its score; preferences are nobody's mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import evalkit
from fetchers.langsmith_server.fixtures import environ_of, experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer


@pytest.fixture
def server() -> LangSmithServer:
    world = generated_world(6)
    session = next(iter(world.sessions.values()))["id"]
    roots = [root["id"] for root in world.roots(session)]
    world.put_feedback({"key": "f1", "score": 0.75, "session_id": session, "comment": "of all"})
    for n, run_id in enumerate(roots):
        world.put_feedback({"key": "liked", "score": n % 2, "run_id": run_id})
        world.put_feedback({"key": "liked", "score": 1, "run_id": run_id,
                            "comparative_experiment_id": "c1"})  # fmt: skip
    with LangSmithServer(world) as started:
        yield started


def test_summary_scores_are_scores_of_the_experiment(
    server: LangSmithServer, tmp_path: Path
) -> None:
    table = (
        f'[experiments.x]\nfetcher = "langsmith"\nexperiment = "{experiment_of(server.world)}"\n'
    )
    (tmp_path / "evalkit.toml").write_text(table)
    fetched = evalkit("fetch", "x", cwd=tmp_path, **environ_of(server))
    assert fetched.code == 0, fetched.err
    assert "6 pairwise scores were left out" in fetched.err
    shown = evalkit("show", "x", "--json", cwd=tmp_path)
    scores = json.loads(shown.out)["scores"]
    assert (scores["f1"]["mean"], scores["f1"]["n"]) == (0.75, 1)
    assert (scores["liked"]["mean"], scores["liked"]["n"]) == (0.5, 6)
