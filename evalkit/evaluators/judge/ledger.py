"""Ledger: what judges have cost, kept under the budget also between processes.

A call first reserves the most it can cost and settles what it did cost. Without a folder the ledger
is in memory; with one it is a file that every worker process updates under a lock.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from evalkit.evaluators.judge.errors import BudgetSpent

HOME = "EVALKIT_JUDGE_HOME"
BUDGET = "EVALKIT_JUDGE_BUDGET"
FRESH = "EVALKIT_JUDGE_FRESH"


@dataclass
class Totals:
    """What was asked so far and what it took; `guessed_input` is what was estimated before."""

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    guessed_input: int = 0
    spent: float = 0.0
    reserved: float = 0.0
    unpriced: int = 0


class Ledger:
    """Counts and money of all judges of one command."""

    def __init__(self, folder: Path | None = None, budget: float | None = None) -> None:
        self.budget = budget
        self._file = folder / "ledger.json" if folder else None
        self._thread_lock = threading.Lock()
        self._memory = Totals()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(f"{self._file}.lock") if self._file else None

    def totals(self) -> Totals:
        """Return the counts so far."""
        with self._open() as totals:
            return Totals(**asdict(totals))

    def reserve(self, most: float | None) -> None:
        """Set aside the most that a call can cost; raises `BudgetSpent` when that is too much."""
        if self.budget is None:
            return
        if most is None:
            raise BudgetSpent(
                "a budget is set but the judge has no price, so its cost cannot be bounded. "
                "Set price = [input, output] per million tokens."
            )
        with self._open() as totals:
            if totals.spent + totals.reserved + most > self.budget:
                raise BudgetSpent(
                    f"{totals.spent:.4f} of the budget of {self.budget:g} is spent and the next "
                    f"call may cost {most:.4f}. Raise the budget and score again: "
                    "what was judged is kept."
                )
            totals.reserved += most

    def settle(
        self, most: float | None, cost: float | None, tokens: tuple[int, int], guessed: int
    ) -> None:
        """Replace a reservation by what the call did cost (0 tokens: it failed)."""
        with self._open() as totals:
            if self.budget is not None:
                totals.reserved = max(0.0, totals.reserved - (most or 0.0))
            totals.calls += 1
            totals.input_tokens += tokens[0]
            totals.output_tokens += tokens[1]
            totals.guessed_input += guessed if tokens[0] else 0
            totals.spent += cost or 0.0
            totals.unpriced += cost is None

    def hit(self) -> None:
        """Count an answer that was in the cache."""
        with self._open() as totals:
            totals.cached += 1

    @contextmanager
    def _open(self) -> Iterator[Totals]:
        with self._thread_lock:
            if self._file is None or self._lock is None:
                yield self._memory
                return
            with self._lock:
                known = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
                totals = Totals(**known)
                yield totals
                temporary = self._file.with_suffix(".tmp")
                temporary.write_text(json.dumps(asdict(totals)), "utf-8")
                os.replace(temporary, self._file)
