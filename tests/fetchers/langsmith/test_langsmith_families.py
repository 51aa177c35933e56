"""A pattern in the configuration stands for every experiment that fits, each of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit
from fetchers.langsmith_server.fixtures import environ_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

EVALUATOR = """
from evalkit import evaluator


@evaluator
def answered(outputs) -> bool:
    return bool(outputs)
"""


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    world = generated_world(4, name="rerank-1")
    for name, suite in (("rerank-2", "nightly"), ("other", "nightly")):
        more = generated_world(3, name=name, seed=len(name))
        (session,) = more.sessions.values()
        session["extra"]["metadata"]["suite"] = suite
        session["reference_dataset_id"] = next(iter(world.datasets))
        world.add_session(session)
        world.add_runs(more.by_session[session["id"]], session["id"])
    with LangSmithServer(world, "v2") as started:
        yield started


def table(folder: Path, **options: Any) -> None:
    (folder / "evaluators").mkdir(exist_ok=True)
    (folder / "evaluators" / "mine.py").write_text(EVALUATOR)
    lines = "".join(f"{key} = {value}\n" for key, value in options.items())
    (folder / "evalkit.toml").write_text(f'[experiments.rerank]\nfetcher = "langsmith"\n{lines}')


def test_each_is_an_experiment_of_its_own(server: LangSmithServer, tmp_path: Path) -> None:
    table(tmp_path, experiment='"rerank-*"')
    environ = environ_of(server)
    fetched = evalkit("fetch", "rerank", cwd=tmp_path, **environ)
    assert fetched.code == 0, fetched.err
    assert "rerank-1: 4 runs" in fetched.err
    assert "rerank-2: 3 runs" in fetched.err
    scored = evalkit("-q", "score", "rerank", cwd=tmp_path)
    assert scored.code == 0, scored.err
    shown = evalkit("show", "rerank-2", "--json", cwd=tmp_path)
    assert json.loads(shown.out)["scores"]["answered"]["n"] == 3
    both = evalkit("show", "rerank", cwd=tmp_path)
    assert both.code == 2
    assert "stands for 2 experiments. Name one: rerank-1, rerank-2." in both.err


def test_metadata_chooses_among_them(server: LangSmithServer, tmp_path: Path) -> None:
    table(tmp_path, experiment='"*"', experiment_metadata='{ suite = "nightly" }')
    fetched = evalkit("fetch", cwd=tmp_path, **environ_of(server))
    assert fetched.code == 0, fetched.err
    listed = evalkit("store", "list", "--json", cwd=tmp_path)
    assert "other" in listed.out
    assert "rerank-2" in listed.out
    assert "rerank-1" not in listed.out


def test_none_that_fits(server: LangSmithServer, tmp_path: Path) -> None:
    table(tmp_path, experiment='"nothing-*"')
    fetched = evalkit("fetch", cwd=tmp_path, **environ_of(server))
    assert fetched.code == 3
    assert "no experiment in this workspace fits 'nothing-*'" in fetched.err
