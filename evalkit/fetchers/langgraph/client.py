"""Talks to a LangGraph Server: threads, runs, histories, assistants, as the server pages them.

Measured on langgraph-api 0.16: the default order of a thread search moves while paging (so it is
always set), `X-Pagination-Total` is no total (so threads are counted), and a run list has neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound, TooLarge
from evalkit.fetchers.http.keys import with_key
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.langgraph.abilities import REFUSED, Abilities, Negotiation
from evalkit.fetchers.langgraph.snapshots import Snapshot, read_snapshot
from evalkit.fetchers.plain import PlainOptions

if TYPE_CHECKING:
    from evalkit.fetchers.langgraph.options import LangGraphOptions

THREAD_PAGE = 1000
RUN_PAGE = 200
SMALL_PAGE = 25
REPEATS = 3
"""A page that comes so often is the server's mistake, or a proxy's."""
MOST_BYTES = 8_000_000
"""A page that turns out larger is asked for again in parts."""
PAGE_BYTES = 4_000_000
"""A page of history is asked for in about this size: each checkpoint repeats the whole state."""
THREAD_FIELDS = ["thread_id", "created_at", "updated_at", "status", "metadata"]
KEY_VARIABLES = ("LANGGRAPH_API_KEY", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")
"""Where the key is looked for, in the order of the LangGraph SDK."""


class HistoryPage(NamedTuple):
    """Snapshots of one answer, newest first, and the bytes it took.

    The list is emptied when the next page is asked for.
    """

    snapshots: list[Snapshot]
    size: int


class LangGraphClient:
    """The calls the fetcher needs, over a shared `HttpSource`; safe to use from threads."""

    def __init__(self, http: HttpSource) -> None:
        self.http = http
        self.abilities = Abilities()
        self._negotiated = False

    def identify(self) -> Abilities:
        """Find out what this server is; asked once, before anything is pulled."""
        self.abilities = Negotiation(self.http).identify(self.info())
        return self.abilities

    def negotiate(self, thread_id: str) -> Abilities:
        """Find out how histories are asked for, on a thread of this server; asked once."""
        if not self._negotiated:
            self._negotiated = True
            self.abilities = Negotiation(self.http, self.abilities).ask_of_histories(thread_id)
        return self.abilities

    def info(self) -> dict[str, Any]:
        """Return the server's version and flags, if it says them; needs no key."""
        try:
            return self._object(self.http.get_json("/info"), "/info")
        except NotFound:
            return {}

    def count_threads(self, metadata: Mapping[str, Any]) -> int | None:
        """Return how many threads carry this metadata, the only true total; None if not offered."""
        if not self.abilities.count:
            return None
        try:
            answer = self.http.post_json("/threads/count", {"metadata": dict(metadata)})
        except HttpError as error:
            if error.status not in REFUSED:
                raise
            self.abilities = replace(self.abilities, count=False)
            return None
        if type(answer) is not int:
            raise self._strange("/threads/count", "a number", answer)
        return answer

    def thread_page(self, metadata: Mapping[str, Any], offset: int) -> list[dict[str, Any]]:
        """Return threads with this metadata, oldest first, from `offset` on."""
        body: dict[str, Any] = {
            "metadata": dict(metadata),
            "limit": THREAD_PAGE,
            "offset": offset,
            "sort_by": "created_at",
            "sort_order": "asc",
        }
        path = "/threads/search"
        if self.abilities.select:
            try:
                wanted = {**body, "select": THREAD_FIELDS}
                return self._list(self.http.post_json(path, wanted), path, "thread_id")
            except HttpError as error:
                if error.status not in REFUSED or isinstance(error, NotFound):
                    raise
        found = self._list(self.http.post_json(path, body), path, "thread_id")
        self.abilities = replace(self.abilities, select=False)
        return found

    def thread(self, thread_id: str) -> dict[str, Any]:
        """Return one thread with its last error."""
        path = f"/threads/{thread_id}"
        return self._object(self.http.get_json(path), path)

    def run_page(self, thread_id: str, offset: int) -> list[dict[str, Any]]:
        """Return a thread's runs, newest first, from `offset` on."""
        path = f"/threads/{thread_id}/runs"
        return self._list(
            self.http.get_json(path, {"limit": RUN_PAGE, "offset": offset}), path, "run_id"
        )

    def run(self, thread_id: str, run_id: str) -> dict[str, Any] | None:
        """Return one run as it is now, or None when it was deleted."""
        path = f"/threads/{thread_id}/runs/{run_id}"
        try:
            return self._object(self.http.get_json(path), path)
        except NotFound:
            return None

    def history(
        self, thread_id: str, *, namespace: str = "", **metadata: Any
    ) -> Iterator[HistoryPage]:
        """Yield pages of snapshots with this metadata, newest first, until the server has no more.

        Only an empty page, or a short one that reaches the very first checkpoint, is an end: a
        page that was cut on its way looks like a last one.
        """
        path = f"/threads/{thread_id}/history"
        where = f"{self.http.source}: thread {thread_id}"
        limit, before, seen, repeats = SMALL_PAGE, None, set[str](), 0
        while True:
            body: dict[str, Any] = {"limit": limit}
            if metadata:
                body["metadata"] = metadata
            if namespace:
                body["checkpoint"] = {"checkpoint_ns": namespace}
            if before:
                held = {"configurable": {"checkpoint_id": before}}
                body["before"] = before if self.abilities.before == "text" else held
            try:
                most = MOST_BYTES if limit > 1 else None
                reply = self.http.request("POST", path, json=body, most=most)
            except TooLarge:
                limit = max(1, limit // 5)
                continue
            items = self._list(reply.value, path)
            asked, count, size = limit, len(items), reply.size
            fresh = [
                s for s in (self._read(i, where) for i in items) if s.checkpoint_id not in seen
            ]
            if count and not fresh:
                repeats += 1
                if repeats == REPEATS:
                    said = "the server repeats a page of history. Fetch again."
                    raise SourceUnavailable(f"{where}: {said}")
                continue
            seen.update(s.checkpoint_id for s in fresh)
            end = not count or _is_first(fresh[-1], count < asked)
            before = fresh[-1].checkpoint_id if fresh else before
            limit = max(1, min(1000, int(PAGE_BYTES / (size / max(count, 1) + 1))))
            del reply, items  # each page may hold many large states: one of them at a time
            yield HistoryPage(fresh, size)
            fresh.clear()
            if end:
                return

    def snapshot(self, thread_id: str, checkpoint_id: str) -> Snapshot | None:
        """Return one snapshot of the root graph, or None when it was pruned."""
        return self._state(thread_id, f"/threads/{thread_id}/state/{checkpoint_id}")

    def latest(self, thread_id: str) -> Snapshot | None:
        """Return the newest snapshot of a thread, whoever made it."""
        return self._state(thread_id, f"/threads/{thread_id}/state")

    def _state(self, thread_id: str, path: str) -> Snapshot | None:
        try:
            raw = self._object(self.http.get_json(path), path)
        except NotFound:
            return None
        if not (raw.get("checkpoint") or {}).get("checkpoint_id"):
            return None
        return self._read(raw, f"{self.http.source}: thread {thread_id}")

    def _read(self, raw: Mapping[str, Any], where: str) -> Snapshot:
        return read_snapshot(raw, where, named=self.abilities.names_subgraphs)

    def assistants(self) -> Iterator[dict[str, Any]]:
        """Yield every assistant (a graph with settings)."""
        offset = 0
        while True:
            body = {"limit": THREAD_PAGE, "offset": offset, "sort_by": "created_at"}
            page = self._list(self.http.post_json("/assistants/search", body), "/assistants/search")
            yield from page
            if not page:
                return
            offset += len(page)

    def output_keys(self, assistant_id: str) -> frozenset[str] | None:
        """Return the keys of a graph's output schema, or None where it states none."""
        path = f"/assistants/{assistant_id}/schemas"
        schema = self._object(self.http.get_json(path), path).get("output_schema")
        keys = schema.get("properties") if isinstance(schema, Mapping) else None
        return frozenset(keys) if keys else None

    def joins(self, assistant_id: str) -> dict[str, frozenset[str]]:
        """Return the nodes of a graph that edges from several nodes lead to, with those nodes."""
        path = f"/assistants/{assistant_id}/graph"
        edges = self._object(self.http.get_json(path), path).get("edges")
        sources: dict[str, set[str]] = {}
        for edge in edges if isinstance(edges, list) else ():
            if isinstance(edge, Mapping) and not edge.get("conditional"):
                sources.setdefault(str(edge.get("target")), set()).add(str(edge.get("source")))
        return {name: frozenset(found) for name, found in sources.items() if len(found) > 1}

    def _object(self, answer: Any, path: str) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise self._strange(path, "an object", answer)
        return answer

    def _list(self, answer: Any, path: str, key: str | None = None) -> list[dict[str, Any]]:
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise self._strange(path, "a list of objects", answer)
        if key and not all(isinstance(item.get(key), str) for item in answer):
            raise self._strange(path, f"objects with a {key}", answer)
        return answer

    def _strange(self, path: str, wanted: str, answer: Any) -> SourceUnavailable:
        got = self.http.redact(repr(answer), 80)
        return SourceUnavailable(
            f"{self.http.source}: {path} answered {got} where {wanted} was expected. "
            "Is this the address of a LangGraph server?"
        )


def _is_first(oldest: Snapshot, short: bool) -> bool:
    return short and (oldest.parent_id is None or oldest.source in ("input", "fork"))


def request_headers(
    options: LangGraphOptions | PlainOptions, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers to send: those of the config, and the key where none of them is one."""
    said = ("x-api-key", "authorization")
    return with_key(options, KEY_VARIABLES, environment, header=said[0], said_by=said)


def environment() -> Mapping[str, str]:
    """Return the process environment."""
    return os.environ
