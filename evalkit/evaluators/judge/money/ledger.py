"""Ledger: what judges have cost, kept under the budget also between processes.

A call first reserves the most it can cost and settles what it did cost. Without a folder the ledger
is in memory; with one it is a file that every process updates under a lock. Its totals are those of
all commands; a budget holds from where a command began, together with commands that run beside it.
A reservation names the process that made it, so a process that was killed holds nothing: what had
arrived is counted from the answer it kept. What nobody can know is whether an endpoint billed a
call whose answer was lost. Such calls are `uncertain`: what was billed lies between `spent` and
`spent + uncertain`, and a budget counts the most of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from evalkit.evaluators.judge.asking.errors import BudgetSpent, JudgeError, NotAsked
from evalkit.evaluators.judge.money.book import Book, Experience, Paid, Totals
from evalkit.evaluators.judge.money.journal import Journal
from evalkit.evaluators.judge.money.processes import is_alive, this_process

HOME = "EVALKIT_JUDGE_HOME"
BUDGET = "EVALKIT_JUDGE_BUDGET"
FRESH = "EVALKIT_JUDGE_FRESH"
LOOK_S = 0.05
"""How often a call that waits for others looks again; other processes cannot wake it."""

Answered = Callable[[str, str], Paid | None]
"""(key of the question, call) -> what the answer to this very call took, where it was kept."""


class Ledger:
    """Counts and money of all judges; `budget` is for what this command asks."""

    def __init__(
        self,
        folder: Path | None = None,
        budget: float | None = None,
        answered: Answered = lambda key, call: None,
    ) -> None:
        self.budget = budget
        self._answered = answered
        self._journal = Journal(folder)

    def begin(self) -> Totals:
        """Begin a command: its budget counts from here, or from where others that run began.

        Returns what was in flight when an earlier command was killed, counted only now.
        """
        with self._journal.open() as book:
            before = replace(book.totals)
            self._bury(book)
            me = this_process()
            others = [each for each in book.holders if each != me and is_alive(each)]
            self._journal.note("begin", [*others, me], not others)
            self._journal.save()
            return book.totals.since(before)

    def close(self) -> None:
        """Write the totals down; until then the last of them stand in the journal."""
        self._journal.close()

    def of_all_commands(self) -> Totals:
        """Return the counts of all commands until now."""
        with self._journal.open() as book:
            return replace(book.totals, reserved=book.reserved())

    def experience(self, model: str) -> Experience:
        """Return what a model took until now, in all commands."""
        with self._journal.open() as book:
            return Experience(*book.models.get(model, (0, 0, 0, 0)))

    def totals(self) -> Totals:
        """Return the counts since the command began."""
        with self._journal.open() as book:
            return replace(book.totals, reserved=book.reserved()).since(book.began)

    def reserve(
        self,
        most: float | None,
        *,
        key: str = "",
        guessed: int = 0,
        model: str = "",
        unlimited: bool = False,
        stop: Any = None,
    ) -> str | None:
        """Set aside the most that a call can cost and return its name.

        A call that does not fit beside those in flight waits until they are settled; `BudgetSpent`
        is raised when it does not fit without them. None: the same question (`key`) was in flight
        elsewhere, look for its answer. `unlimited`: it was paid already. `stop` is an event that
        ends the waiting.
        """
        if self.budget is not None and most is None and not unlimited:
            raise JudgeError(
                "a budget is set but the judge has no price, so its cost cannot be bounded. "
                "Set price = [input, output] per million tokens."
            )
        waited = False
        while True:
            with self._journal.open() as book:
                same = key and any(each["key"] == key for each in book.pending.values())
                if waited and not same:
                    return None
                if not same and self._fits(book, most):
                    call = uuid4().hex[:16]
                    me = this_process()
                    self._journal.note("reserve", call, key, most, me, guessed, model)
                    return call
                self._bury(book)
            waited = waited or bool(same)
            _pause(stop)

    def unheard(self, call: str, *, again: bool, stop: Any = None) -> None:
        """Note what may be billed and was not heard; wait for the money to ask `again`.

        Raises `BudgetSpent` where there is none for it.
        """
        with self._journal.open() as book:
            most = book.pending[call]["most"]
            self._journal.note("lost", call)
        while again:
            with self._journal.open() as book:
                if self._fits(book, most):
                    self._journal.note("again", call, most)
                    return
                self._bury(book)
            _pause(stop)

    def _fits(self, book: Book, most: float | None) -> bool:
        """Whether a call fits; raises `BudgetSpent` where it never will."""
        if self.budget is None or most is None:
            return True
        unknown = book.totals.uncertain - book.began.uncertain
        spent = book.totals.spent - book.began.spent + unknown
        room = self.budget * (1 + 1e-9)
        if spent + most > room and not book.reserved():
            unsure = f" ({unknown:.4f} of it uncertain)" if unknown else ""
            raise BudgetSpent(
                f"{spent:.4f} of the budget of {self.budget:g} is spent{unsure} and the next "
                f"call may cost {most:.4f}. Raise the budget and score again: "
                "what was judged is kept."
            )
        return spent + book.reserved() + most <= room

    def settle(self, call: str, paid: Paid | None) -> None:
        """Replace a reservation by what the call did cost; None: nobody heard an answer."""
        with self._journal.open():
            self._settle(call, paid)

    def hit(self) -> None:
        """Count an answer that was in the cache."""
        with self._journal.open():
            self._journal.note("hit")

    def _bury(self, book: Book) -> None:
        """Settle what dead processes had reserved."""
        for call, each in list(book.pending.items()):
            if not is_alive(each["by"]):
                self._settle(call, self._answered(each["key"], call))

    def _settle(self, call: str, paid: Paid | None) -> None:
        took = None if paid is None else [paid.cost, paid.input_tokens, paid.output_tokens]
        self._journal.note("settle", call, took)


def _pause(stop: Any) -> None:
    """Wait a little before looking again, unless somebody asked to stop."""
    if stop is not None and stop.is_set():
        raise NotAsked("stopped before the judge was asked. Score again to go on.")
    time.sleep(LOOK_S)
