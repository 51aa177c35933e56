"""Two queries on the same generated rows, in SQLite: what the database itself answers."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DATABASES, ROWS = 24, 9
STEPS = 2_000_000
"""Instructions of SQLite's machine after which a query is given up."""
LARGEST = 1_000_000
"""Bytes that a value made by a query may have."""
ALLOWED = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)
Columns = dict[str, str]


class CannotRun(Exception):
    """SQLite cannot answer one of the queries."""


def read_schema(schema: str | Mapping[str, Any]) -> dict[str, Columns]:
    """Return tables with their columns and types, from a table of tables or CREATE TABLE text."""
    if isinstance(schema, Mapping):
        return {
            str(table): dict(columns)
            if isinstance(columns, Mapping)
            else dict.fromkeys(map(str, columns), "INTEGER")
            for table, columns in schema.items()
        }
    import sqlglot
    from sqlglot import exp

    tables: dict[str, Columns] = {}
    for statement in sqlglot.parse(schema):
        if isinstance(statement, exp.Create) and isinstance(statement.this, exp.Schema):
            columns = statement.this.find_all(exp.ColumnDef)
            tables[statement.this.this.name] = {c.name: _kind(c) for c in columns}
    if not tables:
        raise ValueError("the schema holds no CREATE TABLE")
    return tables


def _kind(column: Any) -> str:
    kind = str(column.args.get("kind") or "INTEGER")
    rules = " ".join(str(rule) for rule in column.args.get("constraints") or ())
    unique = "PRIMARY KEY" in rules.upper() or "UNIQUE" in rules.upper()
    return (
        f"{kind} {'UNIQUE' if unique else ''} {'NOT NULL' if 'NOT NULL' in rules.upper() else ''}"
    )


def same_rows(one: Any, other: Any, tables: Mapping[str, Columns]) -> bool:
    """Say whether two parsed queries give the same rows on every generated database.

    Without ORDER BY in either, rows are compared in any order. Raises `CannotRun` when SQLite
    cannot answer, `ValueError` when it is no query that only reads.
    """
    queries = [_as_query(tree) for tree in (one, other)]
    ordered = any(tree.args.get("order") for tree in (one, other))
    constants = _constants(one, other)
    for number in range(DATABASES):
        database = _database(tables, constants, random.Random(number))
        try:
            answers = [_answer(database, query, ordered) for query in queries]
        finally:
            database.close()
        if answers[0] != answers[1]:
            return False
    return True


def _as_query(tree: Any) -> str:
    from sqlglot import exp

    if not isinstance(tree, exp.Query) or tree.find(
        exp.Insert, exp.Update, exp.Delete, exp.Command
    ):
        raise ValueError("only queries that read are run")
    return str(tree.sql(dialect="sqlite"))


def _constants(*trees: Any) -> list[Any]:
    """Return the values queries compare with, and their neighbours: rows must hit both sides."""
    from sqlglot import exp

    found: dict[Any, None] = {}
    for tree in trees:
        for literal in tree.find_all(exp.Literal):
            if literal.is_string:
                found[literal.this.strip("%_") or "a"] = None
            else:
                number = float(literal.this)
                found.update(dict.fromkeys(int(number) + by for by in (-1, 0, 1)))
    return list(found)


def _database(
    tables: Mapping[str, Columns], constants: Sequence[Any], draw: random.Random
) -> sqlite3.Connection:
    """Return a database in memory with some rows in every table, that cannot be written to."""
    database = sqlite3.connect(":memory:")
    for table, columns in tables.items():
        names = ", ".join(f'"{name}" {kind.split()[0]}' for name, kind in columns.items())
        database.execute(f'CREATE TABLE "{table}" ({names})')
        marks = ", ".join("?" * len(columns))
        rows = [
            [_value(kind, constants, draw, row) for kind in columns.values()]
            for row in range(draw.choice((0, ROWS, ROWS)))
        ]
        database.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)
    database.commit()
    database.set_authorizer(lambda action, *_: 0 if action in ALLOWED else 1)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
    return database


def _value(kind: str, constants: Sequence[Any], draw: random.Random, row: int) -> Any:
    upper = kind.upper()
    texts = [c for c in constants if isinstance(c, str)]
    numbers = [c for c in constants if not isinstance(c, str)]
    is_text = any(word in upper for word in ("CHAR", "TEXT", "CLOB", "STRING", "DATE", "UUID"))
    if "UNIQUE" in upper:
        return f"k{row}" if is_text else row
    if "NOT NULL" not in upper and draw.random() < 0.15:
        return None
    if is_text:
        return draw.choice([*texts, *texts, "a", "b", "Ab"])
    return draw.choice([*numbers, *numbers, 0, 1, 2, 3])


def _answer(database: sqlite3.Connection, query: str, ordered: bool) -> list[Any]:
    left = [STEPS // 1000]

    def tick() -> int:
        left[0] -= 1
        return int(left[0] < 0)

    database.set_progress_handler(tick, 1000)
    try:
        rows = list(_rows(database.execute(query)))
    except (sqlite3.Error, OverflowError) as error:
        raise CannotRun(str(error)) from None
    return rows if ordered else sorted(rows, key=repr)


def _rows(cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(cursor):
        if number > 10_000:
            raise CannotRun("too many rows")
        yield tuple(round(v, 9) if isinstance(v, float) else v for v in row)
