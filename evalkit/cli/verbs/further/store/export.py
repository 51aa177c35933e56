"""store export: write an experiment as files anybody reads."""

from __future__ import annotations

from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.cli.call.store import opened_store
from evalkit.store.results import read_results
from evalkit.store.upkeep.export import export


def perform(session: Session, /, name: str, folder: Path, kind: str, as_json: bool) -> None:
    """Name every file that was written."""
    store, names = opened_store(session, [name])
    files = [str(path) for path in export(read_results(store.experiment(names[0])), folder, kind)]
    if as_json:
        session.document({"files": files})
    else:
        session.print("\n".join(files))
