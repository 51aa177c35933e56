"""A run as it came out of a file, on its way to the experiment."""

from __future__ import annotations

from typing import NamedTuple

from evalkit.model.run import Run
from evalkit.model.schema.batch import RunRows
from evalkit.model.schema.made import MadeRow


class Item(NamedTuple):
    """A run as read, with what tells copies from contradictions."""

    run: Run | RunRows | MadeRow
    fingerprint: str
    """Of the record the run was made from; empty: the hash of its rows tells copies."""
    where: str
    status: str | None = None
    """The source's own word for how the run ended, where the run's status is another."""
