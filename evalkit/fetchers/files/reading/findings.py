"""What reading a set of files found besides rows: broken lines, mended values, things to know."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar

from evalkit.errors import IncompleteExperiment
from evalkit.fetchers.files.reading.jsontext import Mended

SHOWN = 5


class Findings:
    """Collected while rows stream by; turned into counts, notes or an error at the end."""

    def __init__(self) -> None:
        self.mended = Mended()
        self.broken: list[str] = []
        """Places that could not be read, `file:line: reason`, the first few."""
        self.broken_count = 0
        self.lines = 0
        """Lines of JSON Lines that were read to their end."""
        self._notes: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def break_at(self, where: str, reason: str) -> None:
        """Remember a row that could not be read."""
        self.broken_count += 1
        if len(self.broken) < SHOWN:
            self.broken.append(f"{where}: {reason}")

    def note(self, what: str, where: str = "") -> None:
        """Count something worth knowing; the first place is kept."""
        self._notes[what] += 1
        self._first.setdefault(what, where)

    def add(self, later: Findings) -> None:
        """Take in what was found in the files after these."""
        self.mended.counts.update(later.mended.counts)
        self.mended.first = later.mended.first | self.mended.first
        self.broken += later.broken[: SHOWN - len(self.broken)]
        self.broken_count += later.broken_count
        self._notes.update(later._notes)
        self._first = later._first | self._first

    def kinds(self) -> set[str]:
        """Return what was noted, each with the first place it was seen at."""
        return {*self.mended.first, *(what for what, where in self._first.items() if where)}

    def notes(self) -> list[str]:
        """Return one line for each kind of thing noted."""
        lines = []
        for what, count in self._notes.items():
            first = f" (first: {self._first[what]})" if self._first[what] else ""
            lines.append(f"{count} x {what}{first}" if count > 1 else f"{what}{first}")
        return self.mended.notes() + lines

    def problems(self) -> list[str]:
        """Return one line for each broken place, and how many more there are."""
        more = self.broken_count - len(self.broken)
        return self.broken + ([f"and {more} more"] if more else [])

    def raise_if_broken(self, who: str, read: int) -> None:
        """Raise `IncompleteExperiment` naming the first places when anything is missing."""
        if self.broken_count:
            listed = "; ".join(self.problems())
            raise IncompleteExperiment(
                f"{who}: the runs are not complete, {self.broken_count} problem(s): {listed}. "
                f"The {read} runs that could be read are kept; repair the source and fetch again."
            )


_HEARING: ContextVar[Findings | None] = ContextVar("_HEARING", default=None)


class Hearing:
    """While this lasts, `unusable` tells these findings; entered for every record."""

    __slots__ = ("_before", "_findings")

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def __enter__(self) -> None:
        self._before = _HEARING.set(self._findings)

    def __exit__(self, *error: object) -> None:
        _HEARING.reset(self._before)


def unusable(what: str, error: ValueError) -> None:
    """Note one value that cannot be read and is missing; raises `error` where nobody hears."""
    findings = _HEARING.get()
    if findings is None:
        raise error
    findings.note(f"{what} that cannot be read, taken as missing", str(error))
