"""Pulls whole traces, some at a time, and holds what came against the ids that were listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from evalkit.fetchers.files.mapping.convert import to_moment
from evalkit.fetchers.phoenix.client import Phoenix
from evalkit.fetchers.phoenix.convert import Traced

TRACES, SPANS = 40, 800
"""A request asks for at most so many traces, or for these many spans in fewer of them."""
IDS = 250
"""Span ids in one address: 6,500 characters, which proxies let through."""
Row = Mapping[str, Any]


class Listed(NamedTuple):
    """What a list tells of a trace."""

    trace_id: str
    span_ids: frozenset[str]
    ended_at: datetime | None


class Missing(NamedTuple):
    """A trace of which spans were listed that never came."""

    trace_id: str
    spans: int


def listed(row: Row) -> Listed:
    """Return a row of the list of traces."""
    spans = row.get("spans") or ()
    ids = frozenset(str(each["span_id"]) for each in spans if each.get("span_id"))
    return Listed(str(row["trace_id"]), ids, to_moment(row.get("end_time")))


class Puller:
    """The traces of one project."""

    def __init__(
        self, client: Phoenix, project_id: str, *, annotated: frozenset[str], costs: bool
    ) -> None:
        self._client, self._project = client, project_id
        self._annotated = annotated
        """`span` and `trace`, where the project has annotations of these."""
        self._costs = costs
        self.missing: list[Missing] = []

    def pull(self, traces: Iterable[Listed]) -> Iterator[tuple[Listed, Traced]]:
        """Yield each trace with all its spans, several requests at a time."""
        for found in self._client.http.map(self._batch, _batches(traces)):
            yield from found

    def _batch(self, batch: list[Listed]) -> list[tuple[Listed, Traced]]:
        found: dict[str, dict[str, Row]] = {each.trace_id: {} for each in batch}
        self._take([each.trace_id for each in batch], found)
        short = [each.trace_id for each in batch if each.span_ids - found[each.trace_id].keys()]
        for trace_id in short:  # a page that came short is asked for again, trace by trace
            self._take([trace_id], found)
        self.missing += [
            Missing(each.trace_id, lacking)
            for each in batch
            if (lacking := len(each.span_ids - found[each.trace_id].keys()))
        ]
        costs = self._client.costs(found) if self._costs else {}
        noted = self._annotations(found)
        return [
            (
                each,
                Traced(
                    each.trace_id,
                    list(found[each.trace_id].values()),
                    costs,
                    noted.get(each.trace_id, ()),
                ),
            )
            for each in batch
        ]

    def _take(self, trace_ids: list[str], found: dict[str, dict[str, Row]]) -> None:
        for span in self._client.spans(self._project, trace_ids):
            context = span.get("context") or {}
            trace = found.get(str(context.get("trace_id")))
            if trace is not None:
                trace[str(context.get("span_id"))] = span

    def _annotations(self, found: Mapping[str, Mapping[str, Row]]) -> dict[str, list[Row]]:
        noted: dict[str, list[Row]] = {}
        if "trace" in self._annotated:
            for each in self._client.annotations(self._project, "trace", list(found)):
                noted.setdefault(str(each.get("trace_id")), []).append(each)
        if "span" in self._annotated:
            owner = {span: trace for trace, spans in found.items() for span in spans}
            ids = list(owner)
            for at in range(0, len(ids), IDS):
                for each in self._client.annotations(self._project, "span", ids[at : at + IDS]):
                    noted.setdefault(owner[str(each.get("span_id"))], []).append(each)
        return noted


def _batches(traces: Iterable[Listed]) -> Iterator[list[Listed]]:
    batch: list[Listed] = []
    size = 0
    for each in traces:
        if batch and (len(batch) >= TRACES or size + len(each.span_ids) > SPANS):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += len(each.span_ids)
    if batch:
        yield batch
