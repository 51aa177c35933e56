"""Decides whether a failed request is tried again, and after how long."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.transport import httpx

RETRIED_STATUS = frozenset({408, 425, 429})
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""What ends an attempt before the server can have seen it."""


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, seconds over all, seconds and bytes per body.

    Where nobody answers at all it is tried `unanswered` times at most, if that is fewer.
    """

    attempts: int = 6
    unanswered: int | None = None
    total: float = 120.0
    body: float = 300.0
    max_bytes: int = 1 << 30


class Retryable(SourceUnavailable):
    """One attempt failed in a way that another may not.

    `unsent`: the server cannot have seen it; else it may have done what was asked, and lost only
    its answer.
    """

    def __init__(
        self,
        what: str,
        *,
        wait: float | None = None,
        dropped: bool = False,
        unsent: bool = False,
        status: int | None = None,
    ) -> None:
        self.what = what
        self.wait = wait
        self.dropped = dropped
        self.unsent = unsent
        self.status = status
        super().__init__(what)


class StillFailing(SourceUnavailable):
    """All attempts failed; `status` is the last answer's code, None if there was no answer."""

    def __init__(self, message: str, *, status: int | None) -> None:
        self.status = status
        super().__init__(message)


class Trial:
    """The attempts at one request: what went wrong so far, how long to wait, and when to stop."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._began = time.monotonic()
        self._failed = 0
        self.dropped = False
        """Whether the last attempt lost its connection, so that the next one opens another."""

    def pause(self, error: Retryable) -> float | None:
        """Return the seconds to wait before the next attempt; None when there is to be none."""
        self._failed += 1
        self.dropped = error.dropped
        seconds = self._drawn() if error.wait is None else error.wait
        late = time.monotonic() - self._began + seconds >= self._patience.total
        most = self._patience.attempts
        if error.status is None:
            most = min(most, self._patience.unanswered or most)
        return None if late or self._failed >= most else seconds

    def summary(self, error: Retryable) -> str:
        """Say how often it was tried, and what to do."""
        times = "once" if self._failed == 1 else f"{self._failed} times"
        asked = f"; asked to wait {error.wait:.0f} s" if error.wait is not None else ""
        return f"(tried {times}{asked}). Try again later."

    def _drawn(self) -> float:
        # A random part on a doubling ceiling keeps threads from returning together.
        ceiling = min(10.0, 0.25 * 2.0**self._failed)
        return random.uniform(ceiling / 2, ceiling)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a `Retry-After` header asks for: a number or a date (RFC 9110 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return seconds if 0 <= seconds < float("inf") else (0.0 if seconds < 0 else None)


def transport_defect(error: Exception) -> str:
    """Say in words what happened to the connection; the exception's text may be empty."""
    kinds: list[tuple[type[Exception], str]] = [
        (httpx.ConnectTimeout, "the server did not answer in time"),
        (httpx.ConnectError, "cannot connect"),
        (httpx.TimeoutException, "the server stopped answering (timeout)"),
        (httpx.DecodingError, "the body is not what its encoding says"),
        (httpx.UnsupportedProtocol, "the address must begin with http:// or https://"),
    ]
    said = next((text for kind, text in kinds if isinstance(error, kind)), "the connection dropped")
    return f"{said} ({error})" if str(error) else said
