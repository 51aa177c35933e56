"""The root runs of an experiment: who should come, which repetition each is, what has not ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from evalkit.fetchers.http.answers import HttpError
from evalkit.fetchers.langsmith.api.client import ABSENT, LangSmith
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.queries import BEFORE, Queries, Query, backends
from evalkit.fetchers.langsmith.convert.fields import NOTHING, Payload, identity, time_of

LATER = (1.0, 2.0, 4.0)
"""Seconds between looks at a server that has not yet shown all it counted."""
WAITING = 5.0
"""Seconds between looks when told to wait for runs that have not ended."""
AFTER = timedelta(days=1)
"""A step may begin this long after the last root run did."""
NAMED = 3
"""Ids a sentence names before it only counts."""


class Root(NamedTuple):
    """What the listing tells of a root run."""

    run_id: str
    started_at: datetime | None
    ended_at: datetime | None
    status: str
    example_id: str | None
    record: Payload

    @property
    def pending(self) -> bool:
        """Whether the run has not ended."""
        return self.ended_at is None or self.status == "pending"


@dataclass(slots=True)
class Listing:
    """All root runs that the server showed, by id."""

    roots: dict[str, Root] = field(default_factory=dict)
    duplicates: int = 0
    expected: int | None = None
    """What the server's statistics say there should be."""
    notes: list[str] = field(default_factory=list)

    @property
    def finished(self) -> dict[str, Root]:
        """The runs that can be evaluated."""
        return {run_id: root for run_id, root in self.roots.items() if not root.pending}

    @property
    def pending(self) -> int:
        """How many runs have not ended."""
        return sum(root.pending for root in self.roots.values())

    @property
    def short(self) -> int:
        """How many runs the server counted and did not show."""
        return max(0, (self.expected or 0) - len(self.roots))

    def repetitions(self) -> dict[str, int]:
        """Number the runs of each example by start time, from 0; LangSmith keeps no number."""
        ordered = sorted(self.roots.values(), key=_start)
        seen: dict[str, int] = {}
        numbers: dict[str, int] = {}
        for root in ordered:
            if root.example_id is not None:
                numbers[root.run_id] = seen.get(root.example_id, 0)
                seen[root.example_id] = numbers[root.run_id] + 1
        return numbers

    def example_ids(self) -> list[str]:
        """The examples that the runs answered, in a stable order."""
        return sorted({root.example_id for root in self.roots.values() if root.example_id})

    def missing_repetitions(self, repetitions: int) -> dict[str, int]:
        """Return how many runs each example lacks, where the experiment planned several."""
        counts: dict[str, int] = {}
        for root in self.roots.values():
            if root.example_id:
                counts[root.example_id] = counts.get(root.example_id, 0) + 1
        return {each: repetitions - n for each, n in sorted(counts.items()) if n < repetitions}


def expected_runs(session: Payload) -> int | None:
    """Return how many root runs the session's statistics promise."""
    progress = session.get("experiment_progress")
    planned = (progress if isinstance(progress, dict) else NOTHING).get("expected_run_count")
    counted = session.get("run_count")
    known = [n for n in (planned, counted) if isinstance(n, int) and not isinstance(n, bool)]
    return max(known, default=None)


def window(
    session: Payload, options: LangSmithOptions, *, roots: bool, wait: bool = False
) -> Query:
    """Return the query for a session's runs; with `wait`, runs may still be added."""
    start, last = time_of(session, "start_time"), time_of(session, "last_run_start_time")
    end = last + AFTER if last and not wait else None
    return Query(
        session_id=session["id"],
        start=start - BEFORE if start else None,
        # An end in the past keeps an old experiment in v1's cheap tier.
        end=end if end and end < datetime.now(UTC) else None,
        roots=roots,
        filter=options.filter,
    )


def first_look(
    client: LangSmith,
    options: LangSmithOptions,
    session: Payload,
    progress: Callable[[int], None] = lambda done: None,
    *,
    stats: bool = False,
    wait: bool = False,
) -> tuple[Queries, Listing]:
    """List the roots with the first run API that answers."""
    query = window(session, options, roots=True, wait=wait)
    tried = backends(client, options, client.info(), datetime.now(UTC))
    notes: list[str] = []
    for queries in tried:
        try:
            found = look(queries, query, stats=stats, progress=progress)
        except HttpError as error:
            if error.status not in ABSENT or queries is tried[-1]:
                raise
            notes.append(f"the server has no run API {queries.name}")
        else:
            found.notes = notes
            return queries, found
    raise AssertionError("there is always a run API to try")


def look(
    queries: Queries,
    query: Query,
    *,
    stats: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Listing:
    """List the root runs once."""
    listing = Listing()
    for page in queries.listed(query, stats=stats):
        for record in page.records:
            root = _root(record)
            if root.run_id in listing.roots:
                listing.duplicates += 1
            listing.roots[root.run_id] = root
        progress(len(listing.roots))
    return listing


def pauses(wait_seconds: float | None) -> Iterable[float]:
    """Yield how long to wait before each further look; bounded, longer when told to wait."""
    if wait_seconds is None:
        yield from LATER
        return
    waited = 0.0
    while waited < wait_seconds:
        yield WAITING
        waited += WAITING


def some(ids: Iterable[str]) -> str:
    """Name a few ids and count the others."""
    every = list(ids)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _root(record: Mapping[str, Any]) -> Root:
    example = record.get("reference_example_id")
    return Root(
        identity(record),
        time_of(record, "start_time"),
        time_of(record, "end_time"),
        str(record.get("status") or "").lower(),
        None if example is None else str(example),
        record,
    )


def _start(root: Root) -> tuple[float, str]:
    return (root.started_at.timestamp() if root.started_at else 0.0, root.run_id)
