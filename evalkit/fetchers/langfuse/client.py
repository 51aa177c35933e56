"""What a Langfuse server is asked: pages of observations, scores and experiments, by cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from evalkit.errors import FetchError, SourceUnavailable
from evalkit.fetchers.http.source import HttpSource, NotFound
from evalkit.fetchers.langfuse.options import BEGINNING, LangfuseOptions, headers

OBSERVATIONS = "/api/public/v2/observations"
SCORES = "/api/public/v3/scores"
EXPERIMENTS = "/api/public/experiments"
ITEMS = "/api/public/experiment-items"
FIELDS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
"""Without this the API leaves out inputs, outputs, usage and times of first tokens."""
MOST = 100
"""Rows a page of everything but observations."""
IDS = 40
"""Ids of traces in one request for scores: they stand in the address."""
Payload = dict[str, Any]


class Client:
    """One project of a Langfuse server."""

    def __init__(self, options: LangfuseOptions, transport: Any = None) -> None:
        self._options = options
        self.root = options.address()
        self.http = HttpSource(
            self.root,
            headers(),
            source="langfuse",
            timeout=options.timeout,
            verify=options.verify,
            transport=transport,
        )

    def version(self) -> str | None:
        """Return what the server says of its version."""
        found = self.http.get_json("/api/public/health")
        return found.get("version") if isinstance(found, dict) else None

    def experiments(self, **chosen: str) -> Iterator[Payload]:
        """Yield experiments with activity in the window, the latest first."""
        yield from self._pages(
            EXPERIMENTS, {**self._window(), "fields": "core,metadata,scores", **chosen}
        )

    def items(self, experiment_id: str) -> Iterator[Payload]:
        """Yield the items of an experiment, the latest first."""
        fields = "core,dataset,io,metadata,itemMetadata"
        asked = {**self._window(), "experimentId": experiment_id, "fields": fields}
        yield from self._pages(ITEMS, asked)

    def observations(self, **chosen: Any) -> Iterator[Payload]:
        """Yield observations with all their fields."""
        keys = ",".join(self._options.expand_metadata) or None
        asked = {"fields": FIELDS, "expandMetadata": keys, **chosen}
        yield from self._pages(OBSERVATIONS, asked, self._options.page_size)

    def scores(self, trace_ids: Sequence[str]) -> Iterator[Payload]:
        """Yield the scores of some traces and of what is in them."""
        for first in range(0, len(trace_ids), IDS):
            asked = {
                "traceId": ",".join(trace_ids[first : first + IDS]),
                "fields": "details,subject,annotation",
            }
            yield from self._pages(SCORES, asked)

    def _window(self) -> Payload:
        until = self._options.until
        return {
            "fromStartTime": stamp(self._options.since or BEGINNING),
            "toStartTime": None if until is None else stamp(until),
        }

    def _pages(self, path: str, asked: Payload, limit: int = MOST) -> Iterator[Payload]:
        """Yield the rows of every page; while rows arrive, one may come twice."""
        cursor, cursors = None, set[str]()
        while True:
            page = self._page(path, {**asked, "limit": limit, "cursor": cursor})
            yield from (row for row in page["data"] if isinstance(row, dict))
            meta = page.get("meta")
            cursor = meta.get("cursor") if isinstance(meta, dict) else None
            if not cursor or not isinstance(cursor, str):
                return
            if cursor in cursors:
                raise SourceUnavailable(
                    f"langfuse: {path}: the same page is offered again and again. "
                    "What arrived is kept; fetch again."
                )
            cursors.add(cursor)

    def _page(self, path: str, asked: Payload) -> Payload:
        known = {name: value for name, value in asked.items() if value is not None}
        try:
            page = self.http.get_json(path, known)
        except NotFound:
            raise FetchError(
                f"langfuse: {self.root} has no {path}: it is an older Langfuse, or another server. "
                'A newer one has it; exports of older ones are read with fetcher = "files".'
            ) from None
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise SourceUnavailable(
                f"langfuse: {path}: the answer is no page of rows. Fetch again."
            )
        return page


def stamp(at: datetime) -> str:
    """Return a time as the API reads it."""
    return at.isoformat().replace("+00:00", "Z")
