"""Asks a LangSmith server: about itself, sessions, examples and feedback; run queries are apart."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import ExperimentNotFound, RecordError
from evalkit.fetchers.http.answers import HttpError, NotFound, decoded
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import Decode, HttpSource
from evalkit.fetchers.langsmith.api.connection import Connection
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import Reference

SOURCE = "langsmith"
PAGE = 100
"""The most rows v1 gives at once."""
ABSENT = frozenset({404, 405, 501})
"""What a server answers that does not have an endpoint."""


class LangSmith:
    """One server. `clock` and `sleep` are the limiter's, so that tests need not wait."""

    def __init__(
        self,
        connection: Connection,
        options: LangSmithOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.connection = connection
        self.clock = clock
        self._options = options
        self._sleep = sleep
        self._opened: list[HttpSource] = []
        self.lists_sessions = True
        """Whether the server lists feedback by session, as far as it was asked."""
        self.http = self.source()

    def source(
        self,
        limit: RateLimit | None = None,
        patience: Patience | None = None,
        decode: Decode = decoded,
    ) -> HttpSource:
        """Open another door to the same server, with a limit of its own."""
        options = self._options
        source = HttpSource(
            self.connection.root,
            self.connection.headers,
            source=SOURCE,
            timeout=options.timeout,
            verify=options.verify,
            cert=options.cert,
            proxy=options.proxy,
            limit=limit,
            patience=patience,
            sleep=self._sleep,
            decode=decode,
        )
        self._opened.append(source)
        return source

    def close(self) -> None:
        """Drop every connection."""
        for source in self._opened:
            source.close()

    def v1(self, path: str) -> str:
        """Return the address of a v1 path below the root."""
        return self.connection.v1 + path

    def info(self) -> dict[str, Any] | None:
        """Return what the server says of itself; `None` when it has no `/info`."""
        try:
            found = self.http.get_json(self.v1("/info"))
        except HttpError as error:
            if error.status in ABSENT:
                return None
            raise
        return found if isinstance(found, dict) else None

    def session(self, reference: Reference) -> dict[str, Any]:
        """Return the experiment (a session) with its statistics."""
        found = None
        if reference.id:
            found = self._session_by_id(reference.id)
        named = reference.name or reference.id
        if found is None:
            found = self._session_by_name(named or "")
        if found is None:
            raise ExperimentNotFound(
                f"{SOURCE}: there is no experiment {named!r} in this workspace."
                f"{self._close_names(named or '')} Check the name, and the workspace of the key."
            )
        return found

    def _session_by_id(self, session_id: str) -> dict[str, Any] | None:
        try:
            return _object(self._either(f"/sessions/{session_id}", {"include_stats": "true"}))
        except NotFound:
            return None

    def _session_by_name(self, name: str) -> dict[str, Any] | None:
        found = _rows(
            self._either("/sessions", {"name": name, "include_stats": "true", "limit": 1})
        )
        return next((row for row in found if row.get("name") == name), None)

    def sessions(self, name_contains: str, metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the sessions whose names hold a text and whose metadata holds some values."""
        params: dict[str, Any] = {"sort_by": "start_time"}
        if name_contains:
            params["name_contains"] = name_contains
        if metadata:
            params["metadata"] = json.dumps(dict(metadata))
        return list(self._pages("/sessions", params))

    def _close_names(self, name: str) -> str:
        stem = name.rpartition("-")[0] or name
        try:
            rows = _rows(self._either("/sessions", {"name_contains": stem, "limit": 5}))
        except HttpError:
            return ""
        names = [repr(row["name"]) for row in rows if isinstance(row.get("name"), str)]
        return f" Did you mean {', '.join(names[:3])}?" if names else ""

    def _either(self, path: str, params: Mapping[str, Any]) -> Any:
        """Ask v1, and v2 where v1 is gone."""
        try:
            return self.http.get_json(self.v1(path), params)
        except HttpError as error:
            if error.status not in ABSENT:
                raise
            refused = error
        try:
            without = {key: value for key, value in params.items() if key != "limit"}
            return self.http.get_json(f"/api/v2{path}", without)
        except HttpError:
            raise refused from None

    def examples(
        self, ids: Sequence[str], as_of: str | None, dataset: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return, by id, those of the examples that exist in the dataset's version `as_of`.

        Asked for in batches of ids; where a server does not heed the ids, by pages of `dataset`.
        """
        more: dict[str, Any] = {"limit": PAGE, "inline_s3_urls": "true"}
        if as_of:
            more["as_of"] = as_of
        if self._options.attachments:  # left out unless named
            more["select"] = ["attachment_urls", "outputs", "metadata"]
        batches = [list(ids[at : at + PAGE]) for at in range(0, len(ids), PAGE)]

        def batch(some: list[str]) -> list[dict[str, Any]]:
            return _rows(self.http.get_json(self.v1("/examples"), {**more, "id": some}))

        found: dict[str, dict[str, Any]] = {}
        for some, rows in zip(batches, self.http.map(batch, batches), strict=True):
            asked, by_id = set(some), {str(row.get("id")): row for row in rows}
            if dataset and not asked.issuperset(by_id):
                pages = self._pages("/examples", {**more, "dataset": dataset})
                wanted = set(ids)
                return {row["id"]: row for row in pages if row.get("id") in wanted}
            found |= {each: row for each, row in by_id.items() if each in asked}
        return found

    def example(self, example_id: str) -> dict[str, Any] | None:
        """Return the example as it is now, or `None` when it is gone."""
        try:
            return _object(self.http.get_json(self.v1(f"/examples/{example_id}")))
        except NotFound:
            return None

    def feedback(
        self, session_id: str, run_ids: Callable[[], Iterable[str]]
    ) -> Iterator[dict[str, Any]]:
        """Yield all feedback of a session; by its runs where the server cannot ask by session.

        `lists_sessions` tells afterwards which it was.
        """
        try:
            yield from self._pages("/feedback", {"session": session_id})
        except HttpError as error:
            if error.status not in (400, 422):
                raise
            self.lists_sessions = False
            ids = list(run_ids())
            for at in range(0, len(ids), PAGE):
                yield from self._pages("/feedback", {"run": ids[at : at + PAGE]})

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Follow offsets until a page comes short."""
        offset = 0
        while True:
            rows = _rows(
                self.http.get_json(self.v1(path), {**params, "limit": PAGE, "offset": offset})
            )
            yield from rows
            if len(rows) < PAGE:
                return
            offset += PAGE


def _rows(answer: Any) -> list[dict[str, Any]]:
    """v1 answers with an array, v2 with `items`."""
    rows = answer.get("items") if isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordError(
            f"{SOURCE}: the answer is no list of objects. Is this a LangSmith server?"
        )
    return rows


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or "id" not in answer:
        raise RecordError(f"{SOURCE}: the answer is no object. Is this a LangSmith server?")
    return answer
