"""list: experiments, evaluators, fetchers or datasets."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.cli.text.lists import LISTS, text_of


def perform(session: Session, /, what: str | None, long: bool, as_json: bool) -> None:
    """List one kind of thing, or every kind under its name."""
    project = session.load(deep=False)
    found = {name: LISTS[name](project) for name in ([what] if what else LISTS)}
    if as_json:
        session.document(found)
        return
    for name, rows in found.items():
        if not what:
            session.print(f"{name.capitalize()}:")
        session.print(text_of(name, rows, long=long) or f"  no {name}")
        if not what:
            session.print("")
