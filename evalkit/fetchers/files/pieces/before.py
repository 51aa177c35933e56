"""Before: what came before each piece, known once all earlier ones were read, however they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from evalkit.fetchers.files.pieces.piece import Piece, Pieced, Told
from evalkit.fetchers.files.reading.findings import SHOWN
from evalkit.fetchers.files.reading.paths import SourceFile


class Before:
    """What all pieces until now hold: how often names came, lines, and what was noted."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}
        self._lines: Counter[str] = Counter()
        self._kinds: set[str] = set()
        self._broken = 0

    def again(self, piece: Piece, pieced: Pieced) -> Piece | None:
        """Take in the next piece; return it with what it should have known, if that matters.

        What a piece adds to the pieces after it is the same either way. Lines that only say where
        runs are from are set right here.
        """
        told = pieced.told
        if told is None:
            return None
        wrong = {
            name: numbers.wrong_for(self._seen.setdefault(name, Counter()))
            for name, numbers in told.numbers.items()
        }
        file = piece.files[0]
        before = self._lines[file.shown] if file.span is not None else file.lines
        later = before - file.lines
        says = bool(later) and self._says_places(pieced, told, file)
        if later and not says:
            _move(pieced.facts.wheres, f"{file.shown}:", later)
        self._add(told, file)
        if not (any(wrong.values()) or says):
            return None
        files = (replace(file, lines=before), *piece.files[1:])
        right = {name: each or piece.before.get(name, {}) for name, each in wrong.items()}
        return replace(piece, files=files, before=right)

    def _says_places(self, pieced: Pieced, told: Told, file: SourceFile) -> bool:
        """Tell whether anybody will read of a line of this piece, beside where runs are from."""
        findings = told.findings
        return (
            pieced.error is not None
            or bool(pieced.unforeseen)
            or (bool(findings.broken) and self._broken < SHOWN)
            or not findings.kinds() <= self._kinds
            or f"{file.shown}:" in repr(told.more)
        )

    def _add(self, told: Told, file: SourceFile) -> None:
        for name, numbers in told.numbers.items():
            self._seen[name].update(numbers.seen)
        if file.span is not None:
            self._lines[file.shown] += told.findings.lines
        self._kinds |= told.findings.kinds()
        self._broken += len(told.findings.broken)


def _move(wheres: list[str], file: str, lines: int) -> None:
    """Count lines from the beginning of the file."""
    for place, where in enumerate(wheres):
        line = where.removeprefix(file)
        if line != where and line.isdecimal():
            wheres[place] = f"{file}{int(line) + lines}"
