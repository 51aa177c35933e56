"""Verbs about what is stored: store verify, list, gc, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import experiment_name, experiment_names, json_option, pass_session
from evalkit.cli.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.errors import ConfigError, ExitCode, did_you_mean

if TYPE_CHECKING:
    from evalkit.store.store import Store

FORMATS = ("parquet", "jsonl", "csv")


@click.group("store")
def store_command() -> None:
    """Verify, list, tidy or export what is stored."""


@store_command.command("list")
@json_option()
@pass_session
def list_stored(session: Session, /, as_json: bool) -> None:
    """List the stored experiments with their runs, size and time of fetch."""
    store, names = _opened(session, ())
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


@store_command.command("verify")
@experiment_names()
@json_option()
@pass_session
def verify_stored(session: Session, /, names: Sequence[str], as_json: bool) -> int:
    """Read everything that is stored; ends with 3 when something does not fit."""
    store, names = _opened(session, names)
    rows = []
    for name in names:
        for found in store.experiment(name).verify():
            rows.append({"experiment": name, **_plain(found)})
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


@store_command.command("gc")
@experiment_names()
@json_option()
@pass_session
def tidy_stored(session: Session, /, names: Sequence[str], as_json: bool) -> None:
    """Drop stale scores and files nothing refers to; what is current stays as it is."""
    store, names = _opened(session, names)
    rows = [{"experiment": n, **_plain(store.experiment(n).gc())} for n in names]
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


@store_command.command("export")
@experiment_name()
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A folder.")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="parquet", show_default=True)
@pass_session
def export_stored(session: Session, /, name: str, folder: Path, kind: str) -> None:
    """Write an experiment as files anybody reads: runs, steps, cells, examples.

    A text that a spreadsheet would run gets a leading quote in CSV.
    """
    store, names = _opened(session, [name])
    for path in store.experiment(names[0]).export(folder, kind):
        session.print(str(path))


def _opened(session: Session, names: Sequence[str]) -> tuple[Store, list[str]]:
    """Return the store and the experiments asked for, those stored when none are named."""
    from evalkit.store.store import Store

    store = Store(session.load(deep=False).store)
    there = store.names()
    for name in names:
        if name not in there:
            hint = did_you_mean(name, there)
            known = ", ".join(there) or "nothing"
            message = f"{name}: is not stored.{hint} There is: {known}."
            raise ConfigError(message)
    return store, list(names) or there


def _plain(value: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(value)
