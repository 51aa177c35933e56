"""Answers for coding agents: bounded, fenced, and with the command that helps next."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from shlex import join
from typing import TYPE_CHECKING

from evalkit.cli.call.session import Session
from evalkit.errors import EvalkitError
from evalkit.project.layout import shown
from evalkit.report.renderers.agent import figure_lines, run_lines, worst
from evalkit.report.renderers.bounded import Line, answer, cut
from evalkit.report.runs.feedback import Cells
from evalkit.report.sections.view import content

if TYPE_CHECKING:
    from evalkit.metrics.documents.summary import Summary
    from evalkit.model.results import Results
    from evalkit.model.run import Run
    from evalkit.pipeline.concluding import Ran


def tell_figures(session: Session, ran: Ran, others: Sequence[str] = ()) -> None:
    """Print what figures say, the worst runs, and what to do next.

    `others` are experiments that the one shown could be compared with.
    """
    made = content(
        [*ran.summaries.values()],
        ran.comparison,
        results=[*ran.results.values()],
        gates=ran.gates,
    )
    lines = [*_failed(ran.failures.items()), *figure_lines(made)]
    if ran.report is not None:
        lines.append(Line(1, {"page": cut(shown(ran.report), 300)}))
    names = [each.experiment for each in made.results]
    runs = [(names[at], run_id) for at, run_id, _ in worst(made)]
    lines.append(Line(0, {"next": _next(session, runs, names, others)}))
    _tell(session, lines)


def tell_run(session: Session, results: Results, summary: Summary, run: Run) -> None:
    """Print what is known of one run."""
    cells = next(Cells(results, summary).of([run.run_id]))
    whole = [*_where(session), results.experiment, run.run_id]
    command = _command("show", ["--json"], whole) or _command("show", ["--json"], whole[:-1])
    lines = [*run_lines(results, run, cells), Line(0, {"next": command})]
    _tell(session, lines)


def _failed(failures: Iterable[tuple[str, EvalkitError]]) -> list[Line]:
    return [
        Line(0, {"failed": cut(name, 80), "error": cut(str(error))}) for name, error in failures
    ]


def _next(
    session: Session,
    runs: Sequence[tuple[str, str]],
    names: Sequence[str],
    others: Sequence[str],
) -> str:
    """Return the command that shows more of what was found: the worst run, else a comparison."""
    agent, where = ["--for-agent"], _where(session)
    for experiment, run_id in runs:
        if command := _command("show", agent, [*where, experiment, run_id]):
            return command
    pair = [*where, *others[:1], *names]
    if len(names) == 1 and others and (command := _command("compare", agent, pair)):
        return command
    return _command("report", [], [*where, *names]) or "evalkit list"


def _where(session: Session) -> list[str]:
    return ["-C", session.project] if session.project else []


def _command(verb: str, options: Sequence[str], words: Sequence[str]) -> str:
    """Return a command as a shell takes it; empty where a name cannot be typed."""
    if any("\0" in word or not word.isprintable() or len(word) > 200 for word in words):
        return ""
    where, rest = (words[:2], words[2:]) if words[:1] == ["-C"] else ((), words)
    odd = ["--"] if any(word.startswith("-") for word in rest) else []
    return join(["evalkit", verb, *options, *where, *odd, *rest])


def _tell(session: Session, lines: Sequence[Line]) -> None:
    session.alone(answer(lines, f"==== {secrets.token_hex(8)} ===="))
