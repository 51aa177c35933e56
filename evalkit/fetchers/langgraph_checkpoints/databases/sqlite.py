"""Reads the SQLite files of LangGraph's checkpointers: read-only, in one transaction.

Tables `checkpoints` and `writes`; files of Python savers before 2.0.7 and of the JavaScript saver
have no `task_path`, and a newer saver that goes on with such a file adds the column, empty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.langgraph_checkpoints.databases.rows import (
    CheckpointRow,
    Write,
    checked,
    json_object,
)
from evalkit.fetchers.langgraph_checkpoints.decoding.decode import decode

CHECKPOINTS = {"thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "type"}
WRITES = {"thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel", "type"}
LOCKED_S = 5.0
"""How long a file that somebody writes to is waited for."""


class SqliteDatabase:
    """A checkpointer's file, open for reading in one transaction."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCKED_S
            )
            self._db.execute("BEGIN")  # one state of the file, whatever is written meanwhile
            checkpoints = self._columns("checkpoints")
            writes = self._columns("writes")
        except sqlite3.Error as error:
            raise self._unreadable(error) from None
        self._path_column = "task_path" if "task_path" in writes else "''"
        if not (checkpoints >= CHECKPOINTS | {"checkpoint", "metadata"}) or not (
            writes >= WRITES | {"value"}
        ):
            self._db.close()
            raise SourceUnavailable(
                f"{self.name}: holds no LangGraph checkpoints (tables checkpoints and writes). "
                "Check `path`."
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def threads(self) -> list[str]:
        """Return the ids of all threads."""
        rows = self._ask("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id")
        return [str(row[0]) for row in rows]

    def rows(self, thread_id: str) -> Iterator[CheckpointRow]:
        """Yield a thread's checkpoints in the order of their ids."""
        found = self._ask(
            "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata "
            "FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_id",
            thread_id,
        )
        for namespace, name, parent, kind, blob, metadata in found:
            where = f"{self.name}: thread {thread_id}, checkpoint {name}"
            yield CheckpointRow(
                namespace,
                name,
                parent,
                checked(decode(kind, blob, where), where),
                json_object(metadata, f"{where}, metadata"),
                list(self._writes((thread_id, namespace, name), where)),
                len(blob or b""),
            )

    def _writes(self, key: tuple[str, str, str], where: str) -> Iterator[Write]:
        rows = self._ask(
            f"SELECT task_id, {self._path_column}, idx, channel, type, value FROM writes "
            "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY rowid",
            *key,
        )
        for task_id, path, idx, channel, kind, blob in rows:
            value = decode(kind, blob, f"{where}, write {channel}")
            yield Write(task_id, path or "", idx, channel, value)

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}

    def _ask(self, sql: str, *values: str) -> Iterator[Any]:
        try:
            cursor = self._db.execute(sql, values)
            row = cursor.fetchone()
        except sqlite3.Error as error:
            raise self._unreadable(error) from None
        while row is not None:
            yield row  # outside of the try: what the reader does is no fault of the file
            try:
                row = cursor.fetchone()
            except sqlite3.Error as error:
                raise self._unreadable(error) from None

    def _unreadable(self, error: sqlite3.Error) -> SourceUnavailable:
        hint = " Is another program writing to it? Try again." if "locked" in str(error) else ""
        return SourceUnavailable(f"{self.name}: cannot be read ({error}).{hint}")
