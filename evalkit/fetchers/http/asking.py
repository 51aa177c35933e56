"""Asking: one request as a client is to make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.http.attempts import Retryable

Failed = Callable[[Retryable, bool], object]
"""Hears of an attempt that failed, and whether another follows; what it raises ends the request."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `shown` is how messages name it."""

    method: str
    url: str
    shown: str
    params: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attempts: int | None = None
    most: int | None = None
    failed: Failed | None = None
