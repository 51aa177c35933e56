"""check: load everything and run the evaluators' own cases, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.errors import ExitCode
from evalkit.project.layout import shown
from evalkit.project.local import catalogue, load_evaluators
from evalkit.project.rules import refuse_rules
from evalkit.project.scales import hold_against
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.definition.proving import run_cases


def perform(session: Session, /, as_json: bool) -> int:
    """Run the cases of every evaluator that any experiment uses."""
    project = session.load()
    evaluators = {each.name: each for each in load_evaluators(project)}
    for experiment in project.experiments.values():
        named = load_evaluators(project, experiment.evaluators)
        evaluators |= {each.name: each for each in named}
    hold_against(project, [each.info() for each in evaluators.values()])
    refuse_rules(project, list(project.experiments))
    failed, ran, cases = [], 0, []
    for each in evaluators.values():
        for result in run_cases(each):
            ran += 1
            cases.append({"evaluator": each.name, "case": result.number, "passed": result.passed})
            if not result.passed:
                failed.append(_failed_case(each, result))
    notes = [*catalogue(project).silent.values()]
    document = {
        "config": project.file.shown,
        "experiments": list(project.experiments),
        "evaluators": list(evaluators),
        "cases": cases,
        "failed": failed,
        "notes": notes,
    }
    if as_json:
        session.document(document)
    for line in notes:
        session.say(f"note: {line}")
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
    info = each.info()
    return f"{shown(Path(info.file))}:{info.line}" if info.file else "?"
