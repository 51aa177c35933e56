"""Reads the tables of LangGraph's checkpointer for MySQL and MariaDB (langgraph-checkpoint-mysql).

The tables are those of PostgreSQL, with JSON as text. One read-only transaction on one connection,
which holds one open query at a time: so checkpoints are read a few at a time, with their writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from evalkit.errors import AuthenticationFailed, ConfigError, SourceUnavailable
from evalkit.fetchers.langgraph_checkpoints.databases.blobs import Blobs, Key
from evalkit.fetchers.langgraph_checkpoints.databases.rows import (
    CheckpointRow,
    Write,
    shown,
)
from evalkit.fetchers.langgraph_checkpoints.databases.split import complete
from evalkit.fetchers.langgraph_checkpoints.decoding.decode import decode

CONNECT_S = 10
AT_ONCE = 8
"""Checkpoints per round trip: each may hold a large text inline."""
ACCESS_DENIED = (1044, 1045, 1698)
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


class MySqlDatabase:
    """A checkpointer's database, open in one read-only transaction."""

    def __init__(self, url: str) -> None:
        self.name = shown(url)
        driver = _driver()
        self._error: type[Exception] = driver.MySQLError
        self._db = self._connect(driver, url)
        found = {row[0] for row in self._ask("SHOW TABLES")}
        if not found >= set(TABLES):
            self._db.close()
            raise SourceUnavailable(
                f"{self.name}: holds no LangGraph checkpoints (tables {', '.join(TABLES)}). "
                "Check `url`."
            )
        self._ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._ask("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def close(self) -> None:
        """End the transaction and the connection."""
        self._db.close()

    def threads(self) -> list[str]:
        """Return the ids of all threads."""
        rows = self._ask("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id")
        return [row[0] for row in rows]

    def rows(self, thread_id: str) -> Iterator[CheckpointRow]:
        """Yield a thread's checkpoints in the order of their ids."""
        blobs = Blobs(self._sizes(thread_id), lambda keys: self._load(thread_id, keys))
        last = ("", "")
        while page := self._page(thread_id, last):
            writes = self._writes(thread_id, [row[1] for row in page])
            for row in page:
                yield complete(row, writes[row[0], row[1]], blobs, self.name, thread_id)
            last = (page[-1][1], page[-1][0])

    def _page(self, thread_id: str, after: tuple[str, str]) -> list[Any]:
        return self._ask(
            "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata "
            "FROM checkpoints WHERE thread_id = %s AND (checkpoint_id, checkpoint_ns) > (%s, %s) "
            f"ORDER BY checkpoint_id, checkpoint_ns LIMIT {AT_ONCE}",
            thread_id,
            *after,
        )

    def _writes(self, thread_id: str, names: list[str]) -> dict[tuple[str, str], list[Write]]:
        rows = self._ask(
            "SELECT checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, `blob` "
            "FROM checkpoint_writes WHERE thread_id = %s AND checkpoint_id IN %s "
            "ORDER BY checkpoint_id, task_id, idx",
            thread_id,
            names,
        )
        found: dict[tuple[str, str], list[Write]] = defaultdict(list)
        for namespace, name, task_id, path, idx, channel, kind, blob in rows:
            where = f"{self.name}: thread {thread_id}, checkpoint {name}, write {channel}"
            value = decode(kind, blob, where)
            found[namespace, name].append(Write(task_id, path, idx, channel, value))
        return found

    def _sizes(self, thread_id: str) -> dict[Key, int]:
        rows = self._ask(
            "SELECT checkpoint_ns, channel, version, coalesce(length(`blob`), 0) "
            "FROM checkpoint_blobs WHERE thread_id = %s AND type <> 'empty' "
            "ORDER BY checkpoint_ns, version, channel",
            thread_id,
        )
        return {(namespace, channel, version): size for namespace, channel, version, size in rows}

    def _load(self, thread_id: str, keys: list[Key]) -> Iterator[tuple[Key, Any]]:
        rows = self._ask(
            "SELECT checkpoint_ns, channel, version, type, `blob` FROM checkpoint_blobs "
            "WHERE thread_id = %s AND (checkpoint_ns, channel, version) IN %s",
            thread_id,
            keys,
        )
        for namespace, channel, version, kind, blob in rows:
            where = f"{self.name}: thread {thread_id}, channel {channel} at {version}"
            yield (namespace, channel, version), decode(kind, blob, where)

    def _ask(self, sql: str, *values: Any) -> list[Any]:
        try:
            with self._db.cursor() as cursor:
                cursor.execute(sql, values or None)
                return list(cursor.fetchall())
        except self._error as error:
            raise self._failure(error) from None

    def _connect(self, driver: Any, url: str) -> Any:
        parts = urlsplit(url)
        try:
            port = parts.port or 3306
        except ValueError:
            port = 0
        if not port or not parts.path.strip("/"):
            raise ConfigError(
                "langgraph-checkpoints: `url` is no address of a database. Write it as "
                "mysql://user:password@host:port/database, with : / @ of a password encoded."
            )
        try:
            return driver.connect(
                host=parts.hostname,
                port=port,
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                database=unquote(parts.path.strip("/")),
                charset="utf8mb4",
                connect_timeout=CONNECT_S,
            )
        except self._error as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> SourceUnavailable | AuthenticationFailed:
        if error.args and error.args[0] in ACCESS_DENIED:
            return AuthenticationFailed(
                f"{self.name}: the database refuses the user or the password. Correct `url`."
            )
        said = " ".join(str(part) for part in error.args[1:]) or type(error).__name__
        return SourceUnavailable(f"{self.name}: cannot be read ({' '.join(said.split())[:300]}).")


def _driver() -> Any:
    try:
        import pymysql
    except ImportError:
        raise ConfigError(
            "langgraph-checkpoints: the package pymysql is missing. "
            'Install it with: pip install "evalkit-harness[mysql]".'
        ) from None
    return pymysql
