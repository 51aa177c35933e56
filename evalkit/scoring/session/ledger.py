"""Ledger: keeps parts as they come, counts what is in them, and says when it is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from evalkit.errors import TooManyEvaluatorErrors
from evalkit.model.units import Plan, ScoreSource
from evalkit.scoring.session.tally import Listener, Progress, ScoreOutcome, Tally


class Keeper(Protocol):
    """What a pool of workers tells what came of its calls."""

    def commit(self, part: bytes, tallies: Mapping[str, Tally], calls: int) -> None:
        """Keep a part of cells."""

    def tell(self) -> None:
        """Say how far scoring has come."""

    def give_up(self, name: str, why: str) -> None:
        """Note that an evaluator is not called any more."""

    def printed(self, text: str) -> None:
        """Keep what evaluators printed."""


class Ledger:
    """The one place that commits; lives in the process that holds the store's lock."""

    def __init__(
        self,
        source: ScoreSource,
        outcome: ScoreOutcome,
        plan: Plan,
        max_errors: int | None,
        listener: Listener | None,
    ) -> None:
        self._source, self._outcome, self._listener = source, outcome, listener
        self._max_errors = max_errors
        self.progress = Progress(total=plan.cells)
        self.keys: dict[str, dict[str, None]] = {name: {} for name in outcome.evaluators}

    def commit(self, part: bytes, tallies: Mapping[str, Tally], calls: int) -> None:
        """Keep a part; raises `TooManyEvaluatorErrors` once there are more than allowed."""
        if part:
            self._source.commit(part)
        for name, each in tallies.items():
            work = self._outcome.evaluators[name]
            work.done += each.cells
            work.errors += each.errors
            work.timeouts += each.timeouts
            self.keys[name].update(dict.fromkeys(each.keys))
        self.progress.done += calls
        self.progress.errors = self._outcome.errors
        self.tell()
        limit = self._max_errors
        if limit is not None and self.progress.errors > limit:
            raise TooManyEvaluatorErrors(self._complaint(limit))

    def tell(self) -> None:
        """Say how far scoring has come."""
        if self._listener is not None:
            self._listener(self.progress)

    def give_up(self, name: str, why: str) -> None:
        """Note that an evaluator is not called any more."""
        self._outcome.evaluators[name].given_up = why

    def printed(self, text: str) -> None:
        """Keep what evaluators printed."""
        self._outcome.printed = (self._outcome.printed + text)[:65_536]

    def _complaint(self, limit: int) -> str:
        worst = max(self._outcome.evaluators.values(), key=lambda work: work.errors)
        allowed = "no error is allowed" if limit == 0 else f"{limit} are allowed"
        return (
            f"evaluator {worst.name!r}: {self.progress.errors} cells ended in an evaluator error, "
            f"and {allowed}. Look at one with `evalkit show`, correct the evaluator, score again; "
            "what was scored until now is kept."
        )
