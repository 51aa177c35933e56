"""Executor: what has work done on other machines; who gives it knows no more of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from evalkit.scoring.shares.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One worker of a cluster, and what keeps it from being used."""

    address: str
    host: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    def __str__(self) -> str:
        host = f" ({self.host})" if self.host else ""
        return f"worker {self.address}{host}: {self.refused or 'fits'}"


class Told(Protocol):
    """What came of a share of some work."""

    @property
    def number(self) -> int:
        """The share it is of."""

    @property
    def refused(self) -> str:
        """Why the worker that did it should get no more; empty: it may."""


Answer = TypeVar("Answer", bound=Told, covariant=True)


class Part(Protocol[Answer]):
    """A share of some work; can be pickled."""

    @property
    def number(self) -> int:
        """What tells it from the others."""

    def lost(self, why: str) -> Answer:
        """Return what is told when every worker that had it ended."""

    def undone(self) -> Answer:
        """Return what is told when the worker could not do it, and another may."""


class Work(Protocol):
    """What all shares of some work have in common; can be pickled."""

    @property
    def what(self) -> str:
        """What is done, as in "no worker can ...", for messages."""

    @property
    def packages(self) -> Mapping[str, str]:
        """Version by name of what has to be the same everywhere."""

    def for_shares(self) -> Self:
        """Return it without what only a look needs."""

    def moved(self, old: Path, new: Path) -> Self:
        """Return it for machines that have the project in another folder."""

    def refusal(self, place: Place) -> str:
        """Say, on a worker, why it cannot be done there, or nothing."""

    def do(self, share: Any, place: Place) -> Told:
        """Do a share, on a worker; never raises."""


Given = TypeVar("Given", contravariant=True)
Heard = TypeVar("Heard", covariant=True)


class Executor(Protocol[Given, Heard]):
    """Workers on other machines; raises `ExecutorError` once there are none any more."""

    runs: int
    """Runs a share has at most."""

    def begin(self, work: Work) -> None:
        """Find the workers that can do it; those that cannot are refused by name.

        Raises `ExecutorError` when there is none.
        """

    @property
    def width(self) -> int:
        """How many shares are worked on at the same time."""

    @property
    def room(self) -> int:
        """How many more shares it takes now: none of them should wait long for its turn."""

    def give(self, share: Given) -> None:
        """Have a share done; it may be done twice when a worker is lost, and is reported once."""

    def reports(self, seconds: float) -> Iterable[Heard]:
        """Wait so long for what came of shares, in any order."""

    def stop(self) -> None:
        """Ask for reports now, of what is done by then."""

    def close(self) -> None:
        """Let the workers go, whatever they do."""

    @property
    def refused(self) -> list[Found]:
        """The workers that could not be used, each once."""
