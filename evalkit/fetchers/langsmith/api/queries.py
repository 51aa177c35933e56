"""The two run APIs of LangSmith behind one face: pages of run records, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol

from evalkit.errors import RecordError, SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound, TooLarge
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.records import by_record
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.langsmith.api.client import SOURCE, LangSmith
from evalkit.fetchers.langsmith.api.limits import V2_QUERIES, WindowLimit, v1_queries
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.values import ROOM

Record = dict[str, Any]
LISTED = ("id", "start_time", "end_time", "status", "reference_example_id", "trace_id")
# fmt: off
WHOLE = (
    *LISTED, "name", "run_type", "error", "inputs", "outputs", "extra", "events", "tags",
    "dotted_order", "parent_run_ids", "app_path", "thread_id", "first_token_time",
    "feedback_stats", "total_tokens", "prompt_tokens", "completion_tokens", "total_cost",
    "prompt_cost", "completion_cost", "prompt_token_details", "completion_token_details",
    "prompt_cost_details", "completion_cost_details",
)
# fmt: on
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
BEFORE = timedelta(hours=1)
"""A run may have begun this much before its session says that it started."""
V1_PATIENCE = Patience(attempts=10, total=600.0)
"""Other clients share the tenant's limit, so that a throttled query may need long."""
HASTE = Patience(attempts=3, total=240.0)
MOST_BYTES = 128_000_000
"""Bytes of a page of several runs; a larger one is asked for in parts."""
SMALLEST = 50
"""Runs of a page below which a server that does not answer is not asked for fewer."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which runs: of a session, that began in a window; roots alone or everything."""

    session_id: str
    start: datetime | None
    end: datetime | None = None
    roots: bool = False
    filter: str | None = None
    """On the root of each trace."""


class Page(NamedTuple):
    """One page of records, and whether the server says that more follow."""

    records: list[Record]
    more: bool


class Queries(Protocol):
    """A run API."""

    name: str

    def listed(self, query: Query, *, stats: bool = False) -> Iterator[Page]:
        """Yield pages with the `LISTED` fields alone; with `stats`, also `feedback_stats`."""
        ...

    def whole(self, query: Query) -> Iterator[Page]:
        """Yield pages of complete records."""
        ...

    def trace(self, session_id: str, root: Record) -> list[Record]:
        """Return everything recorded under a root, the root included."""
        ...


class V1:
    """`POST /runs/query` (to be removed from the cloud on 31 January 2027)."""

    name = "v1"

    def __init__(
        self,
        client: LangSmith,
        size: int | None,
        now: datetime,
        *,
        room: int = ROOM,
        throttle: bool = True,
    ) -> None:
        self._client = client
        self._decode = partial(by_record, room=room)
        self._throttle = throttle
        self._size = min(size or 100, 100)
        self._now = now
        self._sources: dict[int, HttpSource] = {}

    def listed(self, query: Query, *, stats: bool = False) -> Iterator[Page]:
        """Yield pages of `LISTED` fields."""
        fields = [*LISTED, "feedback_stats"] if stats else LISTED
        return self._pages(query, {"select": list(fields)})

    def whole(self, query: Query) -> Iterator[Page]:
        """Yield pages of complete records."""
        select = [*WHOLE, "parent_run_id", "session_id", "s3_urls"]
        return self._pages(query, {"select": select})

    def trace(self, session_id: str, root: Record) -> list[Record]:
        """Return a whole trace, which v1 gives in one answer."""
        body: Record = {"session": [session_id], "trace": root["id"]}
        if root.get("start_time"):
            start = datetime.fromisoformat(root["start_time"]).replace(tzinfo=UTC)
            body["start_time"] = (start - BEFORE).isoformat()
        return _records(self._ask(body), "runs")

    def _pages(self, query: Query, body: Record) -> Iterator[Page]:
        body = {**body, "session": [query.session_id], "limit": self._size}
        if query.roots:
            body["is_root"] = True
        if query.filter:
            body["filter" if query.roots else "trace_filter"] = query.filter
        if query.start:
            body["start_time"] = query.start.isoformat()
        if query.end:
            body["end_time"] = query.end.isoformat()
        return _follow(lambda cursor: self._page({**body, **cursor}))

    def _page(self, body: Record) -> tuple[list[Record], Any]:
        answer = self._ask(body)
        cursors = answer.get("cursors")
        return _records(answer, "runs"), cursors.get("next") if isinstance(cursors, dict) else None

    def _ask(self, body: Record) -> Record:
        start, end = (_time(body.get(name)) for name in ("start_time", "end_time"))
        most = v1_queries(start, end, self._now)
        source = self._sources.get(most)
        if source is None:
            limit = WindowLimit(most, clock=self._client.clock) if self._throttle else None
            source = self._sources[most] = self._client.source(limit, V1_PATIENCE, self._decode)
        return _answer(source.post_json(self._client.v1("/runs/query"), body))


