"""The forms in which files hold OpenTelemetry spans, each brought to one.

OTLP/JSON, as the SDKs, the collector and Tempo write it; flat spans, as SDKs print them; Jaeger.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.raw import Event, RawSpan
from evalkit.fetchers.files.mapping.convert import moment_or_note, to_identity

ERROR = (2, "2", "ERROR", "STATUS_CODE_ERROR", "Error")
RESOURCES = ("resourceSpans", "resource_spans", "batches")
"""Under the last, Tempo gives the same."""
WRAPPERS = ("trace", "result")
SIGNALS = ("resourceLogs", "resourceMetrics", "resource_logs", "resource_metrics")
STARTS = ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime")
ENDS = ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime")
REMOTE = 0x300
BYTES = {24: "==", 12: "="}
"""How long an id of 16 and of 8 bytes is as base64, and how it ends."""
Payload = Mapping[str, Any]


def is_document(value: Payload) -> bool:
    """Tell whether a value is OTLP, a flat span or a list of them, or Jaeger's export."""
    value = _unwrapped(value)
    if any(isinstance(value.get(name), list) for name in RESOURCES) or _jaeger(value):
        return True
    spans = value.get("spans")
    inner = spans[0] if isinstance(spans, list) and spans else value
    return isinstance(inner, Mapping) and is_flat(inner)


def _unwrapped(value: Payload) -> Payload:
    """Return what the APIs of Tempo (v2) and Jaeger (v3) put around a trace."""
    for name in WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, Mapping) and any(isinstance(inner.get(r), list) for r in RESOURCES):
            return inner
    return value


def is_flat(value: Payload) -> bool:
    """Tell whether a value is a span as an SDK prints it: ids, a name, attributes and a time."""
    context = value.get("spanContext") or value.get("context")
    named = {"trace_id", "span_id"} <= value.keys() or {"traceId", "spanId"} <= value.keys()
    whole = isinstance(value.get("attributes"), Mapping | list) and "name" in value
    return (named or isinstance(context, Mapping)) and whole and "span_kind" not in value


def raw_spans(value: Any) -> Iterator[RawSpan]:
    """Yield the spans of a document; raises `ValueError` for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError("neither resourceSpans nor a span")
    value = _unwrapped(value)
    if any(name in value for name in SIGNALS):
        return  # the collector may write logs and metrics to the same file
    if _jaeger(value):
        for trace in value["data"]:
            yield from map(_of_jaeger, trace["spans"])
    elif resources := next((value[name] for name in RESOURCES if name in value), None):
        yield from _of_resources(resources)
    elif isinstance(value.get("spans"), list):
        for inner in value["spans"]:
            yield from raw_spans(inner)
    elif is_flat(value):
        yield to_raw(value)
    elif not any(name in value for name in RESOURCES):
        raise ValueError("neither resourceSpans nor a span")


def _of_resources(resources: Any) -> Iterator[RawSpan]:
    for resource in resources:
        scopes = (resource.get(name) for name in
                  ("scopeSpans", "scope_spans", "instrumentationLibrarySpans"))  # fmt: skip
        for scope in next((each for each in scopes if each), ()):
            for raw in scope.get("spans", []):
                yield to_raw(raw)


def to_raw(raw: Payload) -> RawSpan:
    """Return one span of OTLP or of a flat form."""
    context = raw.get("spanContext") or raw.get("context") or raw
    status = raw.get("status") or {}
    code = status.get("code", status.get("status_code")) if isinstance(status, Mapping) else status
    said = status.get("message") or status.get("description") if isinstance(status, Mapping) else ""
    return RawSpan(
        id=hexed(context.get("spanId") or context["span_id"]),
        trace_id=hexed(context.get("traceId") or context["trace_id"]),
        parent_id=_parent(raw),
        name=str(raw.get("name") or ""),
        attributes=attributes_of(raw.get("attributes")),
        events=_events(raw),
        failed=code in ERROR,
        message=str(said) if said else None,
        started_at=_time(raw, STARTS),
        ended_at=_time(raw, ENDS),
        from_elsewhere=_is_remote(raw),
    )


def _is_remote(raw: Payload) -> bool:
    """Tell whether a span says that its parent is remote: two bits of the flags, both set."""
    flags = raw.get("flags") or 0
    known = flags if isinstance(flags, int) else int(flags) if str(flags).isdigit() else 0
    return known & REMOTE == REMOTE


def hexed(value: Any) -> str:
    """Return an id as hexadecimal text, also where it was written as base64 of its bytes."""
    text = str(value).removeprefix("0x")
    if text.endswith("=") and BYTES.get(len(text)) == text[len(text.rstrip("=")) :]:
        try:
            return base64.b64decode(text, validate=True).hex()
        except (ValueError, binascii.Error):
            return text
    return text


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Return OTLP's `[{key, value: {stringValue}}]`, or a plain object, as a plain object."""
    if isinstance(pairs, Mapping):
        return dict(pairs)
    return {pair["key"]: _value(pair.get("value") or {}) for pair in pairs or ()}


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    for kind, inner in value.items():
        if kind in ("intValue", "int_value"):
            return int(inner)  # 64-bit numbers are written as text
        if kind in ("arrayValue", "array_value"):
            return [_value(each) for each in inner.get("values", [])]
        if kind in ("kvlistValue", "kvlist_value"):
            return attributes_of(inner.get("values"))
        return inner
    return None


