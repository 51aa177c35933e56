"""What a server's answer means: parsed JSON, a refusal for good, or a defect that may pass."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.attempts import Retryable
from evalkit.fetchers.http.transport import httpx


class HttpError(SourceUnavailable):
    """The server refused a request for good; `status` is its code, `detail` its redacted words."""

    def __init__(self, message: str, *, status: int, detail: str = "") -> None:
        self.status = status
        self.detail = detail
        super().__init__(message)


class NotFound(HttpError):
    """The server has nothing under this address (404, 410)."""


class TooLarge(SourceUnavailable):
    """The answer is larger than the caller wants at once: ask for less."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A parsed answer with its headers; `size` is its bytes after decompression."""

    value: Any
    headers: httpx.Headers
    size: int


def decoded(body: bytes | bytearray, headers: httpx.Headers) -> Any:
    """Parse JSON; what is cut short or no JSON at all is a defect that may pass."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)  # orjson refuses lone surrogates and NaN, which servers do send
    except (ValueError, RecursionError) as error:
        kind = headers.get("content-type", "no content type")
        raise Retryable(
            f"the answer is no whole JSON ({len(body)} bytes, {kind}: {error})"
        ) from None


def detail_of(body: bytes | bytearray) -> str:
    """Return what a server says about a refusal: its `detail` or `message`, else its text."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:300].decode("utf-8", "replace")
    if isinstance(parsed, dict):
        parsed = parsed.get("detail") or parsed.get("message") or parsed.get("error") or parsed
    return str(parsed)
