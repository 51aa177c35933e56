"""Failure: what is kept of an evaluator that raised, hung or died."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, TracebackType

MESSAGE_LENGTH = 2_000
TRACEBACK_LENGTH = 8_000
DEEPEST = 20


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
        frames = _frames(error.__traceback__)
        if not frames:
            return None
        last = "".join(traceback.format_exception_only(error))
        return shorten(_shown(tuple(frames)) + last, TRACEBACK_LENGTH)
    except Exception:  # a traceback is a courtesy
        return None


def _frames(found: TracebackType | None) -> list[tuple[CodeType, int]]:
    """Return the places a traceback goes through, from the user's own code on."""
    frames: list[tuple[CodeType, int]] = []
    while found is not None:
        code = found.tb_frame.f_code
        if frames or "/evalkit/scoring/" not in code.co_filename:
            frames.append((code, found.tb_lineno))
        found = found.tb_next
    return frames[-DEEPEST:]


@lru_cache(maxsize=512)
def _shown(frames: tuple[tuple[CodeType, int], ...]) -> str:
    """Return the text of places; an evaluator that fails on every run fails at the same ones."""
    found = [traceback.FrameSummary(code.co_filename, line, code.co_name) for code, line in frames]
    return "".join(traceback.StackSummary.from_list(found).format())
