"""Reads pushed scores back: is every one on the server, and is its mean ours?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.check import explained
from evalkit.fetchers.langsmith.convert import writes
from evalkit.fetchers.langsmith.listing import first_look
from evalkit.fetchers.langsmith.written import notes, own_version, there

ROUNDING = 10.0**-writes.DECIMALS / 2
"""A score on the server is rounded, so a mean may be off by this much."""


@dataclass(slots=True)
class KeyBack:
    """One key, here and on the server; means are over the scores that are numbers."""

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
    """What a server holds of what was pushed."""

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
        """Whether the server says what is said here, no more and no less."""
        return not (self.missing or self.differ or self.stale) and all(k.same for k in self.keys)

    def to_dict(self) -> dict[str, Any]:
        """Return the document's figures, as `--json` prints them."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "keys"}
        keys = [
            {**{name: getattr(each, name) for name in each.__slots__}, "same": each.same}
            for each in self.keys
        ]
        return {**plain, "same": self.same, "keys": keys}


def verify(
    cells: Iterable[Any],
    options: LangSmithOptions,
    context: FetchContext,
    *,
    keep: Callable[[Mapping[str, Any]], bool] | None = None,
    step_ids: Callable[[], Iterable[str]] = tuple,
    environ: Mapping[str, str] | None = None,
) -> Verified:
    """Compare the cells with what the server lists of evalkit's feedback. Only reads.

    `keep` chooses the cells that were pushed; what else is there is then nobody's business.
    """
    every = [writes.row_of(cell) for cell in cells]
    client = LangSmith(connect(options, environ), options)
    try:
        with explained():
            session = client.session(read_reference(options.experiment))
            _, found = first_look(client, options, session)
            starts = dict.fromkeys(found.roots)
            wanted, unknown = writes.bodies(every, session["id"], starts, own_version())
            listed = there(client, session["id"], found, wanted, step_ids)
            if keep is not None:
                wanted, _ = writes.bodies(every, session["id"], starts, own_version(), keep)
            made = Verified(str(session.get("name")), unknown_runs=sorted(unknown))
            made.notes = notes(client)
    finally:
        client.close()
    said = {body["id"]: body for body in wanted}
    known = {str(cell.get("evaluator")) for cell in every}
    theirs = {
        each: item
        for each, item in listed.items()
        if each in said or (keep is None and writes.evaluator_of(item) in known)
    }
    made.missing = sum(each not in theirs for each in said)
    made.differ = sum(
        each in theirs and writes.differs(b, theirs[each]) for each, b in said.items()
    )
    made.stale = sum(each not in said for each in theirs)
    made.keys = _keys(said.values(), theirs.values())
    return made


def _keys(here: Iterable[Mapping[str, Any]], server: Iterable[Mapping[str, Any]]) -> list[KeyBack]:
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


def _numbers(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if isinstance(score := row.get("score"), bool | int | float):
            found.setdefault(str(row["key"]), []).append(float(score))
    return found


def _mean(values: list[float] | tuple[()]) -> float | None:
    return fsum(values) / len(values) if values else None
