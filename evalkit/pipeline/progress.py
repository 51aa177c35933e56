"""Progress: how a stage tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told now and then how far a stage is; `total` is None while nobody knows it."""

    def __call__(self, what: str, done: int, total: int | None, note: str = "") -> None:
        """Note that `done` of `total` of `what` are done."""


def silent(what: str, done: int, total: int | None, note: str = "") -> None:
    """Say nothing."""
