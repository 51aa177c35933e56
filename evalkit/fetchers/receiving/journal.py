"""Journal: what was received, a request a line, on the disk before anybody is told so."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Lock

import orjson
from filelock import FileLock, Timeout

from evalkit import __version__
from evalkit.errors import StoreError
from evalkit.fetchers.files.reading.paths import GROWING

NAME = re.compile(r"traces-(\d+)" + re.escape(GROWING))
LOCK = ".receive.lock"
FILE_BYTES = 64_000_000
"""A file that has grown past this is closed and the next one begun."""


class Journal:
    """JSON Lines in a folder; what `append` returned from survives a kill or a power cut.

    Threads that append at the same time share one sync of the disk. A line that a kill cut off was
    answered to nobody: it is taken away when the next journal opens, and readers leave it out.
    """

    def __init__(self, folder: Path, *, file_bytes: int = FILE_BYTES) -> None:
        self.folder, self._limit = folder, file_bytes
        self._write, self._sync = Lock(), Lock()
        self._written = self._synced = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / LOCK)
            self._lock.acquire(timeout=0)
            files = self._mended()
            self._number = max(files, default=0)
            self._file, self._size = self._opened()
        except Timeout:
            raise StoreError(
                f"{folder}: another `evalkit receive` writes there. Give this one a folder of its "
                "own with --to."
            ) from None
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot be written ({error.strerror or error}). Choose another --to."
            ) from None

    def append(self, line: bytes) -> None:
        """Add one line without its end; returns when it is on the disk, raises `OSError` if not."""
        with self._write:
            if self._size >= self._limit:
                self._turn()
            self._put(line + b"\n")
            self._written += 1
            mine = self._written
        with self._sync:
            if self._synced < mine:
                with self._write:  # a handle of its own: the file may be turned meanwhile
                    upto, handle = self._written, os.dup(self._file)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
                self._synced = max(self._synced, upto)

    def close(self) -> None:
        """End; what is appended after this raises `OSError`."""
        with self._sync, self._write:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1
        self._lock.release()

    def _put(self, data: bytes) -> None:
        """Write all of a line, or leave the file as it was."""
        if self._file < 0:
            raise OSError("the receiver is ending")
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def _turn(self) -> None:
        """Begin the next file; whoever still waits for the sync of the old one has it then."""
        os.fsync(self._file)
        self._synced = self._written
        old, self._number = self._file, self._number + 1
        self._file, self._size = self._opened()
        os.close(old)

    def _opened(self) -> tuple[int, int]:
        """Open the file in hand for appending; a new one appears with its first line in it."""
        self._number = max(self._number, 1)
        path = self.folder / f"traces-{self._number:04d}{GROWING}"
        if path.exists() and path.stat().st_size >= self._limit:
            self._number += 1
            return self._opened()
        if not path.exists():
            begun = path.with_name(f".{path.name}.new")
            begun.write_bytes(_first_line())
            begun.replace(path)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        os.fsync(handle)
        return handle, path.stat().st_size

    def _mended(self) -> list[int]:
        """Take away what a kill left half written; returns the numbers of the files there are."""
        found = {int(m[1]): p for p in self.folder.iterdir() if (m := NAME.fullmatch(p.name))}
        for path in found.values():
            whole = _whole_bytes(path)
            if whole < path.stat().st_size:
                os.truncate(path, whole)
        return list(found)


def _first_line() -> bytes:
    """Return a line of OTLP without spans that says who wrote the file."""
    return orjson.dumps({"resourceSpans": [], "receiver": f"evalkit {__version__}"}) + b"\n"


def _whole_bytes(path: Path, step: int = 1 << 16) -> int:
    """Return how many bytes of a file are whole lines, looked for from its end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - step)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
