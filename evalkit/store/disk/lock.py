"""Lock: one process at a time writes to an experiment; readers never wait."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.store.disk.files import GUARDS, Files, LocalFiles, RemoteFiles, refusals

LOCK = ".lock"
HOLDER = ".lock-holder.json"
_held: dict[str, int | None] = {}
"""Folders this process holds, with the open file that holds each."""


@contextmanager
def locked(files: Files, experiment: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the experiment for writing; if another process has it, wait, then raise `StoreError`.

    On a disk the lock is the operating system's, so it ends with its process however that ends;
    behind an fsspec URL it is an object, see `object_lock`. Where a store cannot create an object
    only if there is none, one process at a time is up to you.
    """
    if isinstance(files, RemoteFiles):
        with _locked_behind(files, experiment, wait):
            yield
        return
    assert isinstance(files, LocalFiles)
    key = str(files.root)
    if key in _held:  # a writer inside a writer of the same process
        yield
        return
    release = _acquire(files.root, experiment, wait)
    try:
        with suppress(OSError):
            (files.root / HOLDER).write_text(json.dumps(_me()))
        yield
    finally:
        with suppress(OSError):
            (files.root / HOLDER).unlink()
        release()


@contextmanager
def _locked_behind(files: RemoteFiles, experiment: str, wait: float) -> Iterator[None]:
    """Hold the experiment behind a URL, where its store can keep two writers apart."""
    from evalkit.store.disk.object_lock import CannotCreate, take

    if files.root in GUARDS:  # a writer inside a writer of the same process
        yield
        return
    try:
        with refusals(files.url):
            lock = take(files, experiment, wait)
    except CannotCreate:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _acquire(root: Path, experiment: str, wait: float) -> Callable[[], None]:
    """Take the lock and return what gives it back."""
    give_up = time.monotonic() + wait
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            release = _try(root)
            if release is not None:
                return release
            if time.monotonic() >= give_up:
                break
            time.sleep(0.05)
    except OSError as error:
        raise StoreError(
            f"{root}: the store cannot be written ({error.strerror or error}). "
            "Make it writable or choose another store."
        ) from None
    raise StoreError(
        f"experiment {experiment!r}: {_holder(root)} is writing to it. "
        "Wait until it ends, then run the same command again."
    )


def _try(root: Path) -> Callable[[], None] | None:
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_library(root)
    handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    _held[str(root)] = handle

    def release() -> None:
        _held.pop(str(root), None)
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)

    return release


def _try_library(root: Path) -> Callable[[], None] | None:
    from filelock import FileLock, Timeout

    lock = FileLock(root / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    _held[str(root)] = None

    def release() -> None:
        _held.pop(str(root), None)
        lock.release()

    return release


def _let_go() -> None:
    """In a forked child: the lock is the parent's; a copy of it must not outlive the parent."""
    for handle in _held.values():
        if handle is not None:
            os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def _me() -> dict[str, object]:
    return {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}


def _holder(root: Path) -> str:
    for _ in range(3):  # it may be writing its name just now
        with suppress(OSError, ValueError, KeyError):
            holder = json.loads((root / HOLDER).read_text())
            return f"another evalkit process (pid {holder['pid']}, since {holder['since']})"
        time.sleep(0.01)
    return "another evalkit process"
