"""run: fetch, score, summarise and report experiments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.call.options import refuse_both
from evalkit.cli.call.page import page_options, say_report
from evalkit.cli.call.session import Session
from evalkit.cli.text.data import say_data
from evalkit.cli.text.figures import show_figures
from evalkit.cli.text.judges import say_judges, say_unjudged
from evalkit.pipeline.running import run
from evalkit.pipeline.scoring import settings_of
from evalkit.project.local import catalogue

if TYPE_CHECKING:
    from evalkit.pipeline.concluding import Ran
    from evalkit.project.config import Project


def perform(
    session: Session,
    /,
    names: Sequence[str],
    offline: bool,
    refresh: bool,
    wait: bool,
    baseline: str | None,
    gates: Sequence[str],
    allow_incomplete: bool,
    output: Path | None,
    show: bool,
    runs: str | None,
    no_page: bool,
    sign: Path | None,
    for_agent: bool,
    as_json: bool,
    **scoring: Any,
) -> int:
    """Run the pipeline from the sources to the page; `scoring` says how evaluators are called."""
    refuse_both(as_json, for_agent)
    if no_page and (output or show):
        raise click.UsageError("--no-page writes none: leave out --output and --open.")
    project = session.load(deep=not offline, look=not offline)
    options = page_options(project, sign=sign, runs=runs)
    how = settings_of(project, **scoring)
    with session.progress() as progress:
        ran = run(
            project,
            names,
            fetching=not offline,
            refresh=refresh,
            wait=wait,
            settings=how,
            baseline=baseline,
            gates=gates,
            allow_incomplete=allow_incomplete,
            to=output,
            page=not no_page,
            progress=progress,
            **options,
        )
    if as_json:
        session.document(ran.to_dict(options.get("sign")))
    elif for_agent:
        from evalkit.cli.text.agent import tell_figures  # for coding agents alone

        tell_figures(session, ran)
    else:
        found = [*ran.results.values()]
        show_figures([*ran.summaries.values()], ran.comparison, ran.gates, found)
    _say_failures(session, project, ran)
    say_judges(session)
    summaries = [*ran.summaries.values()]
    left = say_unjudged(session, summaries, ran.comparison, budget=how.budget)
    say_data(session, project, list(ran.summaries))
    say_report(session, ran, as_json=as_json or for_agent, show=show)
    return ran.exit_code or left


def _say_failures(session: Session, project: Project, ran: Ran) -> None:
    """Say what failed: evaluators, files that hold none, and experiments that could not be had."""
    if any(summary.counts.cells.get("evaluator_error") for summary in ran.summaries.values()):
        from evalkit.cli.text.failures import failure_lines  # most calls have none to tell

        for line in (line for each in ran.results.values() for line in failure_lines(each)):
            session.say(line)
    for line in catalogue(project).silent.values():
        session.say(f"note: {line}")
    for error in ran.failures.values():
        click.echo(f"error[{error.slug}]: {error}", err=True)
