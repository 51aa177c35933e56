"""A run as it came out of a file, on its way to the experiment."""

from __future__ import annotations

from typing import NamedTuple

from evalkit.model.run import Run


class Item(NamedTuple):
    """A run as read, with what tells copies from contradictions."""

    run: Run
    fingerprint: str
    """Of the record the run was made from."""
    where: str
    status: str | None = None
    """The source's own word for how the run ended, where the run's status is another."""
