"""Pages of records, newest first and traces interleaved, become whole traces in bounded memory."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush

from evalkit.fetchers.http.records import LARGE
from evalkit.fetchers.langsmith.api.queries import Page
from evalkit.fetchers.langsmith.convert.fields import Payload, identity, time_of
from evalkit.fetchers.langsmith.convert.traces import Trace
from evalkit.fetchers.langsmith.listing import Root

SKEW = timedelta(seconds=30)
"""How much earlier than its root a step may say that it began: clocks of machines differ."""


class Gatherer:
    """Collects the records of the wanted traces and hands over those that must be whole.

    A step begins after its root, so when pages that run backwards in time have passed a root by
    more than `SKEW`, everything below it has been seen.
    """

    def __init__(self, wanted: Mapping[str, Root], listed: Container[str]) -> None:
        self._wanted = wanted
        self._listed = listed
        self._open: dict[str, dict[str, Payload]] = {}
        self._rooted: list[tuple[float, str]] = []
        """Heap of the open traces whose root has come: the newest first."""
        self._recent: tuple[set[str], set[str]] = (set(), set())
        self.done: set[str] = set()
        self.duplicates = 0
        self.late: set[str] = set()
        """Traces of which a step came after they had been handed over."""
        self.rootless: set[str] = set()
        """Records of traces whose root the server does not show."""
        self.large: set[str] = set()
        """Wanted traces with a record that was too large to be read."""
        self.empty_pages = 0

    def traces(self, pages: Iterable[Page]) -> Iterator[Trace]:
        """Yield traces as they become whole; what stays open is left for `rest`."""
        for page in pages:
            self._take(page)
            if page.more and page.records:
                yield from self._passed(time_of(page.records[-1], "start_time"))
        for trace_id in [each for each, records in self._open.items() if each in records]:
            yield self._hand_over(trace_id)

    def _take(self, page: Page) -> None:
        if page.more and not page.records:
            self.empty_pages += 1
        ids: set[str] = set()
        for record in page.records:
            run_id = identity(record)
            ids.add(run_id)
            trace_id = _trace_id(record, run_id)
            if trace_id in self.done:
                if run_id in self._recent[0] or run_id in self._recent[1]:
                    self.duplicates += 1
                else:
                    self.late.add(trace_id)
            elif trace_id in self.large:
                continue
            elif trace_id in self._wanted and LARGE in record:
                self.leave(trace_id)
            elif trace_id in self._wanted:
                trace = self._open.setdefault(trace_id, {})
                if run_id in trace:
                    self.duplicates += 1
                elif run_id == trace_id:
                    self._note_root(self._wanted[trace_id])
                trace[run_id] = record
            elif trace_id not in self._listed:
                self.rootless.add(run_id)
        self._recent = (ids, self._recent[0])

    def leave(self, trace_id: str) -> None:
        """Leave out a run of which a record is too large to be read."""
        self.large.add(trace_id)
        self._open.pop(trace_id, None)

    def _note_root(self, root: Root) -> None:
        if root.started_at is not None:
            heappush(self._rooted, (-root.started_at.timestamp(), root.run_id))

    def _passed(self, now: datetime | None) -> Iterator[Trace]:
        if now is None:
            return
        newest = -(now + SKEW).timestamp()
        while self._rooted and self._rooted[0][0] < newest:
            trace_id = heappop(self._rooted)[1]
            if trace_id not in self.large:
                yield self._hand_over(trace_id)

    def _hand_over(self, trace_id: str) -> Trace:
        records = self._open.pop(trace_id)
        self.done.add(trace_id)
        root = records.pop(trace_id)
        return Trace(root, list(records.values()))

    def missing(self) -> list[Root]:
        """The wanted roots that no page held."""
        named = self.done | self.large
        return [root for run_id, root in self._wanted.items() if run_id not in named]


def _trace_id(record: Payload, run_id: str) -> str:
    stated = record.get("trace_id")
    return str(stated) if stated else run_id


def window(roots: Iterable[Root]) -> tuple[datetime | None, datetime | None]:
    """Return when the steps of these runs can have begun."""
    starts = [root.started_at for root in roots]
    ends = [root.ended_at for root in roots]
    first = min((time for time in starts if time), default=None)
    last = max((time for time in ends if time), default=None)
    known = None not in starts
    return (
        first - SKEW if first is not None and known else None,
        last + SKEW if last is not None and None not in ends else None,
    )
