"""Verbs that show what is scored: report, show, view."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import experiment_name, experiment_names, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.errors import ConfigError, ExitCode, did_you_mean

if TYPE_CHECKING:
    from evalkit.project.config import Project
    from evalkit.report.sections.view import Content
    from evalkit.report.sharing.share import Cleaner


@click.command("report")
@experiment_names()
@click.option("--baseline", metavar="NAME", help="Compare with this experiment.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the page goes.")
@click.option("--max-size", metavar="SIZE", help="Of the page, such as 20MB; traces give way.")
@click.option(
    "--traces",
    type=click.Choice(["embed", "side", "none"]),
    default="embed",
    help="In the page, in a file beside it, or left out.",
)
@click.option("--share", is_flag=True, help="Take secrets and personal data out, hash ids.")
@click.option("--to-csv", "table", type=click.Path(path_type=Path), help="Write a line a run, too.")
@click.option("--to-json", "data", type=click.Path(path_type=Path), help="Write the figures, too.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@json_option()
@pass_session
def report_command(
    session: Session,
    /,
    names: Sequence[str],
    baseline: str | None,
    output: Path | None,
    table: Path | None,
    data: Path | None,
    show: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write the HTML page of scored experiments; without names, of all of them.

    Nothing is fetched or scored. Gates that are missed end with 1, as in `run`.
    """
    from evalkit.cli.text.figures import cleaner, page_of, page_options, say_report
    from evalkit.cli.work import chosen
    from evalkit.pipeline.concluding import conclude

    project = session.load(deep=False)
    options = page_options(project, **given)
    names = chosen(project, names)
    ran = conclude(project, names, baseline=baseline, to=output, **options)
    if table or data:
        _write_beside(page_of(project, ran), cleaner(project, given["share"]), table, data)
    if as_json:
        session.document(ran.to_dict())
    say_report(session, ran.report, as_json=as_json, show=show)
    return ran.exit_code


def _write_beside(
    made: Content, clean: Callable[[Content], Cleaner], table: Path | None, data: Path | None
) -> None:
    from evalkit.report.renderers.machine import write_csv, write_json

    if table is not None:
        write_csv(made, table, clean(made))
    if data is not None:
        write_json(made, data, clean(made))


@click.command("show")
@experiment_name()
@click.argument("run_id", required=False)
@json_option()
@pass_session
def show_command(session: Session, /, name: str, run_id: str | None, as_json: bool) -> int:
    """Print figures of an experiment, or everything about one run.

    RUN_ID may be the beginning of one.
    """
    from evalkit.cli.text.figures import show_figures
    from evalkit.pipeline.concluding import conclude

    project = session.load(deep=False)
    project.experiment(name)
    if run_id is not None:
        _show_run(session, project, name, run_id, as_json)
        return ExitCode.GOOD
    ran = conclude(project, [name], page=False)
    if as_json:
        session.document(ran.to_dict())
    else:
        show_figures(list(ran.summaries.values()), None, ran.gates)
    return ExitCode.GOOD


def _show_run(session: Session, project: Project, name: str, run_id: str, as_json: bool) -> None:
    from dataclasses import asdict

    from evalkit.cli.text.run import run_text
    from evalkit.model.schema.records import run_to_record
    from evalkit.pipeline.stored import results

    found = results(project, name)
    ids = found.table("runs", ["run_id"]).column("run_id").to_pylist()
    whole = run_id if run_id in ids else _only(run_id, ids, name)
    run, feedback = found.run(whole), found.feedback(whole)
    if as_json:
        session.document({**run_to_record(run), "scores": [asdict(each) for each in feedback]})
    else:
        session.print(run_text(run, feedback))


def _only(beginning: str, ids: Sequence[str], name: str) -> str:
    found = [each for each in ids if each.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(
            f"{name}: {len(found)} runs begin with {beginning!r}. Say more of the id."
        )
    hint = did_you_mean(beginning, ids)
    raise ConfigError(f"{name}: no run {beginning!r}.{hint} `evalkit report` lists them.")


@click.command("view")
@experiment_names()
@click.option("--baseline", metavar="NAME", help="Compare with this experiment.")
@click.option("--port", default=0, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@pass_session
def view_command(
    session: Session, /, names: Sequence[str], baseline: str | None, port: int, show: bool
) -> None:
    """Serve the report from the store, on this machine only, until Ctrl-C.

    For experiments too large for one file: traces are read as they are opened. The address holds a
    token; without it nothing answers.
    """
    from evalkit.cli.text.figures import page_of
    from evalkit.cli.work import chosen
    from evalkit.pipeline.concluding import conclude
    from evalkit.report.page.server import ReportServer

    project = session.load(deep=False)
    ran = conclude(project, chosen(project, names), baseline=baseline, page=False)
    with ReportServer(page_of(project, ran), port=port) as server:
        session.print(server.url)
        sys.stdout.flush()
        session.say("Ctrl-C stops it.")
        if show:
            import webbrowser

            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
