"""Writes feedback as `multipart/form-data`, the form in which LangSmith takes many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from evalkit.fetchers.http.transport import httpx

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
    parts = [(f"feedback.{body['id']}", _part(content)) for body, content in batch]
    made = httpx.Request("POST", "http://form", files=parts)
    return made.read(), made.headers["content-type"]  # bytes, so that they can be sent again


def _part(content: bytes) -> tuple[None, bytes, None, dict[str, str]]:
    """Return a part as httpx takes it: no file name, and its length, which LangSmith asks for."""
    said = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return None, content, None, said
