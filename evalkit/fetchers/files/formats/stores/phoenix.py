"""Phoenix in files: spans as its REST API and client give them, and experiments downloaded.

Shapes: a list or lines of span objects, a page `{data, next_cursor}`, rows of the data frame of
spans, and the list of an experiment's runs (`/v1/experiments/{id}/json`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.forms.documents import attributes_of
from evalkit.fetchers.files.formats.otlp.forms.raw import Event, RawSpan
from evalkit.fetchers.files.formats.otlp.runs import Traces
from evalkit.fetchers.files.formats.otlp.spans import gather
from evalkit.fetchers.files.formats.otlp.vocabularies.openinference import KIND
from evalkit.fetchers.files.formats.stores.experiment import is_experiment_run, to_item
from evalkit.fetchers.files.mapping.convert import moment_or_note, to_identity
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection

Payload = Mapping[str, Any]
WHAT = "spans of Phoenix"
FRAME = "attributes."
CUT = "a page that is not the last one (`next_cursor` is set): what follows is not there"


def fits(sample: Sample) -> bool:
    """Tell whether the first object is a span of Phoenix, a page of them, or an experiment's run.

    What tells them from other spans is that kind and status stand beside the attributes.
    """
    first: Payload = sample.first
    page = first.get("data")
    if isinstance(page, list) and "next_cursor" in first:
        first = page[0] if page and isinstance(page[0], Mapping) else {}
        return not page or _is_span(first)
    return _is_span(first) or is_experiment_run(first)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace, or for every run of an experiment."""
    traces = Traces()
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            value = row.value
            if isinstance(value, Mapping) and is_experiment_run(value):
                try:
                    yield to_item(value, reading, row.where)
                except (ValueError, KeyError, TypeError) as error:
                    reading.findings.break_at(row.where, f"not a run of Phoenix: {error!r}")
                continue
            if isinstance(value, Mapping) and value.get("next_cursor"):
                reading.findings.note(CUT, row.where)
            gather(row, reading, traces, spans_in, WHAT)
    yield from traces.items(reading)


def _is_span(value: Payload) -> bool:
    beside = "span_kind" in value and "status_code" in value
    context = isinstance(value.get("context"), Mapping) or "context.span_id" in value
    return beside and context


def spans_in(value: Any) -> Iterator[RawSpan]:
    """Yield the spans of a page, or the one span that a value is."""
    if not isinstance(value, Mapping):
        raise ValueError("neither a page nor a span")
    page = value.get("data")
    if isinstance(page, list):
        for each in page:
            yield to_raw(each)
        return
    yield to_raw(value)


def to_raw(span: Payload) -> RawSpan:
    """Return a span with its kind among the attributes, where tracers put it."""
    if not _is_span(span):
        raise ValueError("no span of Phoenix")
    context = span.get("context")
    if not isinstance(context, Mapping):
        context = {name: span[f"context.{name}"] for name in ("trace_id", "span_id")}
    attributes = _attributes(span)
    kind = str(span.get("span_kind") or "UNKNOWN").upper()
    if kind != "UNKNOWN":
        attributes[KIND] = kind
    told = span.get("status_message")
    return RawSpan(
        id=str(context["span_id"]),
        trace_id=str(context["trace_id"]),
        parent_id=to_identity(span.get("parent_id")) or None,
        name=str(span.get("name") or ""),
        attributes=attributes,
        events=_events(span.get("events")),
        failed=str(span.get("status_code")).upper() == "ERROR",
        message=str(told) if told else None,
        started_at=moment_or_note(span.get("start_time")),
        ended_at=moment_or_note(span.get("end_time")),
    )


def _attributes(span: Payload) -> dict[str, Any]:
    """Return the attributes, flat; a data frame has them in columns, its first levels flat."""
    stated = span.get("attributes")
    if isinstance(stated, Mapping):
        return _flat(stated, "")
    columns = {
        name.removeprefix(FRAME): value
        for name, value in span.items()
        if name.startswith(FRAME) and value is not None
    }
    return _flat(columns, "")


def _flat(value: Payload, prefix: str) -> dict[str, Any]:
    """Write objects, and lists of objects, flat with dots, as spans are sent."""
    found: dict[str, Any] = {}
    for name, each in value.items():
        path = f"{prefix}{name}"
        if isinstance(each, Mapping):
            found |= _flat(each, f"{path}.")
        elif isinstance(each, list) and each and all(isinstance(one, Mapping) for one in each):
            for number, one in enumerate(each):
                found |= _flat(one, f"{path}.{number}.")
        else:
            found[path] = each
    return found


def _events(listed: Any) -> list[Event]:
    return [
        Event(
            str(each.get("name")),
            attributes_of(each.get("attributes")),
            moment_or_note(each.get("timestamp")),
        )
        for each in listed or ()
        if isinstance(each, Mapping)
    ]
