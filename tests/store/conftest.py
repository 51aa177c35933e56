"""Runs to store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Feedback
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.store.experiment import StoredExperiment
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def make_run(number: int, **fields: Any) -> Run:
    known = {
        "run_id": f"run-{number:05d}",
        "name": "agent",
        "inputs": {"question": f"q{number}"},
        "outputs": {"answer": number, "nothing": None},
        "metadata": {"split": "a" if number % 2 else "b"},
        "example_id": f"ex-{number % 7}",
        "repetition": number // 7,
        "started_at": NOON,
        "ended_at": NOON + timedelta(seconds=number),
        "usage": Usage(input_tokens=number, output_tokens=2, total_cost=0.5),
        "tags": ["x", "y"],
        "steps": [
            Step(
                step_id="s1",
                kind="tool",
                name="search",
                inputs={"q": 1},
                outputs=["d"],
                started_at=NOON,
                metadata={"model": "m"},
            ),
            Step(step_id="s2", kind="llm", parent_id="s1", usage=Usage(total_tokens=4)),
        ][: number % 3],
    }
    return Run(**{**known, **fields})


def make_example(number: int, **fields: Any) -> Example:
    known = {
        "example_id": f"ex-{number}",
        "inputs": {"question": number},
        "reference_outputs": {"answer": number},
        "metadata": {"level": number},
        "split": ("test",) if number else None,
    }
    return Example(**{**known, **fields})


def recorded(key: str, **fields: Any) -> Feedback:
    return Feedback(key=key, source="recorded", **fields)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., StoredExperiment]:
    """Return a maker of a stored experiment."""

    def make(runs: Any = 20, name: str = "exp", **fields: Any) -> StoredExperiment:
        experiment = Store(tmp_path / "store").experiment(name)
        made = [make_run(n, **fields) for n in range(runs)] if isinstance(runs, int) else runs
        with open_writer(experiment, source="test", query={"from": "here"}) as writer:
            for run in made:
                writer.add(run)
            writer.add_examples(make_example(n) for n in range(7))
            writer.finish({"expected": len(made)})
        return experiment

    return make


@pytest.fixture
def a_run() -> Callable[..., Run]:
    """Return the maker of runs."""
    return make_run
