"""Protobuf: a message of OpenTelemetry as OTLP/JSON has it: ids in hexadecimal, enums as numbers.

Needs the extra `otlp`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS: dict[str, Any] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
}
IDS = ("trace_id", "span_id", "parent_span_id")
LARGE = (
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT64,
)
Convert = Callable[[Any], Any]


def to_document(signal: str, body: bytes) -> dict[str, Any]:
    """Return a request as its OTLP/JSON; raises `ValueError` for bytes that are none."""
    try:
        return _message(REQUESTS[signal].FromString(body))
    except DecodeError as error:
        raise ValueError(f"no protobuf of OpenTelemetry: {error}") from None


def _message(message: Any) -> dict[str, Any]:
    plan = _plan(message.DESCRIPTOR)
    found = {}
    for field, value in message.ListFields():
        name, many, convert = plan[field.number]
        found[name] = [convert(each) for each in value] if many else convert(value)
    return found


@cache
def _plan(descriptor: Descriptor) -> dict[int, tuple[str, bool, Convert]]:
    return {
        field.number: (field.json_name, _repeated(field), _converter(field))
        for field in descriptor.fields
    }


def _repeated(field: FieldDescriptor) -> bool:
    told = getattr(field, "is_repeated", None)  # protobuf before 6.31 has the label instead
    return bool(told) if told is not None else field.label == FieldDescriptor.LABEL_REPEATED


def _converter(field: FieldDescriptor) -> Convert:
    if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        return _message
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes.hex if field.name in IDS else _base64
    if field.cpp_type in LARGE:
        return str
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double
    return _same


def _same(value: Any) -> Any:
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _double(value: float) -> float | str:
    """Return a number as protobuf's JSON has it: the three that JSON has not are texts."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
