"""Verbs that print figures: compare, history, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evalkit.cli.options import experiment_name, experiment_names, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.errors import ConfigError

if TYPE_CHECKING:
    from evalkit.metrics.summaries.history import History, Strip
    from evalkit.metrics.summaries.performance import Performance
    from evalkit.project.config import Project

MARKS = "▁▂▃▄▅▆▇█"


@click.command("compare")
@experiment_names(required=True)
@click.option("--baseline", metavar="NAME", help="Compare the others with this one.")
@click.option("--correction", type=click.Choice(["holm", "bh"]), help="Of p for many metrics.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the page here, too.")
@click.option("--open", "show", is_flag=True, help="Write the page and open it in the browser.")
@json_option()
@pass_session
def compare_command(
    session: Session,
    /,
    names: Sequence[str],
    baseline: str | None,
    correction: Literal["holm", "bh"] | None,
    output: Path | None,
    show: bool,
    as_json: bool,
) -> int:
    """Compare two or more experiments, paired by example.

    Each metric with difference, interval, p (corrected for the number of metrics), what could have
    been detected, and a verdict: better, worse, equivalent, not inferior or cannot tell.
    """
    from evalkit.cli.text.figures import say_report, show_figures
    from evalkit.cli.work import chosen
    from evalkit.pipeline.concluding import conclude
    from evalkit.pipeline.figures import baseline_of

    project = _corrected(session.load(deep=False), correction)
    if len(set(names)) < 2:
        raise ConfigError("compare: needs two or more experiments. Name them: compare A B.")
    names = chosen(project, names)
    base = baseline_of(project, names, baseline)
    ran = conclude(project, names, baseline=base, page=bool(output or show), to=output)
    if as_json:
        session.document(ran.to_dict())
    else:
        show_figures(list(ran.summaries.values()), ran.comparison, ran.gates)
    say_report(session, ran.report, as_json=as_json, show=show)
    return ran.exit_code


def _corrected(project: Project, correction: Literal["holm", "bh"] | None) -> Project:
    if correction is None:
        return project
    compare = replace(project.table.compare, correction=correction)
    return replace(project, table=replace(project.table, compare=compare))


@click.command("history")
@experiment_names()
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this one.")
@json_option()
@pass_session
def history_command(
    session: Session, /, names: Sequence[str], metrics: Sequence[str], as_json: bool
) -> None:
    """Follow metrics over saved summaries.

    Several names make one history, in order of time; without names, each experiment has its own.
    Lasting changes beyond chance are marked.
    """
    from evalkit.pipeline.histories import history_of, saved_summaries

    project = session.load(deep=False)
    groups = [[project.experiment(name).name for name in names]] if names else []
    groups = groups or [[name] for name in project.experiments if saved_summaries(project, name)]
    found = [history_of(project, group, metrics) for group in groups or [[*project.experiments]]]
    if as_json:
        documents = [each.to_dict() for each in found]
        session.document(documents[0] if len(documents) == 1 else {"histories": documents})
        return
    for history in found:
        session.print(_history_text(history))


def _history_text(history: History) -> str:
    names = " ".join(dict.fromkeys(history.experiments))
    rows = [_strip_row(strip) for strip in history.strips]
    header = ("metric", "strip", "first", "last", "n", "changes")
    return f"{names}: {len(history.experiments)} summaries\n{aligned(rows, header)}\n"


def _strip_row(strip: Strip) -> tuple[str, ...]:
    figures = [point.figure for point in strip.points]
    known = [each for each in figures if each.value is not None]
    values = [each.value for each in known if each.value is not None]
    low, high = min(values), max(values)
    scale = (len(MARKS) - 1) / (high - low) if high > low else 0.0
    drawn = [" " if f.value is None else MARKS[round((f.value - low) * scale)] for f in figures]
    said = [f"{c.experiment}: {c.before:.4g} to {c.after:.4g} (p={c.p:.3g})" for c in strip.changes]
    ends = (f"{values[0]:.4g}", f"{values[-1]:.4g}", f"{known[-1].n:,}")
    return (strip.metric, "".join(drawn), *ends, "; ".join(said))


@click.command("metrics")
@experiment_name()
@json_option("The payload of LangSmith's guide, as one JSON document.")
@pass_session
def metrics_command(session: Session, /, name: str, as_json: bool) -> None:
    """Print performance metrics under LangSmith's field names.

    Where the source stated figures of its own, both stand side by side with the difference.
    """
    from evalkit.metrics.summaries.performance import performance
    from evalkit.pipeline.stored import results

    project = session.load(deep=False)
    found = performance(results(project, project.experiment(name).name))
    if as_json:
        session.document(found.to_dict())
    else:
        session.print(_metrics_text(found))


def _metrics_text(found: Performance) -> str:
    header: tuple[str, ...] = ("field", "here")
    if found.server:
        header = (*header, "source", "difference")
    rows = []
    for key, value in found.figures.items():
        told = [_said(value)]
        if found.server:
            told += [_said(found.server.get(key)), _said(found.difference.get(key))]
        if not isinstance(value, dict):
            rows.append((key, *told))
    for key, stats in found.figures.get("feedback_stats", {}).items():
        rows.append(
            (f"feedback_stats.{key}", " ".join(f"{k}={_said(v)}" for k, v in stats.items()))
        )
    return f"{found.experiment}\n{aligned(rows, header)}"


def _said(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
