"""Capture: what user code prints, bounded, and standard streams it cannot close for everybody."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LIMIT = 16_384


class Bounded(io.TextIOBase):
    """Takes text, keeps the beginning; cannot be closed."""

    encoding = "utf-8"

    def __init__(self, limit: int = LIMIT) -> None:
        self._kept: list[str] = []
        self._room = limit

    def write(self, text: str) -> int:
        """Keep what fits."""
        if self._room > 0 and text:
            self._kept.append(str(text)[: self._room])
            self._room -= len(self._kept[-1])
        return len(text)

    def writable(self) -> bool:
        """Say that text can be written."""
        return True

    def close(self) -> None:
        """Stay open."""

    def take(self) -> str:
        """Return what was kept."""
        return "".join(self._kept)


@contextmanager
def captured() -> Iterator[Bounded]:
    """Let `print` write into a bounded buffer; give this process its streams back at the end."""
    kept = Bounded()
    before = sys.stdout, sys.stderr
    saved = _duplicates()
    sys.stdout = sys.stderr = kept
    try:
        yield kept
    finally:
        sys.stdout, sys.stderr = before
        for number, copy in saved.items():
            with suppress(OSError):
                os.dup2(copy, number)
            os.close(copy)


def _duplicates() -> dict[int, int]:
    saved = {}
    for number in (1, 2):
        with suppress(OSError):
            saved[number] = os.dup(number)
    return saved
