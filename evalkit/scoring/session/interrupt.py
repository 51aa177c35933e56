"""Interrupt: the first Ctrl-C asks to stop after the batch in hand, the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from evalkit.scoring.calls.failure import StopScoring


class Asked:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.times = 0

    def __bool__(self) -> bool:
        return self.times > 0


@contextmanager
def interruptible(on_first: Callable[[], None], on_second: Callable[[], None]) -> Iterator[Asked]:
    """Handle SIGINT and SIGTERM while scoring; elsewhere than in the main thread, do nothing."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def handle(number: int, frame: FrameType | None) -> None:
        asked.times += 1
        if asked.times == 1:
            on_first()
        else:
            on_second()
            raise StopScoring

    signals = [signal.SIGINT, signal.SIGTERM]
    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