def _events(raw: Payload) -> list[Event]:
    times = ("timeUnixNano", "time_unix_nano", "timestamp", "time")
    return [
        Event(str(each.get("name")), attributes_of(each.get("attributes")), _time(each, times))
        for each in raw.get("events") or ()
    ]


def _parent(raw: Payload) -> str | None:
    inner = raw.get("parentSpanContext") or {}
    stated = (
        *(raw.get(name) for name in ("parentSpanId", "parent_span_id", "parent_id")),
        inner.get("spanId"),
    )
    found = next((to_identity(each) for each in stated if each), None)
    return None if found is None or not found.strip("0") else hexed(found)


def _time(raw: Payload, names: tuple[str, ...]) -> datetime | None:
    value = next((raw[name] for name in names if raw.get(name)), None)
    if isinstance(value, list) and len(value) == 2:  # JavaScript's [seconds, nanoseconds]
        value = value[0] + value[1] / 1e9
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return moment_or_note(value) if value else None


def _jaeger(value: Payload) -> bool:
    data = value.get("data")
    first = data[0] if isinstance(data, list) and data else None
    return isinstance(first, Mapping) and "traceID" in first and isinstance(
        first.get("spans"), list
    )  # fmt: skip


def _of_jaeger(raw: Payload) -> RawSpan:
    """Return a span of Jaeger: times in microseconds, the status among the tags."""
    tags = _fields(raw.get("tags"))
    parents = [
        ref["spanID"]
        for ref in raw.get("references") or ()
        if ref.get("refType") == "CHILD_OF" and ref.get("traceID") == raw["traceID"]
    ]
    started = moment_or_note(raw.get("startTime"))
    took = raw.get("duration")
    ended = None
    if started is not None and isinstance(took, int | float):
        ended = started + timedelta(microseconds=took)
    failed = tags.get("otel.status_code") in ERROR or tags.get("error") in (True, "true")
    return RawSpan(
        id=str(raw["spanID"]),
        trace_id=str(raw["traceID"]),
        parent_id=parents[0] if parents else raw.get("parentSpanID") or None,
        name=str(raw.get("operationName") or ""),
        attributes={name: value for name, value in tags.items() if name not in JAEGERS_OWN},
        events=[_log(each) for each in raw.get("logs") or ()],
        failed=failed,
        message=tags.get("otel.status_description"),
        started_at=started,
        ended_at=ended,
    )


JAEGERS_OWN = frozenset(
    {*("otel.status_code", "otel.status_description", "error", "internal.span.format"),
     *("span.kind", "otel.scope.name", "otel.scope.version")}
)  # fmt: skip


def _fields(listed: Any) -> dict[str, Any]:
    found = {}
    for each in listed or ():
        value = each.get("value")
        found[each["key"]] = int(value) if each.get("type") == "int64" else value
    return found


def _log(raw: Payload) -> Event:
    fields = _fields(raw.get("fields"))
    name = str(fields.pop("event", ""))
    return Event(name, fields, moment_or_note(raw.get("timestamp")))
