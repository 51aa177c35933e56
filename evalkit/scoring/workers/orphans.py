"""Orphans: processes that user code detached from its worker come to this one, and are ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evalkit.scoring.workers.process import may_fork

PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


@contextmanager
def adopting() -> Iterator[None]:
    """On Linux, end what workers leave behind outside their process group.

    While other threads run, a new child may be theirs: then nothing is adopted.
    """
    if sys.platform != "linux" or not may_fork():
        yield
        return
    before, was = _children(), _adopts()
    _adopt(yes=True)
    try:
        yield
    finally:
        while found := _children() - before:  # each may leave others behind
            for pid in found:
                _end(pid)
            before |= found
        _adopt(yes=was)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _children() -> set[int]:
    found: set[int] = set()
    with suppress(OSError):
        for thread in Path("/proc/self/task").iterdir():
            found |= set(map(int, (thread / "children").read_text().split()))
    return found


def _adopts() -> bool:
    flag = ctypes.c_int()
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(flag), 0, 0, 0)
    return bool(flag.value)


def _adopt(*, yes: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)
