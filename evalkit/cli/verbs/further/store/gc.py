"""store gc: drop stale scores and files nothing refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from shlex import quote

from evalkit.cli.call.session import Session
from evalkit.cli.call.store import opened_store
from evalkit.store.care import collect_stale


def perform(session: Session, /, names: Sequence[str], as_json: bool) -> None:
    """Say what was dropped, and what is damaged and had to stay."""
    store, names = opened_store(session, names)
    rows = [{"experiment": n, **asdict(collect_stale(store.experiment(n)))} for n in names]
    if as_json:
        session.document({"experiments": rows})
        return
    for row in rows:
        session.print(
            f"{row['experiment']}: {row['cells']:,} cells and {row['files']:,} files dropped"
        )
        if row["damaged"]:
            session.print(
                f"{row['experiment']}: {row['damaged']:,} damaged files of scores/ stay, as some "
                f"cells are in no other. `evalkit score {quote(row['experiment'])}` makes them."
            )
