"""Fixtures: runs, examples, scores and figures that tests ask for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evalkit.pytest_plugin.options import KEY

if TYPE_CHECKING:
    from evalkit.metrics.documents.summary import Summary
    from evalkit.model.example import Example
    from evalkit.model.run import Run
    from evalkit.model.score import Feedback
    from evalkit.pytest_plugin.saved import Saved


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise `evalkit_run` over runs, or `evalkit_summary` over experiments."""
    wanted = {"evalkit_run", "evalkit_example", "evalkit_scores"} & set(metafunc.fixturenames)
    only_summary = "evalkit_summary" in metafunc.fixturenames
    if not wanted and not only_summary:
        return
    saves = metafunc.config.stash.get(KEY, [])
    opened = list(enumerate(saves))
    given: list[Any]
    if not opened:
        mark = pytest.mark.skip(reason="no runs: pass --evalkit PATH")
        given = [pytest.param(None, marks=mark, id="no-runs")]
    elif wanted:
        given = [
            pytest.param((number, name, run_id), id=label)
            for number, saved in opened
            for name, run_id, label in saved.runs()
        ]
    else:
        given = [
            pytest.param((number, name, None), id=f"{saved.label}{name}")
            for number, saved in opened
            for name in saved.names
        ]
    metafunc.parametrize("_evalkit_place", given, indirect=True)


@pytest.fixture
def _evalkit_place(request: pytest.FixtureRequest) -> tuple[Saved, str, str]:
    number, name, run_id = request.param
    return request.config.stash[KEY][number], name, run_id


@pytest.fixture
def evalkit_run(_evalkit_place: tuple[Saved, str, str]) -> Run:
    """Return one stored run."""
    saved, name, run_id = _evalkit_place
    return saved.results(name).run(run_id)


@pytest.fixture
def evalkit_example(_evalkit_place: tuple[Saved, str, str], evalkit_run: Run) -> Example | None:
    """Return the example the run answered, None when it is not known."""
    saved, name, _ = _evalkit_place
    return saved.results(name).examples().get(evalkit_run.example_id or "")


@pytest.fixture
def evalkit_scores(_evalkit_place: tuple[Saved, str, str]) -> dict[str, Feedback]:
    """Return what evaluators said of the run, by key; of several steps, the last."""
    saved, name, run_id = _evalkit_place
    return {each.key: each for each in saved.feedback(name, run_id)}


@pytest.fixture
def evalkit_summary(_evalkit_place: tuple[Saved, str, str]) -> Summary:
    """Return the figures of the experiment."""
    saved, name, _ = _evalkit_place
    return saved.summary(name)
