"""Failure: what is kept of an evaluator that raised, hung or died."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from types import TracebackType

MESSAGE_LENGTH = 2_000
TRACEBACK_LENGTH = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a cell holds no score."""

    error_type: str
    message: str
    traceback: str | None = None
    timed_out: bool = False


class StopScoring(BaseException):
    """Raised inside a call when scoring has to end now; never taken for the evaluator's own."""


def failure_of(error: BaseException) -> Failure:
    """Describe what user code raised; the traceback begins at the user's own frame."""
    return Failure(
        error_type=type(error).__name__,
        message=shorten(_text(error), MESSAGE_LENGTH),
        traceback=_traceback(error),
    )


def overran(timeout: float | None) -> Failure:
    """Describe a call that took longer than it may."""
    return Failure(
        error_type="TimeoutError",
        message=f"did not return within {timeout:g} s" if timeout else "did not return in time",
        timed_out=True,
    )


def shorten(text: str, length: int) -> str:
    """Return the text, its middle left out when it is longer than `length`."""
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]} ... ({len(text) - length} characters) ... {text[-half:]}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # even __str__ is user code
        return f"(a {type(error).__name__} that cannot be shown)"


def _traceback(error: BaseException) -> str | None:
    try:
        frames = traceback.extract_tb(_users(error.__traceback__), limit=-20)
        lines = [*frames.format(), *traceback.format_exception_only(error)]
        return shorten("".join(lines), TRACEBACK_LENGTH) if frames else None
    except Exception:  # a traceback is a courtesy
        return None


def _users(found: TracebackType | None) -> TracebackType | None:
    while found is not None and "/evalkit/scoring/" in found.tb_frame.f_code.co_filename:
        found = found.tb_next
    return found
