"""Verbs about the project itself: init, check, list, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import experiment_name, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.cli.text.columns import clean
from evalkit.errors import ExitCode

if TYPE_CHECKING:
    from evalkit.scoring.definition.evaluator import Evaluator

THINGS = ("experiments", "evaluators", "fetchers", "datasets")


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@pass_session
def init_command(session: Session, folder: Path) -> None:
    """Make a project folder that works at once.

    Writes a configuration, evaluators, a small dataset of recorded runs and a README. Refuses to
    overwrite anything.
    """
    from evalkit.project.layout import shown
    from evalkit.project.scaffold import start_project

    for path in start_project(folder):
        session.print(shown(path))
    session.say(f"\nNow: cd {folder} && evalkit run")


@click.command("check")
@json_option()
@pass_session
def check_command(session: Session, as_json: bool) -> int:
    """Load everything and run the evaluators' own cases, offline.

    Ends with 2 when the configuration or an evaluator cannot be loaded, with 4 when a case fails.
    """
    from evalkit.project.local import load_evaluators
    from evalkit.scoring.definition.proving import run_cases

    project = session.load()
    evaluators = {each.name: each for each in load_evaluators(project)}
    for experiment in project.experiments.values():
        named = load_evaluators(project, experiment.evaluators)
        evaluators |= {each.name: each for each in named}
    failed, ran, cases = [], 0, []
    for each in evaluators.values():
        for result in run_cases(each):
            ran += 1
            cases.append({"evaluator": each.name, "case": result.number, "passed": result.passed})
            if not result.passed:
                failed.append(_failed_case(each, result))
    document = {
        "config": project.file.shown,
        "experiments": list(project.experiments),
        "evaluators": list(evaluators),
        "cases": cases,
        "failed": failed,
    }
    if as_json:
        session.document(document)
    for line in failed:
        click.echo(line, err=True)
    session.say(
        f"{project.file.shown}: {len(project.experiments)} experiments, {len(evaluators)} "
        f"evaluators, {ran - len(failed)} of {ran} cases passed."
    )
    return ExitCode.EVALUATOR_ERRORS if failed else ExitCode.GOOD


def _failed_case(each: Evaluator, result: Any) -> str:
    got = result.got
    said = f"raised {type(got).__name__}: {got}" if isinstance(got, Exception) else f"said {got!r}"
    where = _place(each)
    return clean(
        f"{where}: evaluator {each.name!r}, case {result.number}: {said}, "
        f"expected {result.expected!r}. Correct the evaluator or the case."
    )


def _place(each: Evaluator) -> str:
    from evalkit.project.layout import shown

    info = each.info()
    return f"{shown(Path(info.file))}:{info.line}" if info.file else "?"


@click.command("list")
@click.argument("what", type=click.Choice(THINGS), required=False)
@click.option("--long", "long", is_flag=True, help="Say everything about each.")
@json_option()
@pass_session
def list_command(session: Session, what: str | None, long: bool, as_json: bool) -> None:
    """List experiments, evaluators, fetchers or datasets; without a word, all of them."""
    from evalkit.cli.text.lists import LISTS, text_of

    project = session.load(deep=False)
    found = {name: LISTS[name](project) for name in ([what] if what else THINGS)}
    if as_json:
        session.document(found)
        return
    for name, rows in found.items():
        if not what:
            session.print(f"{name.capitalize()}:")
        session.print(text_of(name, rows, long=long) or f"  no {name}")
        if not what:
            session.print("")


@click.command("doctor")
@experiment_name()
@json_option()
@pass_session
def doctor_command(session: Session, name: str, as_json: bool) -> int:
    """Say whether the source of an experiment can be read, before anything is pulled."""
    from evalkit.pipeline.fetching import doctor

    project = session.load()
    marks = {True: "ok  ", False: "FAIL", None: "note"}
    lines = []
    for line in doctor(project, name):
        lines.append(line)
        if not as_json:
            session.print(f"{marks[line.ok]}  {clean(line.text)}")
    if as_json:
        checks = [{"ok": line.ok, "text": line.text} for line in lines]
        session.document({"experiment": name, "checks": checks})
    broken = any(line.ok is False for line in lines)
    return ExitCode.SOURCE_FAILED if broken else ExitCode.GOOD
