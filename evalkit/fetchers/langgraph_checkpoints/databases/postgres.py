"""Reads the tables of LangGraph's PostgreSQL checkpointers, Python's and JavaScript's.

One read-only transaction, server-side cursors: checkpoints in the order of their ids, and beside
them the writes in the same order. Values of channels stand inline where JSON can hold them
(Python), else in a table of their own (see `blobs`). JavaScript's tables have no path of tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.errors import AuthenticationFailed, ConfigError, SourceUnavailable
from evalkit.fetchers.langgraph_checkpoints.databases.blobs import Blobs, Key
from evalkit.fetchers.langgraph_checkpoints.databases.rows import (
    CheckpointRow,
    Write,
    shown,
)
from evalkit.fetchers.langgraph_checkpoints.databases.split import Writes, complete
from evalkit.fetchers.langgraph_checkpoints.decoding.decode import decode

CONNECT_S = 10
AT_ONCE = 8
"""Checkpoints per round trip: each may hold a large text inline."""
COLUMNS = {
    "checkpoints": {"thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id"}
    | {"checkpoint", "metadata"},
    "checkpoint_blobs": {"thread_id", "checkpoint_ns", "channel", "version", "type", "blob"},
    "checkpoint_writes": {"thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"}
    | {"channel", "type", "blob"},
}


class PostgresDatabase:
    """A checkpointer's database, open in one read-only transaction."""

    def __init__(self, url: str, schema: str | None = None) -> None:
        self.name = shown(url)
        psycopg = _driver()
        if not _is_address(psycopg, url):
            raise ConfigError(
                "langgraph-checkpoints: `url` is no address of a database. Write it as "
                "postgresql://user:password@host:port/database, with : / @ of a password encoded."
            )
        try:
            self._db = psycopg.connect(url, connect_timeout=CONNECT_S)
            self._db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._db.read_only = True
            if schema:
                self._db.execute("SELECT set_config('search_path', %s, false)", (schema,))
            found = {table: self._columns(table) for table in COLUMNS}
        except psycopg.Error as error:
            raise self._failure(error) from None
        if any(not found[table] >= columns for table, columns in COLUMNS.items()):
            self._db.close()
            raise SourceUnavailable(
                f"{self.name}: holds no LangGraph checkpoints (tables {', '.join(COLUMNS)}). "
                "Check `url`, and `schema` if they are in another one than public."
            )
        self._error: type[Exception] = psycopg.Error
        self._path = "task_path" if "task_path" in found["checkpoint_writes"] else "''"

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
        writes = Writes(self._writes(thread_id))
        found = self._ask(
            "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint::text, "
            "metadata::text FROM checkpoints WHERE thread_id = %s "
            'ORDER BY checkpoint_id COLLATE "C", checkpoint_ns COLLATE "C"',
            thread_id,
        )
        for row in found:
            here = writes.of(row[1], row[0])
            yield complete(row, here, blobs, self.name, thread_id)

    def _sizes(self, thread_id: str) -> dict[Key, int]:
        rows = self._ask(
            "SELECT checkpoint_ns, channel, version, coalesce(octet_length(blob), 0) "
            "FROM checkpoint_blobs WHERE thread_id = %s AND type <> 'empty' "
            "ORDER BY checkpoint_ns, lpad(split_part(version, '.', 1), 40, '0'), channel",
            thread_id,
        )
        return {(namespace, channel, version): size for namespace, channel, version, size in rows}

    def _load(self, thread_id: str, keys: list[Key]) -> Iterator[tuple[Key, Any]]:
        rows = self._ask(
            "SELECT checkpoint_ns, channel, version, type, blob FROM checkpoint_blobs "
            "WHERE thread_id = %s AND (checkpoint_ns, channel, version) IN "
            "(SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))",
            thread_id,
            *(list(part) for part in zip(*keys, strict=True)),
        )
        for namespace, channel, version, kind, blob in rows:
            where = f"{self.name}: thread {thread_id}, channel {channel} at {version}"
            yield (namespace, channel, version), decode(kind, blob, where)

    def _writes(self, thread_id: str) -> Iterator[tuple[tuple[str, str], Write]]:
        rows = self._ask(
            f"SELECT checkpoint_ns, checkpoint_id, task_id, {self._path}, idx, channel, type, blob "
            'FROM checkpoint_writes WHERE thread_id = %s ORDER BY checkpoint_id COLLATE "C", '
            'checkpoint_ns COLLATE "C", task_id, idx',
            thread_id,
        )
        for namespace, name, task_id, path, idx, channel, kind, blob in rows:
            where = f"{self.name}: thread {thread_id}, checkpoint {name}, write {channel}"
            yield (name, namespace), Write(task_id, path, idx, channel, decode(kind, blob, where))

    def _columns(self, table: str) -> set[str]:
        rows = self._db.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0",
            (table,),
        )
        return {row[0] for row in rows}

    def _ask(self, sql: str, *values: Any) -> Iterator[Any]:
        at_once = AT_ONCE if "checkpoint::text" in sql else 100
        cursor = self._db.cursor(name=f"evalkit_{self._next()}")
        try:
            rows = self._some(cursor, sql, values, at_once)
            while rows:
                yield from rows
                rows = self._some(cursor, None, values, at_once)
        finally:
            if not self._db.closed:
                cursor.close()

    def _some(self, cursor: Any, sql: str | None, values: Any, at_once: int) -> list[Any]:
        try:
            if sql is not None:
                cursor.execute(sql, values)
            return list(cursor.fetchmany(at_once))
        except self._error as error:
            raise self._failure(error) from None

    def _next(self) -> int:
        self._cursors = getattr(self, "_cursors", 0) + 1
        return self._cursors

    def _failure(self, error: Exception) -> SourceUnavailable | AuthenticationFailed:
        said = " ".join(str(error).split())
        if "password authentication failed" in said or "no password supplied" in said:
            return AuthenticationFailed(
                f"{self.name}: the database refuses the user or the password. Correct `url`."
            )
        return SourceUnavailable(f"{self.name}: cannot be read ({said[:300]}).")


def _is_address(psycopg: Any, url: str) -> bool:
    """Whether the driver understands an address; its own message may repeat a piece of it."""
    try:
        found = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        return False
    return all(part.isdigit() for part in str(found.get("port") or "1").split(","))


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        raise ConfigError(
            "langgraph-checkpoints: the package psycopg is missing. "
            'Install it with: pip install "evalkit-harness[postgres]".'
        ) from None
    return psycopg
