"""Ordered: pieces are read in any order by whoever is free, and come back in the order of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from evalkit.errors import ExecutorError
from evalkit.fetchers.files.pieces.before import Before
from evalkit.fetchers.files.pieces.piece import Piece, Pieced
from evalkit.fetchers.files.pieces.planned import halves
from evalkit.scoring.shares.executor import Executor

TICK_S = 0.1
HELD = 2
"""Pieces that may lie here for each that is read: an early one may take longer than the others."""


class Ordered:
    """The pieces that wait, those in hand, and those that came too early.

    What came before a piece decides how some of its runs are numbered. It is known as soon as all
    earlier pieces were read, and whoever did not know it reads again, while others go on.
    """

    def __init__(self, executor: Executor[Piece, Pieced], pieces: Sequence[Piece]) -> None:
        self._executor = executor
        self._pieces = {piece.number: piece for piece in pieces}
        self._order = [*self._pieces]
        """Numbers of pieces in the order of the files; halves have numbers of their own."""
        self._places: dict[int, tuple[int, ...]] = {n: (n,) for n in self._order}
        """By number, what sorts pieces in that order."""
        self._waiting = sorted((place, number) for number, place in self._places.items())
        """A heap: whoever is free reads what is told first."""
        self._in_hand: set[int] = set()
        self._early: dict[int, Pieced] = {}
        self._before = Before()
        self._known = self._turn = 0
        """How many pieces were looked at, and how many of these are told."""

    def __iter__(self) -> Iterator[Pieced]:
        """Yield what came of every piece, each once; the executor has begun."""
        while self._turn < len(self._order):
            self._give()
            for pieced in self._executor.reports(TICK_S):
                self._take(pieced)
            self._look()
            while self._turn < self._known and (number := self._order[self._turn]) in self._early:
                self._turn += 1
                yield self._early.pop(number)

    def _give(self) -> None:
        most = HELD * max(self._executor.width, 1)
        while self._waiting and self._executor.room > 0:
            number = self._waiting[0][1]
            held = len(self._early) + len(self._in_hand)
            if number != self._order[self._turn] and held >= 2 * most:
                return
            heappop(self._waiting)
            self._in_hand.add(number)
            self._executor.give(self._pieces[number])

    def _take(self, pieced: Pieced) -> None:
        """Keep what came of a piece; of two answers, as a lost worker may leave, the first."""
        number = pieced.number
        if number not in self._in_hand:
            return
        self._in_hand.remove(number)
        if pieced.lost:
            self._halve(self._pieces[number], pieced.lost)
        elif pieced.undone:
            self._wait(number)
        else:
            self._early[number] = pieced

    def _look(self) -> None:
        """Have pieces read again whose numbers depend on what nobody knew when they were read."""
        while self._known < len(self._order):
            number = self._order[self._known]
            pieced = self._early.get(number)
            if pieced is None:
                return
            self._known += 1
            again = self._before.again(self._pieces[number], pieced)
            if again is not None:
                self._pieces[number] = again
                self._wait(number)
                del self._early[number]

    def _halve(self, piece: Piece, why: str) -> None:
        """Find out what ends the workers that read a piece; one alone is named."""
        place = self._order.index(piece.number)
        parts = halves(piece) if place >= self._known else [piece.files]
        if len(parts) == 1:
            raise ExecutorError(
                f"{_shown(piece)}: {why}. What arrived is kept; fetch them here: "
                "`--executor local`."
            )
        numbers = [piece.number, max(self._pieces) + 1]
        made = zip(numbers, parts, strict=True)
        self._pieces |= {n: replace(piece, number=n, files=files) for n, files in made}
        self._order[place : place + 1] = numbers
        above = self._places[piece.number]
        for half, number in enumerate(numbers):
            self._places[number] = (*above, half)
            self._wait(number)

    def _wait(self, number: int) -> None:
        heappush(self._waiting, (self._places[number], number))


def _shown(piece: Piece) -> str:
    file = piece.files[0]
    if file.span is not None:
        return f"{file.shown}, bytes {file.span[0]:,} to {file.span[1]:,}"
    return ", ".join(each.shown for each in piece.files[:5])
