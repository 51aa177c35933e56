"""try: call one evaluator on a sample of stored runs, and watch."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import click

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.cli.text.places import place_of
from evalkit.cli.text.run import short
from evalkit.errors import ExitCode
from evalkit.pipeline.authors.authoring import Trial, TryRow, try_evaluator, watch_evaluator

CLEAR = "\x1b[2J\x1b[H"


def perform(
    session: Session, /, evaluator: str, experiment: str, watch: bool, as_json: bool, **given: Any
) -> int:
    """Print one trial, or one after every save; `given` chooses the sample and its time."""
    project = session.load(deep=False)
    if watch:
        with contextlib.suppress(KeyboardInterrupt):
            for trial in watch_evaluator(project, evaluator, experiment, **given):
                if sys.stdout.isatty():
                    click.echo(CLEAR, nl=False)
                session.print(_text(evaluator, experiment, trial))
        return ExitCode.GOOD
    trial = try_evaluator(project, evaluator, experiment, **given)
    if as_json:
        session.document(_document(evaluator, experiment, trial))
    else:
        session.print(_text(evaluator, experiment, trial))
    return ExitCode.EVALUATOR_ERRORS if trial.failures else ExitCode.GOOD


def _text(evaluator: str, experiment: str, trial: Trial) -> str:
    if trial.problem is not None:
        return f"error[{trial.problem.slug}]: {trial.problem}"
    means = [f"{key} {mean:.3f} (n={n})" for key, (mean, n) in trial.means().items()]
    facts = [f"{trial.calls} calls in {trial.seconds:.2f} s", *means]
    if trial.calls > len(trial.rows):
        facts.append(f"does not apply to {trial.calls - len(trial.rows)} steps")
    if trial.failures:
        facts.append(f"{trial.failures} failed")
    width = shutil.get_terminal_size((120, 24)).columns
    part = max(14, (width - 30) // 4)
    header = ("example", "inputs", "outputs", "expected", "said", "why")
    rows = [line for row in trial.rows for line in _lines(row, part)]
    return f"{evaluator} on {experiment}: {', '.join(facts)}\n\n{aligned(rows, header)}"


def _lines(row: TryRow, width: int) -> Iterator[tuple[str, ...]]:
    who = row.example_id or row.run_id or "all runs"
    who = f"{who} {row.step}" if row.step else who
    parts = (row.inputs, row.outputs, row.reference_outputs)
    told = [short(who, 24), *("-" if part is None else short(part, width) for part in parts)]
    if row.failure is not None:
        place = place_of(row.failure.traceback)
        why = f"{place + ' ' if place else ''}{row.failure.error_type}: {row.failure.message}"
        yield (*told, "ERROR", short(why, 110))
    elif row.skipped:
        yield (*told, "skipped", f"the run ended in {row.outcome}")
    for score in row.scores:
        said = score.value if score.score is None else score.score
        why = score.comment or ""
        yield (*told, "does not apply" if said is None else short(said, 20), short(why, 90))


def _document(evaluator: str, experiment: str, trial: Trial) -> dict[str, Any]:
    rows = []
    for row in trial.rows:
        scores = [
            {"key": s.key, "score": s.score, "value": s.value, "comment": s.comment}
            for s in row.scores
        ]
        failure = row.failure and f"{row.failure.error_type}: {row.failure.message}"
        rows.append(
            {
                "run_id": row.run_id,
                "example_id": row.example_id,
                "step": row.step,
                "inputs": row.inputs,
                "outputs": row.outputs,
                "reference_outputs": row.reference_outputs,
                "scores": scores,
                "error": failure,
                "place": place_of(row.failure.traceback) if row.failure else None,
                "skipped": row.skipped,
            }
        )
    means = {key: {"mean": mean, "n": n} for key, (mean, n) in trial.means().items()}
    return {
        "evaluator": evaluator,
        "experiment": experiment,
        "seconds": trial.seconds,
        "means": means,
        "rows": rows,
    }
