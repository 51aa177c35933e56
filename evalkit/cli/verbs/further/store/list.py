"""store list: the stored experiments with their runs, size and time of fetch."""

from __future__ import annotations

from typing import Any

from evalkit.cli.call.session import Session
from evalkit.cli.call.store import opened_store
from evalkit.cli.text.columns import aligned


def perform(session: Session, /, as_json: bool) -> None:
    """Print a line an experiment."""
    store, names = opened_store(session, ())
    rows: list[dict[str, Any]] = []
    for name in names:
        stored = store.experiment(name)
        manifest = stored.manifest
        rows.append(
            {
                "name": name,
                "runs": manifest.received,
                "complete": manifest.complete,
                "evaluators": [each.name for each in stored.evaluators()],
                "bytes": stored.size(),
                "fetched_at": manifest.fetched_at,
                "where": stored.where,
            }
        )
    if as_json:
        session.document({"experiments": rows})
        return
    header = ("name", "runs", "complete", "evaluators", "MB", "fetched")
    told = [
        (
            row["name"],
            f"{row['runs']:,}",
            "yes" if row["complete"] else "NO",
            len(row["evaluators"]),
            f"{row['bytes'] / 1e6:.1f}",
            row["fetched_at"] or "-",
        )
        for row in rows
    ]
    session.print(aligned(told, header) if told else "nothing is stored")
