"""Journal: a book that several processes write, one line an event, none of them ever rewritten.

`ledger.json` holds the book as it was up to a place in `ledger.log`; what stands after that place
came later. Replacing a file for every call would cost a hundred times as much. A process that is
killed leaves whole lines, or a last one that is cut and that nobody reads. A journal that has grown
long is begun anew under the next number, which its first line and `ledger.json` both carry.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, StoreError, written
from evalkit.evaluators.judge.money.book import Book, Event
from evalkit.evaluators.judge.money.locked import locked
from evalkit.model.kept.seal import refuse_broken, sealed

LONG = 1 << 20
"""Bytes after which the next command begins the journal anew."""
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
HEAD = 24


class Journal:
    """A book in a folder, or in memory without one; `open` gives it to one thread at a time."""

    def __init__(self, folder: Path | None) -> None:
        self._thread_lock = threading.Lock()
        self._book = Book()
        self._handle, self._read_to, self._number = -1, 0, -1
        self._file = self._whole = ""
        if folder is not None:
            with written(folder):
                folder.mkdir(parents=True, exist_ok=True)
            self._file, self._whole = str(folder / "ledger.log"), str(folder / "ledger.json")

    @contextmanager
    def open(self) -> Iterator[Book]:
        """Give the book as all processes wrote it; `note` what happens to it meanwhile."""
        with self._thread_lock:
            if not self._file:
                yield self._book
                return
            if self._handle < 0:
                with written(self._file):
                    self._handle, self._number = os.open(self._file, FLAGS, 0o600), -1
            with locked(self._handle, self._file):
                self._catch_up()
                yield self._book

    def note(self, *event: Any) -> None:
        """Let an event happen to the book that is open, for every process."""
        self._book.apply(list(event))
        if self._file:
            line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
            with written(self._file):
                self._read_to += os.write(self._handle, line)

    def save(self) -> None:
        """Write the open book down as a whole; a journal that has grown long begins anew."""
        if not self._file:
            return
        if self._read_to > LONG:
            self._write_down(self._number + 1, HEAD)
            self._begin(self._number + 1)
        else:
            self._write_down(self._number, self._read_to)

    def close(self) -> None:
        """Write the book down and let go of the file."""
        if self._handle < 0:
            return
        with suppress(OSError, EvalkitError), self.open():  # all of it stands in the journal
            self.save()
        with self._thread_lock:
            os.close(self._handle)
            self._handle = -1

    def _catch_up(self) -> None:
        """Read what other processes wrote since this one looked."""
        number = _number(self._from(0, HEAD))
        if number is None or number != self._number:
            self._load(number)
        more = self._from(self._read_to)
        if not more:
            return
        self._read_to += len(more)
        if not more.endswith(b"\n"):  # a process was killed while it wrote
            self._read_to += os.write(self._handle, b"\n")
        for line in more.split(b"\n"):
            if (event := _event(line)) is not None:
                self._book.apply(event)

    def _load(self, number: int | None) -> None:
        try:
            known = dict(json.loads(Path(self._whole).read_bytes()))
            refuse_broken(known)
            self._book = Book.of(known)
            wanted, at = int(known.get("number", number or 0)), int(known.get("at", HEAD))
        except FileNotFoundError:
            self._book, wanted, at = Book(), number or 0, HEAD
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(
                f"{self._whole}: is damaged ({error}). Delete the folder's ledger.json and "
                "ledger.log: the accounts of judges begin anew, their answers stay."
            ) from None
        if number == wanted:
            self._number, self._read_to = wanted, at
        else:  # the first to come, or one was killed before it had begun the journal anew
            self._begin(wanted)

    def _begin(self, number: int) -> None:
        os.ftruncate(self._handle, 0)
        head = json.dumps(["journal", number]).encode().ljust(HEAD - 1) + b"\n"
        with written(self._file):
            self._read_to, self._number = os.write(self._handle, head), number

    def _write_down(self, number: int, at: int) -> None:
        document = sealed({**self._book.document(), "number": number, "at": at})
        temporary = f"{self._whole}.tmp"
        with written(self._whole):
            with open(temporary, "w", encoding="utf-8") as stream:
                json.dump(document, stream)
            os.replace(temporary, self._whole)

    def _from(self, place: int, most: int = 1 << 30) -> bytes:
        os.lseek(self._handle, place, os.SEEK_SET)
        parts = []
        while most and (part := os.read(self._handle, min(most, 1 << 20))):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)


def _event(line: bytes) -> Event | None:
    """Return the event in a line; one that was cut is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, list) and found else None


def _number(head: bytes) -> int | None:
    event = _event(head)
    return event[1] if event is not None and event[0] == "journal" else None