class V2:
    """`POST /api/v2/runs/query`: bigger pages, and nothing that is not asked for by name."""

    name = "v2"

    def __init__(self, client: LangSmith, size: int | None, *, room: int = ROOM) -> None:
        self._size = size or 1000
        self._subtree = True
        limit = WindowLimit(V2_QUERIES, clock=client.clock)
        # A page that is too big for the server to make in time is asked for in parts instead.
        decode = partial(by_record, room=room)
        self._hasty = client.source(limit, HASTE, decode)
        self._patient = client.source(limit, None, decode)

    def listed(self, query: Query, *, stats: bool = False) -> Iterator[Page]:
        """Yield pages of `LISTED` fields."""
        fields = [*LISTED, "feedback_stats"] if stats else list(LISTED)
        return self._pages(query, fields, {})

    def whole(self, query: Query) -> Iterator[Page]:
        """Yield pages of complete records."""
        # Roots alone: only on request are their token figures those of the whole trace.
        more = {"include_subtree_usage": True} if query.roots and self._subtree else {}
        return self._pages(query, [*WHOLE, "project_id", "attachments"], more)

    def trace(self, session_id: str, root: Record) -> list[Record]:
        """Return a whole trace."""
        params: Record = {
            "project_id": session_id,
            "selects": [name.upper() for name in (*WHOLE, "project_id", "attachments")],
        }
        path = f"/api/v2/traces/{root.get('trace_id') or root['id']}/runs"
        return _records(_answer(self._patient.get_json(path, params)), "items")

    def _pages(self, query: Query, fields: list[str], more: Record) -> Iterator[Page]:
        size, seen = self._size, query.end
        while True:
            try:
                for page in self._sized(replace(query, end=seen), fields, size, more):
                    if page.records:
                        seen = _time(page.records[-1].get("start_time")) or seen
                    yield page
                return
            except NotFound:
                raise
            except SourceUnavailable as error:
                smallest = 1 if isinstance(error, TooLarge) else SMALLEST
                if size <= smallest or isinstance(error, HttpError):
                    raise
                # Cursors hold for one page size: go on from the last start seen; ids tell doubles.
                size = max(smallest, size // 4)

    def _sized(self, query: Query, fields: list[str], size: int, more: Record) -> Iterator[Page]:
        body: Record = {
            **more,
            "project_ids": [query.session_id],
            "min_start_time": (query.start or LONG_AGO).isoformat(),  # the default is 24 hours
            "selects": [name.upper() for name in fields],
            "page_size": size,
        }
        if query.end:
            body["max_start_time"] = query.end.isoformat()
        if query.roots:
            body["is_root"] = True
        if query.filter:
            body["filter" if query.roots else "trace_filter"] = query.filter
        source = self._patient if size <= SMALLEST else self._hasty
        return _follow(lambda cursor: self._page(source, {**body, **cursor}))

    def _page(self, source: HttpSource, body: Record) -> tuple[list[Record], Any]:
        path = "/api/v2/runs/query"
        if not self._subtree:
            body.pop("include_subtree_usage", None)
        try:
            most = MOST_BYTES if body["page_size"] > 1 else None
            answer = _answer(source.request("POST", path, json=body, most=most).value)
        except HttpError as error:
            if error.status not in (400, 422) or "include_subtree_usage" not in body:
                raise
            self._subtree = False  # servers before SDK 0.15 do not know it
            return self._page(source, body)
        return _records(answer, "items"), answer.get("next_cursor")


def backends(
    client: LangSmith, options: LangSmithOptions, info: Mapping[str, Any] | None, now: datetime
) -> list[Queries]:
    """Return the run APIs to try, best first.

    `instance_flags` of `/info` tell which there are (as SDK 0.15 reads them): v1 unless
    `ch_query_enabled` is false, v2 when `sdb_query_enabled`; without `/info`, v2 is tried first.
    """
    throttle = options.throttle
    if throttle is None:  # only a self-hosted server has a licence to tell of
        throttle = (info or {}).get("license_expiration_time") is None
    room = int(options.max_record_mb * 1e6)
    v1 = V1(client, options.page_size, now, room=room, throttle=throttle)
    v2 = V2(client, options.page_size, room=room)
    if options.api != "auto":
        return [v1 if options.api == "v1" else v2]
    flags = (info or {}).get("instance_flags") or {}
    has_v1, has_v2 = flags.get("ch_query_enabled", True), flags.get("sdb_query_enabled", False)
    if info is None:
        return [v2, v1]
    if has_v2:
        return [v2, v1] if has_v1 else [v2]
    return [v1, v2]


def _follow(ask: Callable[[Record], tuple[list[Record], Any]]) -> Iterator[Page]:
    """Follow cursors; an empty page that promises more is asked for once more."""
    cursor: Record = {}
    empty = 0
    while True:
        records, following = ask(cursor)
        if not records and following:
            records, following = ask(cursor)
        empty = empty + 1 if not records else 0
        yield Page(records, bool(following))
        if not following or empty > 2:
            return
        cursor = {"cursor": following}


def _records(answer: Record, key: str) -> list[Record]:
    rows = answer.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordError(f"{SOURCE}: a page of runs has no list {key!r} of objects.")
    return rows


def _answer(answer: Any) -> Record:
    if not isinstance(answer, dict):
        raise RecordError(f"{SOURCE}: a page of runs is no object. Is this a LangSmith server?")
    return answer


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    time = datetime.fromisoformat(value)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
