"""Answers: what OTLP/HTTP has a receiver say, in the form of the question."""

from __future__ import annotations

import json
from dataclasses import dataclass

from evalkit.fetchers.receiving.bodies import JSON, PROTOBUF

CODES = {400: 3, 401: 16, 403: 7, 404: 12, 405: 12, 413: 11, 415: 3, 503: 14}
"""The code of gRPC that stands for a status of HTTP in the body of a refusal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of HTTP with its body."""

    status: int
    body: bytes
    kind: str
    headers: tuple[tuple[str, str], ...] = ()


def stored(kind: str, rejected: int = 0, unit: str = "Spans", why: str = "") -> Answer:
    """Say that everything is stored, or all but so many."""
    if kind == PROTOBUF:
        partial = _varint(1, rejected) + _text(2, why) if rejected else b""
        return Answer(200, _nested(1, partial) if partial else b"", PROTOBUF)
    said = {"partialSuccess": {f"rejected{unit}": str(rejected), "errorMessage": why}}
    return Answer(200, json.dumps(said if rejected else {}).encode(), JSON)


def refused(kind: str, status: int, why: str) -> Answer:
    """Say that nothing is stored, and why."""
    headers = (("Retry-After", "5"),) if status == 503 else ()
    if status == 401:
        headers = (("WWW-Authenticate", 'Bearer realm="evalkit"'),)
    code = CODES.get(status, 2)
    if kind == PROTOBUF:
        return Answer(status, _varint(1, code) + _text(2, why), PROTOBUF, headers)
    return Answer(status, json.dumps({"code": code, "message": why}).encode(), JSON, headers)


# The two messages are a number and a text each: written by hand they need no protobuf installed.


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _nested(field: int, data: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _nested(field, text.encode("utf-8", "replace"))
