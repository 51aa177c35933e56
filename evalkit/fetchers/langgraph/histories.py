"""Histories of threads as this server gives them: of one run, or of all and sorted out here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.langgraph.client import HistoryPage, LangGraphClient

KEPT_THREADS = 16
KEPT_BYTES = 8_000_000
"""A larger history is read again for each run of its thread instead of being kept."""


@dataclass(slots=True)
class _Kept:
    siblings: Sequence[Mapping[str, Any]]
    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: list[HistoryPage] | None = None


@dataclass(slots=True)
class Histories:
    """Reads the history of a run, or of a namespace; safe to use from threads."""

    client: LangGraphClient
    _kept: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of_run(
        self, thread_id: str, run_id: str, siblings: Sequence[Mapping[str, Any]]
    ) -> Iterator[HistoryPage]:
        """Yield pages with the snapshots of one run; others may be among them."""
        if len(siblings) == 1:
            yield from self.client.history(thread_id)  # costs the same, and shows what was left out
        elif self.client.abilities.filters:
            yield from self.client.history(thread_id, run_id=run_id)
        else:
            yield from self._shared(thread_id, siblings)

    def of_thread(
        self, thread_id: str, siblings: Sequence[Mapping[str, Any]]
    ) -> Iterator[HistoryPage]:
        """Yield pages with the snapshots of all runs of a thread, newest first."""
        if self.client.abilities.filters:
            yield from self.client.history(thread_id)
        else:
            yield from self._shared(thread_id, siblings)

    def children(
        self, thread_id: str, step: int, siblings: Sequence[Mapping[str, Any]]
    ) -> Iterator[HistoryPage]:
        """Yield pages with the snapshots that commit this step; others may be among them."""
        if self.client.abilities.filters:
            yield from self.client.history(thread_id, step=step, source="loop")
        else:
            yield from self._shared(thread_id, siblings)

    def of_namespace(self, thread_id: str, namespace: str) -> Iterator[HistoryPage]:
        """Yield pages with the snapshots of a subgraph."""
        yield from self.client.history(thread_id, namespace=namespace)

    def _shared(
        self, thread_id: str, siblings: Sequence[Mapping[str, Any]]
    ) -> Iterator[HistoryPage]:
        """Read a thread once for all its runs of one listing: a later list may know more."""
        with self._lock:
            kept = self._kept.get(thread_id)
            if kept is None or kept.siblings is not siblings:
                kept = self._kept[thread_id] = _Kept(siblings)
                self._kept.move_to_end(thread_id)
                if len(self._kept) > KEPT_THREADS:
                    self._kept.popitem(last=False)
        with kept.lock:
            if kept.pages is not None:
                yield from kept.pages
                return
            pages, size = [], 0
            for page in self.client.history(thread_id):
                size += page.size
                if size <= KEPT_BYTES:
                    pages.append(HistoryPage(list(page.snapshots), page.size))
                yield page
            kept.pages = pages if size <= KEPT_BYTES else None
