"""Verbs for people who write evaluators: new, try."""

from __future__ import annotations

import click

from evalkit.cli.options import pass_session
from evalkit.cli.session import Session

SCOPES = ("run", "step", "experiment")


@click.group("new")
def new_command() -> None:
    """Start a new evaluator from a template."""


@new_command.command("evaluator")
@click.argument("name")
@click.option(
    "--scope", type=click.Choice(SCOPES), default="run", help="What it scores.", show_default=True
)
@pass_session
def new_evaluator(session: Session, name: str, scope: str) -> None:
    """Write evaluators/NAME.py: an evaluator that works, with cases that prove it."""
    from evalkit.project.layout import shown
    from evalkit.project.scaffold import start_evaluator

    project = session.load(deep=False)
    session.print(shown(start_evaluator(project.evaluators_folder, name, scope)))
    session.say(f"\nNow: evalkit check, then evalkit try {name} --on EXPERIMENT")
