"""Memory: score runs held in a script or notebook, without a project or a store of one's own."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from evalkit.errors import NoRunsError
from evalkit.model.example import Example
from evalkit.model.experiment import Experiment
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.scoring import engine
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer


def score_runs(
    runs: Experiment | Iterable[Run],
    evaluators: Iterable[Callable[..., Any] | Evaluator],
    *,
    examples: Iterable[Example] = (),
    name: str = "experiment",
    workers: int = 0,
    timeout: float | None = 60.0,
) -> Results:
    """Score runs and return the results, which `summarise` and `compare` take.

    `evaluators` are callables, marked with `@evaluator` or not. With `workers=0` they are called in
    this process, where a call that hangs cannot be ended; with more, in processes of their own.
    The results live in a temporary folder that goes with them. No runs at all raise `NoRunsError`.
    """
    if isinstance(runs, Experiment):
        name, examples = runs.name, runs.examples.values()
    folder = tempfile.mkdtemp(prefix="evalkit-")
    try:
        stored = Store(folder).experiment(name)
        with open_writer(stored, source="memory") as writer:
            for run in runs:
                writer.add(run)
            writer.add_examples(examples)
            manifest = writer.finish()
        if not manifest.received:
            raise NoRunsError(f"{name}: there are no runs to score. Give at least one.")
        with open_scoring(stored) as source:
            chosen = [as_evaluator(each) for each in evaluators]
            engine.score(source, chosen, workers=workers, timeout=timeout)
        results = read_results(stored)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(results, shutil.rmtree, folder, ignore_errors=True)
    return results
