"""Ledger: what judges have cost, kept under the budget also between processes.

A call first reserves the most it can cost and settles what it did cost. Without a folder the ledger
is in memory; with one it is a file that every process updates under a lock. Its totals are those of
all commands; a budget holds from where a command began, together with commands that run beside it.
A reservation names the process that made it, so a process that was killed holds nothing: what had
arrived is counted from the answer it kept, the rest is said to be uncertain.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock

from evalkit.evaluators.judge.asking.processes import is_alive, this_process
from evalkit.evaluators.judge.errors import BudgetSpent, JudgeError, NotAsked

HOME = "EVALKIT_JUDGE_HOME"
BUDGET = "EVALKIT_JUDGE_BUDGET"
FRESH = "EVALKIT_JUDGE_FRESH"
LOOK_S = 0.05
"""How often a call that waits for others looks again; other processes cannot wake it."""


@dataclass
class Totals:
    """What was asked so far and what it took; `guessed_input` is what was estimated before."""

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    guessed_input: int = 0
    spent: float = 0.0
    unpriced: int = 0
    unanswered: int = 0
    """Calls without an answer that was heard: the endpoint may have billed them."""
    uncertain: float = 0.0
    """The most these can have cost; not part of `spent`."""
    reserved: float = 0.0
    """Set aside for calls in flight."""

    def since(self, before: Totals) -> Totals:
        """Return what came after `before`."""
        mine, theirs = asdict(self), asdict(before)
        left = {name: value - theirs[name] for name, value in mine.items() if name != "reserved"}
        return Totals(**left, reserved=self.reserved)


@dataclass(frozen=True, slots=True)
class Paid:
    """What one call took; `cost` is None without a price."""

    cost: float | None
    input_tokens: int
    output_tokens: int


@dataclass
class _Book:
    """What the file holds."""

    totals: Totals = field(default_factory=Totals)
    began: Totals = field(default_factory=Totals)
    pending: dict[str, dict[str, Any]] = field(default_factory=dict)
    holders: list[list[Any]] = field(default_factory=list)

    def reserved(self) -> float:
        return sum(each["most"] or 0.0 for each in self.pending.values())


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
        self._file = folder / "ledger.json" if folder else None
        self._thread_lock = threading.Lock()
        self._memory = _Book()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(f"{self._file}.lock") if self._file else None

    def begin(self) -> None:
        """Begin a command: its budget counts from here, or from where others that run began."""
        with self._open() as book:
            self._bury(book)
            me = this_process()
            others = [each for each in book.holders if each != me and is_alive(each)]
            if not others:
                book.began = replace(book.totals)
            book.holders = [*others, me]

    def totals(self) -> Totals:
        """Return the counts since the command began."""
        with self._open(keep=False) as book:
            return replace(book.totals, reserved=book.reserved()).since(book.began)

    def reserve(
        self, most: float | None, *, key: str = "", guessed: int = 0, stop: Any = None
    ) -> str | None:
        """Set aside the most that a call can cost and return its name.

        A call that does not fit beside those in flight waits until they are settled; `BudgetSpent`
        is raised when it does not fit without them. None: the same question (`key`) was in flight
        elsewhere, look for its answer. `stop` is an event that ends the waiting.
        """
        if self.budget is not None and most is None:
            raise JudgeError(
                "a budget is set but the judge has no price, so its cost cannot be bounded. "
                "Set price = [input, output] per million tokens."
            )
        waited = False
        while True:
            with self._open() as book:
                same = key and any(each["key"] == key for each in book.pending.values())
                if waited and not same:
                    return None
                if not same and self._fits(book, most):
                    call = uuid4().hex[:16]
                    me = this_process()
                    book.pending[call] = {"key": key, "most": most, "by": me, "guessed": guessed}
                    return call
                self._bury(book)
            waited = waited or bool(same)
            if stop is not None and stop.is_set():
                raise NotAsked("stopped before the judge was asked. Score again to go on.")
            time.sleep(LOOK_S)

    def _fits(self, book: _Book, most: float | None) -> bool:
        """Whether a call fits; raises `BudgetSpent` where it never will."""
        if self.budget is None or most is None:
            return True
        spent = book.totals.spent - book.began.spent
        if spent + most > self.budget * (1 + 1e-9) and not book.pending:
            raise BudgetSpent(
                f"{spent:.4f} of the budget of {self.budget:g} is spent and the next "
                f"call may cost {most:.4f}. Raise the budget and score again: "
                "what was judged is kept."
            )
        return spent + book.reserved() + most <= self.budget * (1 + 1e-9)

    def settle(self, call: str | None, paid: Paid | None) -> None:
        """Replace a reservation by what the call did cost; None: nobody heard an answer."""
        with self._open() as book:
            if call is not None:
                _settle(book, book.pending.pop(call, None), paid)

    def hit(self) -> None:
        """Count an answer that was in the cache."""
        with self._open() as book:
            book.totals.cached += 1

    def _bury(self, book: _Book) -> None:
        """Settle what dead processes had reserved."""
        for call, each in list(book.pending.items()):
            if not is_alive(each["by"]):
                del book.pending[call]
                _settle(book, each, self._answered(each["key"], call))

    @contextmanager
    def _open(self, keep: bool = True) -> Iterator[_Book]:
        with self._thread_lock:
            if self._file is None or self._lock is None:
                yield self._memory
                return
            with self._lock:
                before = self._file.read_bytes() if self._file.exists() else b""
                book = _read(before)
                yield book
                after = _written(book)
                if keep and after != before:
                    temporary = self._file.with_suffix(".tmp")
                    temporary.write_bytes(after)
                    os.replace(temporary, self._file)


def _settle(book: _Book, reserved: dict[str, Any] | None, paid: Paid | None) -> None:
    totals = book.totals
    totals.calls += 1
    if paid is None:
        totals.unanswered += 1
        totals.uncertain += (reserved or {}).get("most") or 0.0
        return
    totals.input_tokens += paid.input_tokens
    totals.output_tokens += paid.output_tokens
    totals.guessed_input += (reserved or {}).get("guessed", 0) if paid.input_tokens else 0
    totals.spent += paid.cost or 0.0
    totals.unpriced += paid.cost is None


def _read(content: bytes) -> _Book:
    known = json.loads(content) if content else {}
    return _Book(
        totals=_totals(known),
        began=_totals(known.get("began", {})),
        pending=known.get("pending", {}),
        holders=known.get("holders", []),
    )


def _totals(known: dict[str, Any]) -> Totals:
    names = {each.name for each in fields(Totals)} - {"reserved"}
    return Totals(**{name: value for name, value in known.items() if name in names})


def _written(book: _Book) -> bytes:
    document = {
        **asdict(book.totals),
        "reserved": book.reserved(),
        "began": asdict(book.began),
        "pending": book.pending,
        "holders": book.holders,
    }
    return json.dumps(document).encode()
