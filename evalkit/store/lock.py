"""Lock: one process at a time writes to an experiment; readers never wait."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.store.files import Files, LocalFiles

LOCK = ".lock"
HOLDER = ".lock-holder.json"
_held: dict[str, int] = {}


@contextmanager
def locked(files: Files, experiment: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the experiment for writing; if another process has it, wait, then raise `StoreError`.

    The lock is the operating system's, so it ends with its process however that ends. Behind an
    fsspec URL there is none: there, one process at a time is up to you.
    """
    if not isinstance(files, LocalFiles):
        yield
        return
    key = str(files.root.resolve())
    if _held.get(key):  # a writer inside a writer of the same process
        yield
        return
    lock = _acquire(files.root, experiment, wait)
    _held[key] = 1
    try:
        with suppress(OSError):
            (files.root / HOLDER).write_text(json.dumps(_me()))
        yield
    finally:
        with suppress(OSError):
            (files.root / HOLDER).unlink()
        _held.pop(key, None)
        lock.release()  # type: ignore[attr-defined]


def _acquire(root: Path, experiment: str, wait: float) -> object:
    from filelock import FileLock, Timeout

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / LOCK)
        lock.acquire(timeout=wait)
    except Timeout:
        raise StoreError(
            f"experiment {experiment!r}: {_holder(root)} is writing to it. "
            "Wait until it ends, then run the same command again."
        ) from None
    except OSError as error:
        raise StoreError(
            f"{root}: the store cannot be written ({error.strerror or error}). "
            "Make it writable or choose another store."
        ) from None
    return lock


def _me() -> dict[str, object]:
    return {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}


def _holder(root: Path) -> str:
    for _ in range(3):  # it may be writing its name just now
        with suppress(OSError, ValueError, KeyError):
            holder = json.loads((root / HOLDER).read_text())
            return f"another evalkit process (pid {holder['pid']}, since {holder['since']})"
        time.sleep(0.01)
    return "another evalkit process"
