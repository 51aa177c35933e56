"""Decides whether a failed request is tried again, and after how long."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.transport import httpx

if TYPE_CHECKING:
    import tenacity

RETRIED_STATUS = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, seconds over all, seconds and bytes per body."""

    attempts: int = 6
    total: float = 120.0
    body: float = 300.0
    max_bytes: int = 1 << 30

    def after(self, seconds: float) -> Patience:
        """Return what is left of it when so much time has passed."""
        return replace(self, total=self.total - seconds)


class Retryable(SourceUnavailable):
    """One attempt failed in a way that another may not."""

    def __init__(
        self,
        what: str,
        *,
        wait: float | None = None,
        dropped: bool = False,
        status: int | None = None,
    ) -> None:
        self.what = what
        self.wait = wait
        self.dropped = dropped
        self.status = status
        super().__init__(what)


class StillFailing(SourceUnavailable):
    """All attempts failed; `status` is the last answer's code, None if there was no answer."""

    def __init__(self, message: str, *, status: int | None) -> None:
        self.status = status
        super().__init__(message)


class Trial:
    """The attempts at one request: what went wrong so far, and when to stop."""

    def __init__(self, patience: Patience, on_pause: Callable[[float, bool], None]) -> None:
        self._patience = patience
        self._on_pause = on_pause
        self.dropped = False
        self._end = ""

    def attempts(self, sleep: Callable[[float], object]) -> tenacity.Retrying:
        """Return the attempts, to loop over; the last failure leaves the loop as it is."""
        import tenacity  # most fetches never need it

        def nap(seconds: float) -> None:
            sleep(seconds)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Retryable),
            wait=self._wait,
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self._patience.attempts),
                tenacity.stop_before_delay(self._patience.total),
            ),
            before_sleep=self._announce,
            after=self._note,
            sleep=nap,
            reraise=True,
        )

    def summary(self) -> str:
        """Say how often it was tried, and what to do."""
        return f"({self._end}). Try again later."

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = _failure(state)
        if error.wait is not None:
            return error.wait
        # A random part on a doubling ceiling keeps threads from returning together.
        ceiling = min(10.0, 0.25 * 2.0**state.attempt_number)
        return random.uniform(ceiling / 2, ceiling)

    def _note(self, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        self.dropped = error.dropped
        times = "once" if state.attempt_number == 1 else f"{state.attempt_number} times"
        asked = f"; asked to wait {error.wait:.0f} s" if error.wait is not None else ""
        self._end = f"tried {times}{asked}"

    def _announce(self, state: tenacity.RetryCallState) -> None:
        self._on_pause(state.upcoming_sleep, _failure(state).wait is not None)


def _failure(state: tenacity.RetryCallState) -> Retryable:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Retryable)
    return error


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
