"""store verify: read everything that is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from evalkit.cli.call.session import Session
from evalkit.cli.call.store import opened_store
from evalkit.errors import ExitCode
from evalkit.store.care import verify_stored


def perform(session: Session, /, names: Sequence[str], as_json: bool) -> int:
    """Say what does not fit, and with `--verbose` what does."""
    store, names = opened_store(session, names)
    rows = []
    for name in names:
        for found in verify_stored(store.experiment(name)):
            rows.append({"experiment": name, **asdict(found)})
            if not as_json and (session.verbose or not found.ok):
                session.print(
                    f"{'ok  ' if found.ok else 'FAIL'}  {name}: {found.name}: {found.text}"
                )
    bad = sum(not row["ok"] for row in rows)
    if as_json:
        session.document({"findings": rows, "bad": bad})
    elif not bad:
        session.print(f"{len(names)} experiments, {len(rows)} findings, all good")
    return ExitCode.SOURCE_FAILED if bad else ExitCode.GOOD
