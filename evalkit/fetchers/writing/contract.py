"""What a store that takes scores back is, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Mapping[str, Any]
Keep = Callable[[Row], bool]
"""Chooses the cells to push; of the others nothing is written and nothing taken away."""


@dataclass(frozen=True, slots=True)
class Item:
    """A score as it is to be in a store, or as it is there."""

    id: str
    """The same score of the same thing always has the same."""
    key: str
    evaluator: str | None
    score: float | None
    """The number, for means; None where there is none."""
    said: tuple[Any, ...]
    """What must be the same for nothing to be written."""
    failed: bool = False
    """Whether it is an evaluator's error."""
    body: Any = None
    """In the store's own form: what is sent, or what is needed to change it."""

    def differs(self, there: Item) -> bool:
        """Whether the store says something else."""
        return self.said != there.said or self.turned(there)

    def turned(self, there: Item) -> bool:
        """Whether an error became a score, or the other way round."""
        return self.failed != there.failed


class Writer(Protocol):
    """An open store; only `create`, `update` and `remove` write."""

    experiment: str
    """The experiment's name there."""
    turns_in_place: bool
    """Whether an update can make a score of an error, or the other way round."""

    def wanted(self, cells: Iterable[Any], keep: Keep | None) -> tuple[list[Item], set[str]]:
        """Return what is to be there, and the runs of cells that are not."""
        ...

    def there(self, wanted: Sequence[Item]) -> dict[str, Item]:
        """Return, by id, what evalkit wrote of this experiment, and nobody else."""
        ...

    def taken(self, wanted: Sequence[Item]) -> set[str]:
        """Return the ids of items whose place somebody else's score has: these stay as they are."""
        ...

    def create(self, items: Sequence[Item]) -> Iterator[int]:
        """Write new scores; yields how many each request wrote."""
        ...

    def update(self, items: Sequence[tuple[Item, Item]]) -> Iterator[int]:
        """Change scores that are there, given as they are to be and as they are."""
        ...

    def remove(self, items: Sequence[Item]) -> Iterator[int]:
        """Take scores away; what was gone already is not counted."""
        ...

    def doubled(self, created: Sequence[Item]) -> Sequence[Item]:
        """Return what evalkit wrote beside these while they were created.

        A store that gives ids of its own may take a request after who sent it was killed.
        """
        ...

    def notes(self) -> list[str]:
        """Say what a reader should know of this store."""
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...
