"""init: make a project folder that works at once."""

from __future__ import annotations

from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.project.layout import shown
from evalkit.project.scaffold import start_project


def perform(session: Session, /, folder: Path, as_json: bool) -> None:
    """Write the starter and name every file."""
    files = [shown(path) for path in start_project(folder)]
    if as_json:
        session.document({"files": files})
    else:
        session.print("\n".join(files))
    session.say(f"\nNow: cd {folder} && evalkit run")
