"""Writes feedback as `multipart/form-data`, the form in which LangSmith takes many at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

MOST = 100
"""Parts a request, where the server does not say."""
BYTES = 5_000_000


def batches(
    bodies: Iterable[dict[str, Any]], most: int = MOST, size: int = BYTES
) -> Iterator[list[tuple[dict[str, Any], bytes]]]:
    """Yield the bodies with their JSON in groups that one request may carry."""
    batch: list[tuple[dict[str, Any], bytes]] = []
    taken = 0
    for body in bodies:
        content = orjson.dumps(body)
        if batch and (len(batch) >= most or taken + len(content) > size):
            yield batch
            batch, taken = [], 0
        batch.append((body, content))
        taken += len(content)
    if batch:
        yield batch


def encode(batch: Iterable[tuple[dict[str, Any], bytes]]) -> tuple[bytes, str]:
    """Return the request's body and its content type; parts are named `feedback.<id>`."""
    boundary = uuid.uuid4().hex
    pieces = []
    for body, content in batch:
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="feedback.{body["id"]}"\r\n'
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        pieces.append(head.encode() + content + b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
