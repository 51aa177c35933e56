"""The verbs that do the work: run, fetch, score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import experiment_names, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.errors import ExitCode, NoRunsError

if TYPE_CHECKING:
    from evalkit.metrics.documents.summary import ScoreSummary, Summary
    from evalkit.pipeline.scoring import ScoreSettings
    from evalkit.project.config import Project
    from evalkit.scoring.session.tally import ScoreOutcome


def scoring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the options that say how evaluators are called."""
    options = (
        click.option(
            "--evaluator",
            "-e",
            "evaluators",
            multiple=True,
            metavar="NAME",
            help="Only this evaluator; may be repeated.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(0),
            metavar="N",
            help="Worker processes; 0 stays in this one.",
        ),
        click.option("--timeout", type=float, metavar="SECONDS", help="For one call."),
        click.option("--memory", type=click.IntRange(1), metavar="MB", help="A worker may take."),
        click.option(
            "--max-errors", type=click.IntRange(0), metavar="N", help="Evaluator errors allowed."
        ),
        click.option(
            "--fail-fast",
            is_flag=True,
            default=None,
            help="Stop once more than --max-errors failed.",
        ),
        click.option(
            "--budget", type=float, metavar="MONEY", help="Judges may spend, in their currency."
        ),
        click.option("--fresh", is_flag=True, default=None, help="Score everything again."),
        click.option(
            "--retry-errors", is_flag=True, default=None, help="Score again what ended in an error."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings(project: Project, given: dict[str, Any]) -> ScoreSettings:
    """Return how evaluators are called: as configured, or as said on the command line."""
    from evalkit.pipeline.scoring import settings_of

    names = given.pop("evaluators") or None
    return settings_of(project, evaluators=names, **given)


@click.command("run")
@experiment_names()
@click.option("--offline", is_flag=True, help="Fetch nothing: score and report what is stored.")
@click.option("--refresh", is_flag=True, help="Pull everything again, not only what is new.")
@click.option("--wait", is_flag=True, help="Wait for runs that are still going.")
@click.option("--baseline", metavar="NAME", help="Compare with this experiment.")
@click.option(
    "--gate", "gates", multiple=True, metavar="RULE", help="A rule beside those configured."
)
@click.option("--output", type=click.Path(path_type=Path), help="Where the page goes.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@scoring_options
@json_option()
@pass_session
def run_command(
    session: Session,
    /,
    names: Sequence[str],
    offline: bool,
    refresh: bool,
    wait: bool,
    baseline: str | None,
    gates: Sequence[str],
    output: Path | None,
    show: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Fetch, score, summarise and report experiments; without names, all of them.

    Two or more are compared when the configuration or --baseline names one to compare with.
    """
    from evalkit.cli.text.figures import page_options, say_report, show_figures
    from evalkit.pipeline.running import run

    project = session.load(deep=not offline)
    with session.progress() as progress:
        ran = run(
            project,
            names,
            fetching=not offline,
            refresh=refresh,
            wait=wait,
            settings=settings(project, given),
            baseline=baseline,
            gates=gates,
            to=output,
            progress=progress,
            **page_options(project),
        )
    if as_json:
        session.document(ran.to_dict())
    else:
        show_figures(list(ran.summaries.values()), ran.comparison, ran.gates)
    for error in ran.failures.values():
        click.echo(f"error[{error.slug}]: {error}", err=True)
    say_judges(session)
    say_report(session, ran.report, as_json=as_json, show=show)
    return ran.exit_code


@click.command("fetch")
@experiment_names()
@click.option("--refresh", is_flag=True, help="Pull everything again, not only what is new.")
@click.option("--wait", is_flag=True, help="Wait for runs that are still going.")
@json_option()
@pass_session
def fetch_command(
    session: Session, /, names: Sequence[str], refresh: bool, wait: bool, as_json: bool
) -> None:
    """Pull the runs of experiments from where they were recorded; without names, all of them.

    Only what is new or changed is pulled, and what a damaged file of the store held. A fetch that
    is not whole ends with 3; what arrived is kept.
    """
    from evalkit.pipeline.fetching import fetch

    project = session.load()
    documents = {}
    with session.progress() as progress:
        for name in chosen(project, names):
            fetched = fetch(project, name, refresh=refresh, wait=wait, progress=progress)
            documents[name] = {**fetched.manifest.to_dict(), "new": fetched.new}
    for name, document in documents.items():
        session.say(_fetched(name, document))
    if as_json:
        several = {"experiments": list(documents.values())}
        session.document(next(iter(documents.values())) if len(documents) == 1 else several)


def _fetched(name: str, document: dict[str, Any]) -> str:
    expected = document["expected"]
    of = f" of {expected:,}" if expected not in (None, document["received"]) else ""
    parts = [f"{document['received']:,}{of} runs, {document['new']:,} new"]
    parts += [f"{document[key]:,} {key}" for key in ("pending", "duplicates") if document[key]]
    lines = [f"{name}: {', '.join(parts)}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in document["notes"])])


@click.command("score")
@experiment_names()
@click.option("--explain", is_flag=True, help="Say per evaluator why cells ran or were reused.")
@click.option("--estimate", is_flag=True, help="Say what judges would take; ask nothing.")
@scoring_options
@json_option()
@pass_session
def score_command(
    session: Session,
    /,
    names: Sequence[str],
    explain: bool,
    estimate: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Call evaluators on stored runs; only what is missing or changed runs."""
    from evalkit.pipeline import stored
    from evalkit.pipeline.figures import summarise
    from evalkit.pipeline.scoring import score

    project = session.load(deep=False)
    how = settings(project, given)
    if estimate or how.budget is not None:
        told = estimates(
            session, project, chosen(project, names), how, as_json=estimate and as_json
        )
        if estimate:
            return told
    documents, errors = [], 0
    for name in chosen(project, names):
        with session.progress() as progress:
            outcome = score(project, name, settings=how, progress=progress)
        summary = summarise(project, stored.results(project, name), steps=as_json)
        errors += summary.counts.cells.get("evaluator_error", 0)
        documents.append({**work_document(outcome), "summary": summary.to_dict()})
        if explain:
            session.say("\n".join(f"{name}: {line}" for line in outcome.explain()))
        if not as_json:
            session.print(scores_text(summary))
    say_judges(session)
    if as_json:
        session.document(documents[0] if len(documents) == 1 else {"experiments": documents})
    return ExitCode.EVALUATOR_ERRORS if errors > how.max_errors else ExitCode.GOOD


def say_judges(session: Session) -> None:
    """Say what language models that judge took, when any was asked."""
    from evalkit.pipeline.judging import judge_accounts

    accounts = judge_accounts()
    if accounts is not None:
        session.say(f"judges: {accounts}")


def estimates(
    session: Session, project: Project, names: Sequence[str], how: ScoreSettings, *, as_json: bool
) -> int:
    """Say what every judge would take before anything is asked."""
    from evalkit.pipeline.judging import estimate_judges

    documents = []
    for name in names:
        for judge, told in estimate_judges(project, name, how.evaluators).items():
            session.say(f"{name}: judge {judge}: {told}")
            documents.append({"experiment": name, "judge": judge, **asdict(told)})
    if as_json:
        session.document({"estimates": documents})
    elif not documents:
        session.say("no judge is among the evaluators")
    return ExitCode.GOOD


def chosen(project: Project, names: Sequence[str]) -> list[str]:
    """Return the experiments named, or all; a name there is not is an error before any work."""
    found = [project.experiment(name).name for name in names] or list(project.experiments)
    if not found:
        message = f"{project.file.shown}: has no experiments. Add a table [experiments.NAME]."
        raise NoRunsError(message)
    return found


def work_document(outcome: ScoreOutcome) -> dict[str, Any]:
    """Return what scoring did as plain values."""
    return {
        "runs": outcome.runs,
        "seconds": outcome.seconds,
        "done": outcome.done,
        "errors": outcome.errors,
        "evaluators": [asdict(work) for work in outcome.evaluators.values()],
    }


def scores_text(summary: Summary) -> str:
    """Return the scores of an experiment, a line each."""
    rows = []
    for score in summary.scores.values():
        other = {k: v for k, v in score.outcomes.items() if v and k != "scored"}
        rest = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in other.items())
        rows.append((score.name, _mean(score), f"n={score.n:,}", rest))
    return f"{summary.experiment}: {summary.counts.received:,} runs\n{indent(aligned(rows), '  ')}"


def _mean(score: ScoreSummary) -> str:
    if score.mean is None:
        return " ".join(f"{name} {count:,}" for name, count in score.categories.items()) or "-"
    low, high = score.interval or (None, None)
    between = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{score.mean:.3f}{between}"
