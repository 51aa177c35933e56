"""The store as verbs about what is stored ask for it: by names that are there."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.call.session import Session
from evalkit.errors import ConfigError, did_you_mean
from evalkit.store.store import Store


def opened_store(session: Session, names: Sequence[str]) -> tuple[Store, list[str]]:
    """Return the store and the experiments asked for, those stored when none are named."""
    store = Store(session.load(deep=False).store)
    there = store.names()
    for name in names:
        if name not in there:
            hint = did_you_mean(name, there)
            known = ", ".join(there) or "nothing"
            message = f"{name}: is not stored.{hint} There is: {known}."
            raise ConfigError(message)
    return store, list(names) or there
