"""Alone: one call at a time reads a file, changes it and puts it back; no change is lost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from evalkit.errors import StoreError

WAIT_S = 2.0
"""A change takes milliseconds; a writer that is stopped is not waited for."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other calls from changing `path`: the lock is its folder's, and ends with the process.

    Raises `StoreError` where another call keeps it. A file system without locks has none.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        with _beside(path):
            yield
        return
    try:
        handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # writing will say what is wrong with the folder
        yield
        return
    try:
        give_up = time.monotonic() + WAIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    raise _busy(path) from None
                time.sleep(0.01)
                continue
            except OSError:  # a file system that knows none
                pass
            break
        yield
    finally:
        os.close(handle)


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    try:
        with FileLock(f"{path}.lock", timeout=WAIT_S):
            yield
    except Timeout:
        raise _busy(path) from None


def _busy(path: Path) -> StoreError:
    return StoreError(
        f"{path}: another call is writing it. Wait until it ends, then run the same command again."
    )
