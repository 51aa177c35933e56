"""validate: look at stored data before its figures are believed."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.call.session import Session
from evalkit.cli.text.data import text_of
from evalkit.errors import ExitCode, NoRunsError
from evalkit.pipeline.checks.validating import validate
from evalkit.store.store import Store


def perform(
    session: Session,
    /,
    names: Sequence[str],
    strict: bool,
    accept: bool,
    ignore: Sequence[str],
    as_json: bool,
) -> int:
    """Print what was found; only findings count for the exit code, and only where asked."""
    project = session.load(deep=False)
    store = Store(project.store)
    there = [name for name in project.experiments if store.experiment(name).exists]
    if not names and not there:
        raise NoRunsError("validate: nothing is stored. Run `evalkit fetch` first.")
    found = validate(project, names or there, accept=accept, ignore=ignore)
    if as_json:
        session.document(found.to_dict())
    else:
        session.print(text_of(found))
    return ExitCode.GATE_MISSED if strict and found.count("finding") else ExitCode.GOOD
