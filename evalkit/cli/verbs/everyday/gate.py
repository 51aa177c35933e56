"""gate: check gates and write what CI reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from evalkit.cli.call.page import cleaner, page_of
from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.errors import ConfigError, ExitCode
from evalkit.metrics.documents.gate import GateResult
from evalkit.model.kept.replacing import replace_text
from evalkit.pipeline.concluding import conclude, errors_in
from evalkit.pipeline.gating import no_gates
from evalkit.project.config import Project
from evalkit.project.rules import refuse_rules
from evalkit.report.renderers.github import error_lines, step_summary
from evalkit.report.renderers.junit import render as as_junit
from evalkit.report.renderers.markdown import render as as_markdown
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner

WORDS = {True: "pass", False: "MISS", None: "none"}


def perform(
    session: Session,
    /,
    names: Sequence[str],
    gates: Sequence[str],
    baseline: str | None,
    junit: Path | None,
    markdown: Path | None,
    share: bool,
    github: bool,
    junit_runs: bool,
    allow_incomplete: bool,
    as_json: bool,
) -> int:
    """Say of every rule whether it holds; evaluator errors above what is allowed outrank it.

    Without any rule nothing is checked, which is a mistake of the configuration.
    """
    project, names = _with_baseline(session.load(), names, baseline)
    chosen = project.chosen(names)
    refuse_rules(project, chosen, gates)
    ran = conclude(project, chosen, gates=gates, allow_incomplete=allow_incomplete, page=False)
    if not ran.gates:
        raise ConfigError(f"gate: {no_gates(project, chosen)}, or give --gate RULE.")
    if as_json:
        session.document(ran.to_dict())
    else:
        for each in ran.gates:
            session.print(_line(each))
    if junit or markdown or github:
        _write(
            _Outputs(junit, junit_runs, markdown, github),
            page_of(project, ran),
            cleaner(project, share),
        )
    if errors_in(ran.summaries) > project.table.score.max_errors:
        session.say(f"{errors_in(ran.summaries):,} evaluator errors: more than max_errors allows.")
        return ExitCode.EVALUATOR_ERRORS
    return ran.exit_code


def _with_baseline(
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


@dataclass(frozen=True)
class _Outputs:
    junit: Path | None
    runs: bool
    markdown: Path | None
    github: bool


def _write(to: _Outputs, made: Content, clean: Callable[[Content], Cleaner]) -> None:
    """Write what was asked for; annotations go to stdout, where GitHub reads them."""
    if to.junit is not None:
        replace_text(to.junit, as_junit(made, runs=to.runs, clean=clean(made)))
    view = clean(made).parts(made.view)
    if to.markdown is not None:
        replace_text(to.markdown, as_markdown(view))
    if to.github:
        for line in error_lines(view):
            click.echo(line)
        step_summary(view)
