"""MLflow's traces in files.

Shapes: `traces.json` of the artifact store (`{spans}`, attributes as JSON text), `Trace.to_json()`
(`{info, data}`), REST answers (`{trace}`, `{traces}`, each `{trace_info, spans}`), lines or lists
of these, and the frame of `search_traces()` as Parquet or CSV.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.forms.documents import to_raw
from evalkit.fetchers.files.formats.otlp.forms.payloads import once
from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.runs import to_run
from evalkit.fetchers.files.formats.stores.traceinfo import with_info
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.traces import payload
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.example import Example
from evalkit.model.run import Run

Payload = Mapping[str, Any]
REQUEST = "mlflow.traceRequestId"
PREFIX = "mlflow."
INFOS = ("trace_info", "info")


def fits(sample: Sample) -> bool:
    """Tell whether the first object holds a trace of MLflow."""
    return _is_trace(next(_traces(sample.first), {}))


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace."""
    repetitions: Counter[str] = Counter()
    loose: dict[str, list[Payload]] = {}
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            held = row.value if isinstance(row.value, Mapping) else {}
            if _is_span(held):
                loose.setdefault(str(held.get("trace_id")), []).append(held)
                continue
            for trace in _traces(held):
                item = _item(trace, reading, row.where, repetitions)
                if item is not None:
                    yield item
    for spans in loose.values():
        item = _item({"spans": spans}, reading, str(spans[0].get("trace_id")), repetitions)
        if item is not None:
            yield item


def _item(trace: Payload, reading: Reading, where: str, repetitions: Counter[str]) -> Item | None:
    """Return the run of a trace; what is none is named with its place."""
    try:
        if not _is_trace(trace):
            raise ValueError("neither spans nor info")
        run, example, orphans = trace_to_run(trace, repetitions)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reading.findings.break_at(where, f"not a trace of MLflow: {error!r}")
        return None
    reading.tally.orphans += orphans
    if example is not None:
        reading.book.add(example)
    return Item(run, digest(trace), where)


def _of_frame(text: Any) -> Any:
    """Return the trace that a row of `search_traces()`, saved as Parquet or CSV, holds as JSON."""
    return payload(text) if isinstance(text, str) and text.startswith("{") else None


def _traces(value: Payload) -> Iterator[Payload]:
    """Yield the traces of an answer, or the one that a value is."""
    listed = value.get("traces")
    if isinstance(listed, list):
        yield from (each for each in listed if isinstance(each, Mapping))
    elif isinstance(value.get("trace"), Mapping):
        yield value["trace"]
    elif isinstance(inner := _of_frame(value.get("trace")), Mapping):
        yield inner
    else:
        yield value


def _is_trace(value: Payload) -> bool:
    info = _info(value)
    if info is not None and isinstance(_spans(value), list):
        return "trace_id" in info or "request_id" in info
    spans = _spans(value)
    return isinstance(spans, list) and bool(spans) and _is_span(spans[0])


def _is_span(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    stated = value.get("attributes")
    if isinstance(stated, list):
        return any(isinstance(each, Mapping) and each.get("key") == REQUEST for each in stated)
    return isinstance(stated, Mapping) and REQUEST in stated


def _info(value: Payload) -> Payload | None:
    return next((value[name] for name in INFOS if isinstance(value.get(name), Mapping)), None)


def _spans(value: Payload) -> Any:
    data = value.get("data")
    return data.get("spans") if isinstance(data, Mapping) else value.get("spans")


def trace_to_run(trace: Payload, repetitions: Counter[str]) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the spans whose parent is missing."""
    raws = [_raw(each) for each in _spans(trace) or ()]
    info = _info(trace) or {}
    stated = info.get("trace_id") or info.get("request_id")
    named = next((raw.attributes.get(REQUEST) for raw in raws), None)
    trace_id = str(stated or named or (raws[0].trace_id if raws else ""))
    run, example, orphans = (
        to_run(trace_id, raws, repetitions)
        if raws
        else (Run(run_id=trace_id, status="unknown", steps_recorded=False), None, 0)
    )
    run, example = with_info(run, example, info)
    return run, example, orphans


def _raw(span: Payload) -> RawSpan:
    """Return a span; where attributes are an object, each of its values is JSON text."""
    raw = to_raw(span)
    if not isinstance(span.get("attributes"), Mapping):
        return raw
    return raw._replace(attributes={name: _kept(name, value)
                                    for name, value in raw.attributes.items()})  # fmt: skip


def _kept(name: str, value: Any) -> Any:
    """Undo the text around a value; payloads are undone where they are read, and only there."""
    if name in ("mlflow.spanInputs", "mlflow.spanOutputs"):
        return value
    return once(value)
