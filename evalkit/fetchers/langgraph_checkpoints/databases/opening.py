"""Opens the database that a path or an address names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from evalkit.errors import ConfigError, DatasetError
from evalkit.fetchers.langgraph_checkpoints.databases.rows import Database
from evalkit.fetchers.langgraph_checkpoints.databases.sqlite import SqliteDatabase

POSTGRES = ("postgresql://", "postgres://")
MYSQL = ("mysql://", "mariadb://")
PORT = re.compile(r":([^:\]]*)$")
PORTS = range(1, 1 << 16)
END = re.compile("[/?#]")


def reachable(url: str | None) -> str | None:
    """Refuse an address with a port that there cannot be, before anybody is asked."""
    behind = (url or "").partition("://")[2]
    # a password may hold any sign, and so may what is behind a question mark: `@` ends the one
    # or is in the other, and only what is wrong however it is read is refused
    ends = behind.rpartition("@")[2], END.split(behind, maxsplit=1)[0].rpartition("@")[2]
    if not any(map(_has_ports, ends)):
        raise ValueError("Input should be an address with a port from 1 to 65535")
    return url


def _has_ports(behind: str) -> bool:
    hosts = END.split(behind, maxsplit=1)[0].split(",")
    ports = [found[1] for host in hosts if (found := PORT.search(host)) and found[1]]
    return all(port.isascii() and port.isdigit() and int(port) in PORTS for port in ports)


def open_all(
    who: str, base: Path, paths: Sequence[str], url: str | None, schema: str | None
) -> Iterator[Database]:
    """Yield each database, open; paths are relative to `base`. Addresses may stand in either."""
    places = [*paths, *([url] if url else [])]
    if not places:
        raise ConfigError(f"{who}: neither `path` nor `url` is set. Name the database.")
    for place in places:
        yield _opened(who, base, _resolved(who, place), schema)


def _opened(who: str, base: Path, place: str, schema: str | None) -> Database:
    if place.startswith(POSTGRES):
        from evalkit.fetchers.langgraph_checkpoints.databases.postgres import PostgresDatabase

        return PostgresDatabase(place, schema)
    if place.startswith(MYSQL):
        from evalkit.fetchers.langgraph_checkpoints.databases.mysql import MySqlDatabase

        return MySqlDatabase(place)
    if "://" in place:
        kind = place.partition("://")[0]
        raise ConfigError(
            f"{who}: no reader for {kind}:// databases. There are: a SQLite file, "
            "postgresql://, mysql://."
        )
    path = base / place
    if not path.is_file():
        raise DatasetError(f"{who}: no file {place}. Correct `path`.")
    return SqliteDatabase(path)


def _resolved(who: str, place: str) -> str:
    if not place.startswith("$"):
        return place
    name = place[1:].strip("{}")
    found = os.environ.get(name)
    if not found:
        raise ConfigError(f"{who}: {name} is not set. Set it to the address of the database.")
    return found
