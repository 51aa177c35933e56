"""Locked: a file that one process at a time works on.

The system's own lock costs a microsecond, which counts where it is taken twice a call; where there
is none (Windows), `filelock` does it with a file beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(handle: int, file: str) -> Iterator[None]:
    """Hold the lock of an open file; the lock ends with the process, however it ends."""
    if fcntl is None:
        from filelock import FileLock

        with FileLock(f"{file}.lock"):
            yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
