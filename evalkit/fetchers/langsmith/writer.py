"""The writer of LangSmith: feedback with ids of its own, listed, created, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.http.answers import NotFound
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.multipart import BYTES, MOST, batches, encode
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.check import explained
from evalkit.fetchers.langsmith.convert import writes
from evalkit.fetchers.langsmith.convert.feedback import is_ours
from evalkit.fetchers.langsmith.listing import first_look
from evalkit.fetchers.writing.contract import Item, Keep


class LangSmithWriter:
    """One experiment on a LangSmith server, looked up when it is opened.

    `step_ids` names the steps whose feedback is to be looked for on a server that lists feedback
    by run only.
    """

    turns_in_place = False

    def __init__(
        self,
        options: LangSmithOptions,
        context: FetchContext,
        *,
        step_ids: Callable[[], Iterable[str]] = tuple,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._client = LangSmith(connect(options, environ), options)
        self._step_ids = step_ids
        try:
            with explained():
                session = self._client.session(read_reference(options.experiment))
                _, found = first_look(self._client, options, session)
        except BaseException:
            self._client.close()
            raise
        context.progress("runs listed", len(found.roots), None)
        self.experiment = str(session.get("name"))
        self._session = str(session["id"])
        self._starts = {
            run_id: root.record.get("start_time") for run_id, root in found.roots.items()
        }

    def wanted(self, cells: Iterable[Any], keep: Keep | None) -> tuple[list[Item], set[str]]:
        """Return what is to be there, and the runs of cells that are not."""
        found, unknown = writes.bodies(cells, self._session, self._starts, keep)
        return [_item(body) for body in found], unknown

    def there(self, wanted: Sequence[Item]) -> dict[str, Item]:
        """Return what evalkit wrote, summary scores included where a list does not show them."""

        def ids() -> Iterable[str]:
            runs = [item.body["run_id"] for item in wanted if "run_id" in item.body]
            return dict.fromkeys([*self._starts, *runs, *self._step_ids()])

        client = self._client
        with explained():
            listed = client.feedback(self._session, ids)
            known = {str(each["id"]): each for each in listed if is_ours(each)}
            for item in wanted:
                if "run_id" not in item.body and item.id not in known:
                    try:
                        known[item.id] = client.http.get_json(client.v1(f"/feedback/{item.id}"))
                    except NotFound:
                        continue
        return {each: _item(row) for each, row in known.items()}

    def taken(self, wanted: Sequence[Item]) -> set[str]:
        """Feedback has ids: nobody else's is in the way."""
        return set()

    def create(self, items: Sequence[Item]) -> Iterator[int]:
        """Write in batches; scores of the experiment itself one by one."""
        client = self._client
        with explained():
            for item in items:
                if "run_id" not in item.body:  # the multipart form is for feedback on runs
                    client.http.post_json(client.v1("/feedback"), item.body)
                    yield 1
            of_runs = [item.body for item in items if "run_id" in item.body]
            if not of_runs:
                return
            config = (client.info() or {}).get("batch_ingest_config") or {}
            most = config.get("size_limit") or MOST
            size = min(config.get("size_limit_bytes") or BYTES, BYTES)
            for batch in batches(of_runs, most, size):
                content, kind = encode(batch)
                path, headers = client.v1("/runs/multipart"), {"content-type": kind}
                client.http.request("POST", path, content=content, headers=headers)
                yield len(batch)

    def update(self, items: Sequence[tuple[Item, Item]]) -> Iterator[int]:
        """Change score, value, comment and correction in place."""
        with explained():
            yield from self._client.http.map(self._patch, items)

    def remove(self, items: Sequence[Item]) -> Iterator[int]:
        """Delete feedback."""
        with explained():
            yield from self._client.http.map(self._delete, items)

    def doubled(self, created: Sequence[Item]) -> Sequence[Item]:
        """Nothing is doubled: what is written again has the same id."""
        return ()

    def notes(self) -> list[str]:
        """Say what a server that lists less leaves out."""
        if self._client.lists_sessions:
            return []
        return [
            "the server does not list feedback by session: only feedback on the runs and steps "
            "stored here was looked for"
        ]

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    def _patch(self, pair: tuple[Item, Item]) -> int:
        item, _ = pair
        path = self._client.v1(f"/feedback/{item.id}")
        self._client.http.request("PATCH", path, json=writes.change(item.body))
        return 1

    def _delete(self, item: Item) -> int:
        try:
            self._client.http.request("DELETE", self._client.v1(f"/feedback/{item.id}"))
        except NotFound:
            return 0
        return 1


def _item(body: Mapping[str, Any]) -> Item:
    """Return feedback as it is sent or as it is listed: both have the same names."""
    score = body.get("score")
    return Item(
        id=str(body["id"]),
        key=str(body["key"]),
        evaluator=writes.evaluator_of(body),
        score=float(score) if isinstance(score, bool | int | float) else None,
        said=tuple(body.get(name) for name in writes.COMPARED),
        failed=writes.failed_there(body),
        body=dict(body),
    )
