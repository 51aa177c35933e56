"""What the server sends back, and what every group of routes needs."""

from __future__ import annotations

from typing import Any

import orjson

from .faults import Faults
from .world import Record, World

BACKENDS = {
    "v1": {},
    "dual": {"ch_query_enabled": True, "sdb_query_enabled": True},
    "v2": {"ch_query_enabled": False, "sdb_query_enabled": True},
}
V1_HEADERS = {"Deprecation": "true", "Sunset": "Sun, 31 Jan 2027 00:00:00 GMT"}


class Answer(Exception):
    """What is sent back; raised to leave a route early."""

    def __init__(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        super().__init__(status)


def detail(status: int, text: str) -> Answer:
    """A v1 error."""
    return Answer(status, {"detail": text})


def problem(status: int, title: str, text: str) -> Answer:
    """A v2 error (RFC 7807)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": text}
    return Answer(status, body, {"Content-Type": "application/problem+json"})


class Shared:
    """One request at a time, over a world; the groups of routes inherit it."""

    def __init__(self, world: World, faults: Faults, backend: str, base: str) -> None:
        self.world, self.faults, self.backend, self.base = world, faults, backend, base
        self.flags: dict[str, Any] = BACKENDS[backend]
        self.queries: dict[str, list[Record]] = {}
        self.rendered: dict[Any, bytes] = {}
        self.rendered_at = -1
        self.query: dict[str, list[str]] = {}
        self.body = b""
        self.headers: dict[str, str] = {}

    def _json(self) -> Any:
        try:
            return orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            raise detail(422, "not JSON") from None

    def _one(self, name: str, default: Any = None) -> Any:
        return self.query.get(name, [default])[0]

    def _true(self, name: str) -> bool:
        return str(self._one(name, "")).lower() in ("true", "1")

    def _limit(self, default: int = 100) -> int:
        limit = int(self._one("limit", default))
        if not 1 <= limit <= 100:
            raise detail(400, f"Limit exceeds maximum allowed value of 100. Got {limit}")
        return limit

    def _page(self, rows: list[Any]) -> list[Any]:
        offset = int(self._one("offset", 0))
        return rows[offset : offset + self._limit()]
