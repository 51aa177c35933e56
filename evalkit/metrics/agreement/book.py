"""Book: one person's labels of one score, in a file that only grows; each is on disk when told."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

import orjson

from evalkit.errors import StoreError
from evalkit.model.kept.alone import alone

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person said of a run, as it stands."""

    run_id: str
    label: str
    note: str = ""
    final: bool = False


def book_path(folder: Path, metric: str, rater: str) -> Path:
    """Return where the labels of one person and score are: `METRIC.RATER.jsonl`."""
    return folder / f"{quote(metric, safe='')}.{quote(rater.lower(), safe='')}.jsonl"


class Book:
    """Labels of one rater: appended, synced, and replayed from the file each time."""

    def __init__(self, path: Path, metric: str, rater: str) -> None:
        self.path, self.metric, self.rater = path, metric, rater
        self._lock = Lock()

    def lines(self) -> list[dict[str, Any]]:
        """Return all lines; what a crash tore at the end was never confirmed and is left out."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        found: list[dict[str, Any]] = []
        for number, line in enumerate(raw.splitlines(), 1):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                if number == raw.count(b"\n") + 1:
                    break
                message = f"{self.path}:{number}: is no JSON. Mend or remove the line."
                raise StoreError(message) from None
            if isinstance(row, dict):
                found.append(row)
        return found

    def entries(self) -> dict[str, Entry]:
        """Return what stands: of each run the last first-hand label that was not taken back."""
        return _replayed(self.lines())

    def finals(self) -> dict[str, Entry]:
        """Return the final labels, by run."""
        rows = [row for row in self.lines() if row.get("final") is True]
        return {str(row["run_id"]): _entry(row) for row in rows if "label" in row}

    def give(self, run_id: str, label: str, note: str, more: Mapping[str, Any]) -> None:
        """Write a label; it is on disk when this returns. A full disk raises `StoreError`."""
        line = {"run_id": run_id, "metric": self.metric, "rater": self.rater, "label": label}
        self._append({**line, "note": note, **more} if note else {**line, **more})

    def take_back(self) -> str | None:
        """Undo the last label that still stands, and return its run; None: there is none."""
        steps = _steps(self.lines())
        if not steps:
            return None
        run_id = str(steps[-1]["run_id"])
        before = [row for row in steps[:-1] if row["run_id"] == run_id]
        line: dict[str, Any] = {"run_id": run_id, "metric": self.metric, "rater": self.rater}
        if before:  # the label before it counts again
            kept = {k: v for k, v in before[-1].items() if k not in ("undo", "at")}
            self._append({**kept, "undo": True})
        else:
            self._append({**line, "undone": True, "undo": True})
        return run_id

    def undoable(self) -> int:
        """Return how many labels can still be taken back."""
        return len(_steps(self.lines()))

    def _append(self, row: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = orjson.dumps({**row, "at": at}) + b"\n"
        with self._lock:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with alone(self.path):  # a second `label` may serve the same person
                    self._write(line)
            except OSError as error:
                reason = error.strerror or str(error)
                message = f"{self.path}: the label cannot be written: {reason}. Make room."
                raise StoreError(message) from None

    def _write(self, line: bytes) -> None:
        new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = _drop_torn(handle)
            if os.write(handle, line) != len(line):
                os.ftruncate(handle, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync_folder(self.path.parent)


def _drop_torn(handle: int) -> int:
    """Cut off what a crash left without its end; return the size of the file."""
    size = os.fstat(handle).st_size
    os.lseek(handle, max(0, size - 1), os.SEEK_SET)
    if size and os.read(handle, 1) != b"\n":
        os.lseek(handle, 0, os.SEEK_SET)
        size = os.read(handle, size).rfind(b"\n") + 1
        os.ftruncate(handle, size)
    return size


def _sync_folder(folder: Path) -> None:
    """Make the file's name last, too."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # not on Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _steps(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first-hand labels that stand, oldest first, without those taken back."""
    steps: list[dict[str, Any]] = []
    for row in lines:
        if row.get("final") is True or "run_id" not in row:
            continue
        if row.get("undo") is True:
            if steps:
                steps.pop()
        elif "label" in row:
            steps.append(row)
    return steps


def _replayed(lines: list[dict[str, Any]]) -> dict[str, Entry]:
    return {str(row["run_id"]): _entry(row) for row in _steps(lines)}


def _entry(row: Mapping[str, Any]) -> Entry:
    note = row.get("note")
    return Entry(
        str(row["run_id"]),
        str(row["label"]),
        note if isinstance(note, str) else "",
        row.get("final") is True,
    )
