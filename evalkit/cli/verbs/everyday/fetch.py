"""fetch: pull the runs of experiments from where they were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.cli.call.arrayless import without_arrays
from evalkit.cli.call.session import Session
from evalkit.executors.opening import LOCAL
from evalkit.pipeline.fetching import fetch


def perform(
    session: Session,
    /,
    names: Sequence[str],
    refresh: bool,
    wait: bool,
    executor: str | None,
    as_json: bool,
) -> None:
    """Fetch one experiment after the other; the first that fails ends the command."""
    project = session.load(look=True)
    address = project.table.executor.address
    documents, where = {}, executor or address
    chosen = project.chosen(names)
    if where == LOCAL:
        without_arrays([project.experiment(name).fetcher for name in chosen])
    with session.progress() as progress:
        for name in chosen:
            fetched = fetch(project, name, refresh=refresh, wait=wait, executor=where,
                            strict=executor is not None, progress=progress)  # fmt: skip
            documents[name] = {**fetched.manifest.to_dict(), "new": fetched.new}
    for name, document in documents.items():
        session.say(_text(name, document))
    if as_json:
        several = {"experiments": list(documents.values())}
        session.document(next(iter(documents.values())) if len(documents) == 1 else several)


def _text(name: str, document: dict[str, Any]) -> str:
    expected = document["expected"]
    of = f" of {expected:,}" if expected not in (None, document["received"]) else ""
    parts = [f"{document['received']:,}{of} runs, {document['new']:,} new"]
    parts += [f"{document[key]:,} {key}" for key in ("pending", "duplicates") if document[key]]
    lines = [f"{name}: {', '.join(parts)}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in document["notes"])])
