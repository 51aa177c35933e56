"""Reads the SQLite file of a tracking server: read-only, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from evalkit.errors import ExperimentNotFound, SourceUnavailable
from evalkit.fetchers.mlflow.local import Local, fits, spans_in
from evalkit.fetchers.mlflow.store import Chosen, Row, names

LOCKED_S = 5.0
"""How long a file that somebody writes to is waited for."""
LOCATION = "mlflow.artifactLocation"
NEEDED = {"experiments", "trace_info", "trace_tags", "trace_request_metadata"}


class SqliteStore(Local):
    """A tracking server's database; `artifacts` is where traces lie that are not in it."""

    def __init__(self, path: Path, artifacts: Path) -> None:
        self.shown = f"mlflow {path.name}"
        self._artifacts = artifacts
        try:
            address = f"{path.absolute().as_uri()}?mode=ro"
            self._db = sqlite3.connect(address, uri=True, timeout=LOCKED_S)
            self._db.row_factory = sqlite3.Row
            self._db.execute("BEGIN")  # one state of the file, whatever is written meanwhile
            found = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self._tables = {str(row[0]) for row in found}
        except sqlite3.Error as error:
            raise SourceUnavailable(f"{self.shown}: cannot be read ({error}).") from None
        if not self._tables >= NEEDED:
            self._db.close()
            raise SourceUnavailable(
                f"{self.shown}: holds no traces of MLflow (table trace_info). Check `url`."
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def experiment(self, named: str) -> Row:
        """Return an experiment by name, else by id."""
        rows = self._ask("SELECT experiment_id, name FROM experiments WHERE name = ?", named)
        rows = rows or self._ask(
            "SELECT experiment_id, name FROM experiments WHERE CAST(experiment_id AS TEXT) = ?",
            named,
        )
        if not rows:
            there = self._ask("SELECT name FROM experiments ORDER BY experiment_id")
            raise ExperimentNotFound(
                f"{self.shown}: there is no experiment {named!r}. {names(there, 'experiments')}"
            )
        return rows[0]

    def evaluation_run(self, experiment_id: str, named: str) -> str:
        """Return the id of an evaluation run by id, else by name."""
        rows = self._ask(
            "SELECT run_uuid FROM runs WHERE experiment_id = ? AND (run_uuid = ? OR name = ?) "
            "ORDER BY run_uuid = ? DESC, start_time DESC",
            *(experiment_id, named, named, named),
        )
        if not rows:
            raise ExperimentNotFound(
                f"{self.shown}: the experiment has no evaluation run {named!r}. Check `run`."
            )
        return str(rows[0]["run_uuid"])

    def count(self, experiment_id: str, chosen: Chosen) -> int | None:
        """The list is read in the same transaction: it is its own count."""
        return sum(1 for _ in self.infos(experiment_id, chosen))

    def infos(self, experiment_id: str, chosen: Chosen) -> Iterator[Row]:
        """Yield the infos, the oldest first."""
        rows = self._ask(
            "SELECT request_id, timestamp_ms, execution_time_ms, status FROM trace_info "
            "WHERE experiment_id = ? ORDER BY timestamp_ms, request_id",
            experiment_id,
        )
        for row in rows:
            info = self._info(row)
            if fits(info, chosen, self.shown):
                yield info

    def spans(self, infos: Sequence[Row]) -> dict[str, list[Any]]:
        """Return the spans by trace, from the table or from the artifacts."""
        found = {}
        for info in infos:
            trace_id = str(info["trace_id"])
            rows: list[Row] = []
            if "spans" in self._tables:
                rows = self._ask(
                    "SELECT content FROM spans WHERE trace_id = ? ORDER BY start_time_unix_nano",
                    trace_id,
                )
            spans = [orjson.loads(row["content"]) for row in rows] or self._artifact(info)
            if spans is not None:
                found[trace_id] = spans
        return found

    def _artifact(self, info: Row) -> list[Any] | None:
        stated = str((info.get("tags") or {}).get(LOCATION) or "")
        scheme, colon, path = stated.partition(":")
        if not colon or scheme in ("mlflow-artifacts", "file"):
            at = self._artifacts / path.lstrip("/") if scheme != "file" else Path(path)
            for folder in (at, self._artifacts / "mlartifacts" / path.lstrip("/")):
                if (spans := spans_in(folder)) is not None:
                    return spans
        return None

    def _info(self, row: Row) -> Row:
        trace_id = row["request_id"]
        pairs = "SELECT key, value FROM {} WHERE request_id = ?"
        at = datetime.fromtimestamp(row["timestamp_ms"] / 1000, UTC)
        took = row["execution_time_ms"]
        return {
            "trace_id": trace_id,
            "request_time": at.isoformat(),
            "execution_duration": None if took is None else f"{took / 1000}s",
            "state": row["status"],
            "tags": self._pairs(pairs.format("trace_tags"), trace_id),
            "trace_metadata": self._pairs(pairs.format("trace_request_metadata"), trace_id),
            "assessments": self._assessments(trace_id),
        }

    def _pairs(self, sql: str, trace_id: str) -> dict[str, str]:
        return {row["key"]: row["value"] for row in self._ask(sql, trace_id)}

    def _assessments(self, trace_id: str) -> list[Row]:
        if "assessments" not in self._tables:
            return []
        rows = self._ask(
            "SELECT * FROM assessments WHERE trace_id = ? AND valid ORDER BY created_timestamp",
            trace_id,
        )
        return [_assessment(row) for row in rows]

    def _ask(self, sql: str, *values: Any) -> list[Row]:
        try:
            return [dict(row) for row in self._db.execute(sql, values)]
        except sqlite3.Error as error:
            hint = " Is another program writing to it? Try again." if "lock" in str(error) else ""
            raise SourceUnavailable(f"{self.shown}: cannot be read ({error}).{hint}") from None


def _assessment(row: Row) -> Row:
    """Return a row in the form of the REST API."""
    value = _json(row["value"])
    error = _json(row["error"])
    kind = "expectation" if row["assessment_type"] == "expectation" else "feedback"
    said = {"value": value} | ({"error": error} if error else {})
    created = datetime.fromtimestamp(row["created_timestamp"] / 1000, UTC)
    return {
        "assessment_id": row["assessment_id"],
        "assessment_name": row["name"],
        "create_time": created.isoformat(),
        "source": {"source_type": row["source_type"], "source_id": row["source_id"]},
        "span_id": row["span_id"],
        "rationale": row["rationale"],
        "metadata": _json(row["assessment_metadata"]) or {},
        kind: said,
    }


def _json(text: str | None) -> Any:
    try:
        return None if text is None else orjson.loads(text)
    except ValueError:
        return text
