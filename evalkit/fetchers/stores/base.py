"""Base of the fetchers of trace stores: each says how its runs come, all end alike."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from evalkit.errors import IncompleteExperiment, NoRunsError, RecordError, SourceUnavailable
from evalkit.fetchers.base import Counts, FetchContext, revision
from evalkit.fetchers.files.mapping.examples import ExampleBook
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.http.transport import httpx
from evalkit.model.example import Example
from evalkit.model.outcome import ROOTLESS
from evalkit.model.run import Run

LATER = (1.0, 2.0, 4.0)
"""Seconds between looks at a server that has not shown all it counts."""
POLL = 2.0
"""Seconds between looks when told to wait."""
NAMED = 3
"""Ids a sentence names before it only counts."""
Made = tuple[Run, Example | None, int]
"""A run, its example, and how many of its spans came without their parent."""


class TraceStoreFetcher:
    """Base of a fetcher; a subclass has `Options` and yields from `pulled`."""

    Options: ClassVar[type[BaseModel]]
    on_repeat: ClassVar[str] = "keep"

    def __init__(
        self,
        options: Any,
        context: FetchContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(options, Mapping):
            options = self.Options.model_validate(options)
        self.options: Any = options
        self.context = context
        self.transport, self.sleep, self.environ = transport, sleep, environ
        self.findings = Findings()
        self.book = ExampleBook(self.findings)
        self.tally = Counts()
        self.repetitions: Counter[str] = Counter()
        self.pending: set[str] = set()
        """Traces that have not ended."""

    def pulled(self) -> Iterator[Run]:
        """Yield what is new or changed of everything the store has, by way of `keep`."""
        raise NotImplementedError

    def what(self) -> str:
        """Say in words what was asked for."""
        raise NotImplementedError

    def runs(self) -> Iterator[Run]:
        """Yield runs that are new or changed; raise when any is unaccounted for."""
        try:
            yield from self.pulled()
        except SourceUnavailable as error:
            if not self.tally.received:
                raise
            self.tally.problems.append(str(error))
        self._account()

    def examples(self) -> Iterable[Example]:
        """Return the examples the runs answered."""
        return self.book

    def counts(self) -> Counts:
        """Return what the store held and what arrived."""
        self.tally.notes = self.findings.notes()
        self.tally.pending = len(self.pending)
        return self.tally

    def keep(
        self, made: Callable[[], Made], trace_id: str = "", ended_at: datetime | None = None
    ) -> Iterator[Run]:
        """Count a run, and let it through where it is not stored as it is.

        One that goes on is left out and pending, as is one whose root has not come although its
        last span, at `ended_at`, is no older than `grace_seconds`.
        """
        try:
            run, example, orphans = made()
        except RecordError as error:  # one run that does not fit costs no other
            self.tally.problems.append(str(error))
            return
        if run.outcome == "running" or (run.status == ROOTLESS and self._is_young(ended_at)):
            self.pending.add(trace_id or run.run_id)
            return
        self.pending.discard(trace_id or run.run_id)
        if example is not None:
            self.book.add(example)
        self.tally.orphans += orphans
        self.tally.received += 1
        self.context.progress("runs", self.tally.received, self.tally.expected)
        known = self.context.known.get(run.run_id)
        if known and known == revision(run):
            self.tally.unchanged += 1
        else:
            yield run

    def waiting(self, more: Callable[[], bool], pause: Callable[[float], object]) -> Iterator[None]:
        """With `--wait`: yield now and then while there is `more` to come, until time is up."""
        until = time.monotonic() + self.options.wait_seconds
        while self.context.wait and more() and time.monotonic() < until:
            self.context.progress("waiting", self.tally.received, self.tally.expected)
            pause(POLL)
            yield

    def _is_young(self, ended_at: datetime | None) -> bool:
        grace = timedelta(seconds=self.options.grace_seconds)
        return ended_at is not None and datetime.now(UTC) - ended_at < grace

    def _account(self) -> None:
        counts, who = self.counts(), self.context.experiment
        if counts.problems:
            expected = "" if counts.expected is None else f" of {counts.expected}"
            raise IncompleteExperiment(
                f"{who}: fetched {counts.received}{expected} runs: {'; '.join(counts.problems)}. "
                "What arrived is kept; fetch again."
            )
        if not counts.received:
            waiting = f"; {counts.pending} have not ended" if counts.pending else ""
            raise NoRunsError(f"{who}: {self.what()} has no run to evaluate{waiting}.")


def some(ids: Iterable[str]) -> str:
    """Name a few ids and count the others."""
    every = list(ids)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def batches(items: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Yield lists of at most so many items."""
    batch: list[Any] = []
    for each in items:
        batch.append(each)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
