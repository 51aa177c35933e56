"""SQLite files: opened for reading only, beside whoever writes to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from evalkit.errors import DatasetError
from evalkit.fetchers.files.reading.paths import URL, SourceFile

MAGIC = b"SQLite format 3\0"
LOCKED_S = 5.0
"""How long a file that somebody writes to is waited for."""


def opened(file: SourceFile) -> sqlite3.Connection:
    """Open a database; raises `DatasetError` where it cannot be read."""
    if URL.match(file.url):
        raise DatasetError(f"{file.shown}: a database is read from a local path. Download it.")
    try:
        uri = f"{Path(file.url).absolute().as_uri()}?mode=ro"
        database = sqlite3.connect(uri, uri=True, timeout=LOCKED_S)
        database.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise DatasetError(
            f"{file.shown}: cannot be read as SQLite: {error}. Copy it together with its -wal "
            "file to a folder that can be written to."
        ) from None
    return database


def tables_of(file: SourceFile) -> list[str]:
    """Return the names of the tables; none where the file cannot be read."""
    try:
        with closing(opened(file)) as database:
            asked = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return [str(row[0]) for row in asked]
    except (sqlite3.Error, DatasetError):
        return []
