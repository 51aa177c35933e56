"""Experiments on disk for the engine to score."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.engine import score
from evalkit.store.experiment import StoredExperiment
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer


def make_run(number: int, **fields: Any) -> Run:
    steps = [
        Step(step_id=f"s{number}", kind="tool", name="search", inputs={"q": number}),
        Step(step_id=f"l{number}", kind="llm", name="model", parent_id=f"s{number}"),
    ]
    known = {
        "run_id": f"run-{number:05d}",
        "inputs": {"question": number},
        "outputs": {"answer": number},
        "example_id": f"ex-{number % 10}",
        "repetition": number // 10,
        "steps": steps[: number % 3],
        "duration_s": number / 10,
    }
    return Run(**{**known, **fields})


class Lab:
    """An experiment, and the engine to score it with plain functions."""

    run = staticmethod(make_run)

    def __init__(self, root: Path, runs: int, **fields: Any) -> None:
        self.root = root
        self.stored: StoredExperiment = Store(root).experiment("lab")
        self.fill(make_run(number, **fields) for number in range(runs))

    def fill(self, runs: Any) -> None:
        examples = [
            Example(example_id=f"ex-{n}", inputs={"question": n}, reference_outputs={"answer": n})
            for n in range(10)
        ]
        with open_writer(self.stored, source="test") as writer:
            for run in runs:
                writer.add(run)
            writer.add_examples(examples)
            writer.finish()

    def score(self, *functions: Any, marks: dict[str, Any] | None = None, **settings: Any) -> Any:
        made = [as_evaluator(each, **(marks or {})) for each in functions]
        with open_scoring(self.stored) as source:
            return score(source, made, **settings)

    def cells(self, evaluator: str | None = None) -> list[dict[str, Any]]:
        rows = read_results(self.stored).table("cells").to_pylist()
        return [row for row in rows if evaluator in (None, row["evaluator"])]

    def outcomes(self, evaluator: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.cells(evaluator):
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
        return counts


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Lab]:
    """Return a maker of stored experiments with `runs` small runs."""

    def make(runs: int = 30, **fields: Any) -> Lab:
        return Lab(tmp_path / "store", runs, **fields)

    return make
