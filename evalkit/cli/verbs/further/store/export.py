"""store export: write an experiment as files anybody reads."""

from __future__ import annotations

from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.cli.call.store import opened_store


def perform(session: Session, /, name: str, folder: Path, kind: str) -> None:
    """Name every file that was written."""
    store, names = opened_store(session, [name])
    for path in store.experiment(names[0]).export(folder, kind):
        session.print(str(path))
