"""Bodies: what a request carried, unpacked and made one line of OTLP/JSON, or refused."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import orjson
import zstandard

from evalkit.fetchers.files.formats.otlp.forms.documents import RESOURCES, raw_spans
from evalkit.fetchers.files.reading.jsontext import Mended, loads
from evalkit.fetchers.values import too_much

JSON, PROTOBUF = "application/json", "application/x-protobuf"
MOST_BYTES = 64_000_000
"""Bytes of one request, packed or not."""
BITE = 1 << 10
"""Packed bytes that are unpacked at once; zstd makes at most 128 KiB of four of them."""
SIGNALS = {"traces": "resourceSpans", "logs": "resourceLogs"}
NO_PROTOBUF = (
    "protobuf needs an extra: pip install 'evalkit-harness[otlp]', "
    "or send JSON (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)"
)


class RefusedError(Exception):
    """A request that is not stored: a status of HTTP and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class Received:
    """What a request holds: the line to store, and what is counted of it."""

    line: bytes
    """Empty: there is nothing to store."""
    spans: int = 0
    roots: int = 0
    """Spans without a parent: as many traces have ended."""
    rejected: int = 0
    """Spans that no reader could place, for they have no usable ids."""


def reads_protobuf() -> bool:
    """Tell whether the extra that reads protobuf is installed."""
    try:
        return find_spec("opentelemetry.proto") is not None
    except ModuleNotFoundError:
        return False


def unpacked(body: bytes, encoding: str) -> bytes:
    """Undo a content encoding, holding what comes out below `MOST_BYTES`."""
    open_with: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
        "gzip": lambda data: _inflated(data, zlib.MAX_WBITS | 16),
        "deflate": lambda data: _inflated(data, zlib.MAX_WBITS),
        "zstd": _of_zstd,
    }
    if encoding in ("", "identity"):
        return body
    if encoding not in open_with:
        raise RefusedError(415, f"content encoding {encoding[:40]!r} is not known; gzip is")
    try:
        found, whole = open_with[encoding](body)
    except (zlib.error, zstandard.ZstdError) as error:
        raise RefusedError(400, f"the body is no {encoding}: {error}") from None
    if len(found) > MOST_BYTES:
        raise RefusedError(413, f"more than {MOST_BYTES / 1e6:g} MB when unpacked")
    if not whole:
        raise RefusedError(400, f"the body is cut off: its {encoding} does not end")
    return found


def _inflated(data: bytes, bits: int) -> tuple[bytes, bool]:
    opened = zlib.decompressobj(bits)
    return opened.decompress(data, MOST_BYTES + 1), opened.eof


def _of_zstd(data: bytes) -> tuple[bytes, bool]:
    """Take small bites: what one of them unpacks to is bounded, and the end of a frame is seen."""
    found, whole = bytearray(), False
    while data and len(found) <= MOST_BYTES:
        opened = zstandard.ZstdDecompressor().decompressobj()
        at = 0
        while at < len(data) and not opened.eof and len(found) <= MOST_BYTES:
            found += opened.decompress(data[at : at + BITE])
            at += BITE
        whole, data = opened.eof, opened.unused_data + data[at:]
    return bytes(found), whole


def received(signal: str, kind: str, body: bytes) -> Received:
    """Return what a body of a content type holds; raises `RefusedError` for one that is not OTLP.

    Only what the reader of files can read is taken, so that one broken sender breaks no fetch.
    """
    value, text = _document(signal, kind, body)
    if signal == "logs":
        return Received(_line(value, text))
    try:
        every = list(raw_spans(value))
        rejected = 0
        if any(not _placed(each.trace_id, each.id) for each in every):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        value, text, rejected = _sifted(value)
        every = list(raw_spans(value))
    if not every:
        return Received(b"", rejected=rejected)
    roots = sum(each.parent_id is None for each in every)
    return Received(_line(value, text), len(every), roots, rejected)


def _document(signal: str, kind: str, body: bytes) -> tuple[Any, bytes | None]:
    """Return the OTLP/JSON of a body, and its text where it was JSON already."""
    if kind == PROTOBUF:
        if not reads_protobuf():
            raise RefusedError(415, NO_PROTOBUF)
        from evalkit.fetchers.receiving.protobuf import to_document

        try:
            return to_document(signal, body), None
        except ValueError as error:
            raise RefusedError(400, str(error)) from None
    if too_much(body):
        raise RefusedError(413, f"too many values for {MOST_BYTES / 1e6:g} MB; send less at once")
    try:
        value = orjson.loads(body)
    except ValueError:
        try:
            value = loads(body, Mended(), "the body")
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, f"no JSON: {error}") from None
    names = (SIGNALS[signal], "resource_spans" if signal == "traces" else "resource_logs")
    if not isinstance(value, dict) or not any(isinstance(value.get(n), list) for n in names):
        raise RefusedError(400, f"no OTLP/JSON: there is no list `{SIGNALS[signal]}`")
    return value, body


def _line(value: Any, text: bytes | None) -> bytes:
    """Return the text of a document on one line, as it came where that is one line."""
    if text is not None and b"\n" not in text and b"\r" not in text:
        return text.strip()
    return orjson.dumps(value)


def _placed(trace_id: str, span_id: str) -> bool:
    return bool(trace_id.strip("0")) and bool(span_id.strip("0"))


def _sifted(value: Any) -> tuple[Any, None, int]:
    """Leave out the spans that cannot be read, and count them."""
    rejected = 0
    resources: Any = next((value[name] for name in RESOURCES if name in value), [])
    for holder in _holders(resources):
        spans = holder["spans"]
        holder["spans"] = [each for each in spans if _readable(each)]
        rejected += len(spans) - len(holder["spans"])
    return {"resourceSpans": [each for each in resources if isinstance(each, dict)]}, None, rejected


def _holders(resources: Any) -> Iterator[dict[str, Any]]:
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        for name in ("scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            scopes = resource.get(name)
            if scopes is None:
                continue
            resource[name] = [each for each in scopes if isinstance(each, dict)] if isinstance(
                scopes, list) else []  # fmt: skip
            for scope in resource[name]:
                scope["spans"] = scope["spans"] if isinstance(scope.get("spans"), list) else []
                yield scope


def _readable(span: Any) -> bool:
    if not isinstance(span, Mapping):
        return False
    try:
        found = list(raw_spans({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        return False
    return all(_placed(each.trace_id, each.id) for each in found)
