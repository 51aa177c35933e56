"""Authoring: call one evaluator on a pinned sample of stored runs, now and whenever a file changes.

Nothing is written: scores of a trial are looked at, not kept.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evalkit.errors import EvalkitError, EvaluatorError, NoRunsError
from evalkit.model.example import Example
from evalkit.model.outcome import succeeded
from evalkit.model.run import Run
from evalkit.model.score import EvaluatorInfo, Score
from evalkit.model.step import Step
from evalkit.pipeline.judging import open_judges
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.config import load as load_project
from evalkit.project.local import Catalogue
from evalkit.project.modules import no_bytecode
from evalkit.project.scaffold import start_evaluator
from evalkit.scoring.calls.failure import Failure, failure_of, overran
from evalkit.scoring.definition.awaiting import finished
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.store.results import read_results

SAMPLE = 20
TIMEOUT = 10.0
POLL = 0.1
SETTLE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRow:
    """One call: what the evaluator was given, and what it said or why it said nothing."""

    run_id: str | None
    """`None` when it was called once for the whole sample."""
    example_id: str | None = None
    step: str | None = None
    """Name of the step, for an evaluator of steps."""
    inputs: Any = None
    outputs: Any = None
    reference_outputs: Any = None
    outcome: str | None = None
    """How the run ended."""
    scores: tuple[Score, ...] = ()
    failure: Failure | None = None
    skipped: bool = False
    """The evaluator wants only runs that succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one evaluator said of the sample; `problem` stands instead when it did not load."""

    evaluator: EvaluatorInfo | None = None
    rows: tuple[TryRow, ...] = ()
    """Of an evaluator of steps, only the steps it applies to."""
    calls: int = 0
    seconds: float = 0.0
    """From loading the evaluator to its last score."""
    problem: EvalkitError | None = None

    @property
    def failures(self) -> int:
        """How many calls raised or returned no score."""
        return sum(row.failure is not None for row in self.rows)

    def means(self) -> dict[str, tuple[float, int]]:
        """Return mean and n of every numeric key."""
        numbers: dict[str, list[float]] = {}
        for score in (score for row in self.rows for score in row.scores):
            if score.score is not None:
                numbers.setdefault(score.key or "", []).append(float(score.score))
        return {key: (sum(each) / len(each), len(each)) for key, each in numbers.items()}


Pair = tuple[Run, Example | None]


def new_evaluator(folder: Path, name: str, scope: str = "run") -> Path:
    """Write `folder/NAME.py`, an evaluator that works, with a case that proves it."""
    return start_evaluator(folder, name, scope)


def pinned_sample(
    project: Project, experiment: str, *, sample: int = SAMPLE, seed: int = 0
) -> list[Pair]:
    """Return the same runs every time, drawn at random from those stored, with examples."""
    results = read_results(fetched_experiment(project, experiment))
    ids: list[str] = results.table("runs", ["run_id"]).column("run_id").to_pylist()
    if not ids:
        raise NoRunsError(f"{experiment}: no run is stored. Run `evalkit fetch {experiment}`.")
    chosen = set(Random(seed).sample(sorted(ids), min(sample, len(ids))))
    examples = results.examples()
    return [
        (run, examples.get(run.example_id) if run.example_id else None)
        for run in results.runs()
        if run.run_id in chosen
    ]


def try_evaluator(
    project: Project,
    name: str,
    experiment: str,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    timeout: float = TIMEOUT,
) -> Trial:
    """Call the evaluator `name` on a sample of the stored runs of `experiment`.

    An evaluator that does not load raises; one that raises when called fills its rows. A call that
    takes longer than `timeout` seconds ends the trial.
    """
    pairs = pinned_sample(project, experiment, sample=sample, seed=seed)
    return _trial(project, name, pairs, timeout)


def watch_evaluator(
    project: Project,
    name: str,
    experiment: str,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    timeout: float = TIMEOUT,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[Trial]:
    """Yield a trial now, and another whenever a file of the project's evaluators or config changes.

    The runs are read once. An evaluator that does not load is a trial with a `problem`, so that the
    next save can mend it. Ends only with the reader.
    """
    pairs = pinned_sample(project, experiment, sample=sample, seed=seed)
    while True:
        seen = _settled(project)
        yield _attempt(project, name, pairs, timeout)
        while _stamps(project) == seen:
            wait(POLL)


def _settled(project: Project) -> dict[str, tuple[int, int]]:
    """Wait until nothing changes any more: an editor empties a file before it writes it."""
    seen = _stamps(project)
    while True:
        time.sleep(SETTLE)
        now = _stamps(project)
        if now == seen:
            return seen
        seen = now


def _attempt(project: Project, name: str, pairs: Sequence[Pair], timeout: float) -> Trial:
    try:
        fresh = load_project(project.root, deep=False)
        return _trial(fresh, name, pairs, timeout)
    except EvalkitError as problem:
        return Trial(problem=problem)


def _stamps(project: Project) -> dict[str, tuple[int, int]]:
    """Return when each file that can change the outcome was last written, and how long it is."""
    files = [project.file.path, *project.evaluators_folder.rglob("*.py")]
    stamps = {}
    for file in files:
        try:
            found = file.stat()
        except FileNotFoundError:  # an editor is replacing it
            continue
        stamps[str(file)] = (found.st_mtime_ns, found.st_size)
    return stamps


def _trial(project: Project, name: str, pairs: Sequence[Pair], timeout: float) -> Trial:
    began = time.perf_counter()
    with no_bytecode():
        (evaluator,) = Catalogue(project).select([name])  # the files as they are now
    open_judges(project, [evaluator])
    called = list(_rows(evaluator, pairs, timeout))
    rows = tuple(row for row in called if row.step is None or row.failure or _applies(row))
    seconds = time.perf_counter() - began
    return Trial(evaluator=evaluator.info(), rows=rows, calls=len(called), seconds=seconds)


def _applies(row: TryRow) -> bool:
    return any(score.type for score in row.scores)


def _rows(evaluator: Evaluator, pairs: Sequence[Pair], timeout: float) -> Iterator[TryRow]:
    if evaluator.scope == "comparison":
        raise EvaluatorError(
            f"evaluator {evaluator.name!r} compares experiments. Try it with `evalkit compare`."
        )
    if evaluator.scope == "experiment":
        runs, examples = [run for run, _ in pairs], [example for _, example in pairs]
        scores, failure = _called(evaluator, runs, examples, None, timeout)
        yield TryRow(run_id=None, scores=scores, failure=failure)
        return
    for run, example in pairs:
        steps: Sequence[Step | None] = run.steps if evaluator.scope == "step" else [None]
        for step in steps:
            row = _row(evaluator, run, example, step, timeout)
            yield row
            if row.failure is not None and row.failure.timed_out:
                return


def _row(
    evaluator: Evaluator, run: Run, example: Example | None, step: Step | None, timeout: float
) -> TryRow:
    skipped = evaluator.failed_runs == "skip" and not succeeded(run.outcome)
    scores: tuple[Score, ...] = ()
    failure = None
    if not skipped:
        scores, failure = _called(evaluator, run, example, step, timeout)
    shown = run if step is None else step
    return TryRow(
        run_id=run.run_id,
        example_id=run.example_id,
        step=None if step is None else step.name,
        inputs=shown.inputs,
        outputs=shown.outputs,
        reference_outputs=None if example is None else example.reference_outputs,
        outcome=run.outcome,
        scores=scores,
        failure=failure,
        skipped=skipped,
    )


def _called(
    evaluator: Evaluator, run: Any, example: Any, step: Any, timeout: float
) -> tuple[tuple[Score, ...], Failure | None]:
    """Call in a thread, so that an evaluator that hangs does not take the terminal with it."""
    said: list[tuple[Score, ...]] = []
    raised: list[Failure] = []

    def call() -> None:
        try:
            returned = evaluator.invoke(run, example, step)
            if inspect.isawaitable(returned):
                returned = finished(returned)
            said.append(tuple(evaluator.scores(returned)))
        except BaseException as error:  # user code: what it raises is what it said
            raised.append(failure_of(error))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        return (), overran(timeout)
    return (said[0], None) if said else ((), raised[0])
