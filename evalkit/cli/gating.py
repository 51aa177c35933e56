"""The verb for CI: gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.columns import clean
from evalkit.cli.options import experiment_names, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from evalkit.metrics.gate_result import GateResult
    from evalkit.pipeline.running import Ran
    from evalkit.project.config import Project

WORDS = {True: "pass", False: "MISS", None: "none"}


@click.command("gate")
@experiment_names()
@click.option(
    "--gate", "gates", multiple=True, metavar="RULE", help="A rule beside those configured."
)
@click.option(
    "--baseline", metavar="NAME|FILE", help="Experiment or saved summary.json to compare with."
)
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write a PR comment here.")
@click.option("--github", is_flag=True, help="Annotate and summarise the GitHub Actions job.")
@json_option()
@pass_session
def gate_command(
    session: Session,
    /,
    names: Sequence[str],
    gates: Sequence[str],
    baseline: str | None,
    junit: Path | None,
    markdown: Path | None,
    github: bool,
    as_json: bool,
) -> int:
    """Check gates and write what CI reads; ends with 1 when one is missed.

    Works on what is stored and scored. A rule that needs a baseline and has none is said and does
    not block.
    """
    from evalkit.cli.work import chosen
    from evalkit.pipeline.running import conclude, errors_in

    project, names = with_baseline(session.load(), names, baseline)
    ran = conclude(project, chosen(project, names), gates=gates, page=False)
    if not ran.gates:
        message = f"{project.file.shown}: has no gates. Add `gates = [...]`, or give --gate RULE."
        raise ConfigError(message)
    if as_json:
        session.document(ran.to_dict())
    else:
        for each in ran.gates:
            session.print(_line(each))
    _write(project, ran, junit, markdown, github)
    if errors_in(ran.summaries) > project.table.score.max_errors:
        session.say(f"{errors_in(ran.summaries):,} evaluator errors: more than max_errors allows.")
        return ExitCode.EVALUATOR_ERRORS
    return ran.exit_code


def with_baseline(
    project: Project, names: Sequence[str], baseline: str | None
) -> tuple[Project, Sequence[str]]:
    """Return the project with another baseline, and the experiments with the baseline's among them.

    A `.json` file is a summary saved before; its path starts at the current folder.
    """
    if baseline is not None:
        saved = baseline.endswith(".json")
        value = str(Path(baseline).absolute()) if saved else project.experiment(baseline).name
        experiments = {
            name: replace(config, baseline=None if name == value else value)
            for name, config in project.experiments.items()
        }
        project = replace(project, experiments=experiments)
    wanted = list(names) or list(project.experiments)
    for name in list(wanted):
        other = project.experiment(name).baseline
        if other in project.experiments and other not in wanted:
            wanted.insert(0, str(other))
    return project, wanted


def _line(each: GateResult) -> str:
    return clean(f"{WORDS[each.passed]}  {each.experiment}: {each.rule}  ({each.why})")


def _write(
    project: Project, ran: Ran, junit: Path | None, markdown: Path | None, github: bool
) -> None:
    """Write what was asked for; annotations go to stdout, where GitHub reads them."""
    from evalkit.pipeline.reporting import page_content
    from evalkit.report import github as annotations
    from evalkit.report.junit import render as as_junit
    from evalkit.report.markdown import render as as_markdown

    if not (junit or markdown or github):
        return
    summaries, results = [*ran.summaries.values()], [*ran.results.values()]
    made = page_content(project, summaries, results, ran.comparison, ran.gates)
    if junit is not None:
        _save(junit, as_junit(made))
    if markdown is not None:
        _save(markdown, as_markdown(made.view))
    if github:
        for line in annotations.error_lines(made.view):
            click.echo(line)
        annotations.step_summary(made.view)


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
