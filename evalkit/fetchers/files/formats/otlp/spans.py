"""OpenTelemetry spans in files become runs, one a trace.

Spans of a trace may be spread over lines and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.forms.documents import is_document, raw_spans
from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.runs import Traces
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile, size_of
from evalkit.fetchers.files.reading.rows import Row, read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.outcome import ROOTLESS
from evalkit.model.run import RUN_FIELDS, Run

SPILL = 64 << 20
"""Bytes of input beyond which spans wait on disk until their trace is whole."""
GIVEN_UP = timedelta(hours=1)
"""A trace of which nothing came for so long is taken as it is, without its root."""


def fits(sample: Sample) -> bool:
    """Tell whether the first object is an OTLP document, a flat span or Jaeger's export."""
    return is_document(sample.first)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace, in the order in which traces came."""
    items = read_spans(files, reading, raw_spans, "OpenTelemetry spans")
    if not any(file.growing for file in files):
        yield from items
        return
    for item in items:
        yield _awaited(item)


def _awaited(item: Item) -> Item:
    """Return a run of which the root may still come as one that goes on."""
    run = item.run
    assert isinstance(run, Run)
    if run.status != ROOTLESS or not run.ended_at or datetime.now(UTC) - run.ended_at > GIVEN_UP:
        return item
    values = {name: getattr(run, name) for name in RUN_FIELDS} | {"status": "running"}
    return item._replace(run=Run(**values), status=ROOTLESS)


def read_spans(
    files: list[SourceFile],
    reading: Reading,
    spans_in: Callable[[Any], Iterator[RawSpan]],
    what: str,
) -> Iterator[Item]:
    """Gather the spans that `spans_in` finds in every row, and yield the runs of their traces."""
    traces = Traces(spill=sum(map(size_of, files)) > SPILL)
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            gather(row, reading, traces, spans_in, what)
    yield from traces.items(reading)


def gather(
    row: Row,
    reading: Reading,
    traces: Traces,
    spans_in: Callable[[Any], Iterator[RawSpan]],
    what: str,
) -> None:
    """Add the spans of a row; one that holds something else is broken."""
    try:
        for span in spans_in(row.value):
            reading.tally.duplicates += traces.add(span)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reading.findings.break_at(row.where, f"not {what}: {error!r}")
