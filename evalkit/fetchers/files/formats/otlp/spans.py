"""OpenTelemetry spans in files become runs, one a trace.

Spans of a trace may be spread over lines and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.forms.documents import is_document, raw_spans
from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.runs import Traces
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import Row, read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection


def fits(sample: Sample) -> bool:
    """Tell whether the first object is an OTLP document, a flat span or Jaeger's export."""
    return is_document(sample.first)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace, in the order in which traces came."""
    yield from read_spans(files, reading, raw_spans, "OpenTelemetry spans")


def read_spans(
    files: list[SourceFile],
    reading: Reading,
    spans_in: Callable[[Any], Iterator[RawSpan]],
    what: str,
) -> Iterator[Item]:
    """Gather the spans that `spans_in` finds in every row, and yield the runs of their traces."""
    traces = Traces()
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
