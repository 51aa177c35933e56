"""new evaluator: write one that works, with cases that prove it."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.pipeline.authors.authoring import new_evaluator
from evalkit.project.layout import shown


def perform(session: Session, /, name: str, scope: str, as_json: bool) -> None:
    """Write the file, and say what to do with it."""
    project = session.load(deep=False)
    file = shown(new_evaluator(project.evaluators_folder, name, scope))
    if as_json:
        session.document({"files": [file]})
    else:
        session.print(file)
    session.say(f"\nNow: evalkit check, then evalkit try {name} --on EXPERIMENT")
