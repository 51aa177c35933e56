"""Executor: what calls evaluators on other machines has to do; the engine knows no more of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from evalkit.scoring.shares.share import Errand, Report, Share


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


class Executor(Protocol):
    """Workers on other machines; raises `ExecutorError` once there are none any more."""

    runs: int
    """Runs a share has at most."""

    def begin(self, errand: Errand) -> None:
        """Find the workers that can do it; those that cannot are refused by name.

        Raises `ExecutorError` when there is none.
        """

    @property
    def width(self) -> int:
        """How many shares are worked on at the same time."""

    @property
    def room(self) -> int:
        """How many more shares it takes now: none of them should wait long for its turn."""

    def give(self, share: Share) -> None:
        """Have a share done; it may be done twice when a worker is lost, and is reported once."""

    def reports(self, seconds: float) -> Iterable[Report]:
        """Wait so long for what came of shares, in any order."""

    def stop(self) -> None:
        """Ask for reports now, of what is done by then."""

    def close(self) -> None:
        """Let the workers go, whatever they do."""

    @property
    def refused(self) -> list[Found]:
        """The workers that could not be used, each once."""
