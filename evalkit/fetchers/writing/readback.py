"""Reads pushed scores back: is every one in the store, and is its mean ours?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any

from evalkit.fetchers.writing.cells import row_of
from evalkit.fetchers.writing.contract import Item, Keep, Writer

ROUNDING = 5e-5
"""A store may round a score to four decimals, so a mean may be off by this much."""


@dataclass(slots=True)
class KeyBack:
    """One key, here and in the store; means are over the scores that are numbers."""

    key: str
    here: int
    mean: float | None
    server: int
    server_mean: float | None

    @property
    def same(self) -> bool:
        """Whether both sides have as many scores with the same mean."""
        if self.here != self.server or self.mean is None or self.server_mean is None:
            return self.here == self.server and self.mean == self.server_mean
        return isclose(self.mean, self.server_mean, rel_tol=1e-9, abs_tol=ROUNDING)


@dataclass(slots=True)
class Verified:
    """What a store holds of what was pushed."""

    experiment: str
    keys: list[KeyBack] = field(default_factory=list)
    missing: int = 0
    """Scores that are here and not there."""
    differ: int = 0
    """Scores that say something else there."""
    stale: int = 0
    """Scores evalkit wrote that no cell says any more."""
    unknown_runs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether the store says what is said here, no more and no less."""
        return not (self.missing or self.differ or self.stale) and all(k.same for k in self.keys)

    def to_dict(self) -> dict[str, Any]:
        """Return the document's figures, as `--json` prints them."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "keys"}
        keys = [
            {**{name: getattr(each, name) for name in each.__slots__}, "same": each.same}
            for each in self.keys
        ]
        return {**plain, "same": self.same, "keys": keys}


def verify(writer: Writer, cells: Iterable[Any], keep: Keep | None = None) -> Verified:
    """Compare the cells with what the store lists of evalkit's scores. Only reads.

    `keep` chooses the cells that were pushed; what else is there is then nobody's business. What
    could not be written because somebody else's score has the name is not looked for.
    """
    every = [row_of(cell) for cell in cells]
    try:
        wanted, unknown = writer.wanted(every, None)
        listed = writer.there(wanted)
        if keep is not None:
            wanted, _ = writer.wanted(every, keep)
        taken = writer.taken(wanted)
        made = Verified(writer.experiment, unknown_runs=sorted(unknown), notes=writer.notes())
    finally:
        writer.close()
    said = {item.id: item for item in wanted if item.id not in taken}
    known = {str(cell.get("evaluator")) for cell in every}
    theirs = {
        each: item
        for each, item in listed.items()
        if each in said or (keep is None and item.evaluator in known)
    }
    made.missing = sum(each not in theirs for each in said)
    made.differ = sum(each in theirs and b.differs(theirs[each]) for each, b in said.items())
    made.stale = sum(each not in said for each in theirs)
    made.keys = _keys(said.values(), theirs.values())
    return made


def _keys(here: Iterable[Item], server: Iterable[Item]) -> list[KeyBack]:
    ours, theirs = _numbers(here), _numbers(server)
    return [
        KeyBack(
            key,
            len(ours.get(key, ())),
            _mean(ours.get(key, ())),
            len(theirs.get(key, ())),
            _mean(theirs.get(key, ())),
        )
        for key in sorted({*ours, *theirs})
    ]


def _numbers(items: Iterable[Item]) -> Mapping[str, list[float]]:
    found: dict[str, list[float]] = {}
    for item in items:
        if item.score is not None:
            found.setdefault(item.key, []).append(float(item.score))
    return found


def _mean(values: list[float] | tuple[()]) -> float | None:
    return fsum(values) / len(values) if values else None
