"""Routes of run queries, v1 and v2, with the tricks that real servers play."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from .answers import V1_HEADERS, Answer, Shared, detail, problem
from .dsl import FilterError, parse
from .shape import V1_FIELDS, V2_FIELDS, feedback_stats, run_v1, run_v2, to_time
from .world import Record

ALWAYS = ("id", "name", "run_type", "trace_id", "dotted_order", "status", "session_id", "app_path")
"""What v1 sends of a run whatever was selected: the required fields of its schema."""


class QueryRoutes(Shared):
    """Runs by page, one by one, by trace and by example."""

    def query_v1(self) -> Answer:
        if self.backend == "v2":
            raise Answer(
                501, {"detail": "ClickHouse queries are disabled on this instance"}, V1_HEADERS
            )
        given = self._json()
        self._throttle(1, given.get("start_time"), given.get("end_time"))
        limit = given.get("limit") or 100
        if not 1 <= limit <= 100:
            raise detail(400, f"Limit exceeds maximum allowed value of 100. Got {limit}")
        select = given.get("select")
        if select and set(select) - V1_FIELDS:
            raise detail(422, f"unknown fields {sorted(set(select) - V1_FIELDS)}")
        rows, cursor = self._select(given, ("session", "id", "trace", "start_time", "end_time"))
        size = len(rows) if given.get("trace") else limit
        part, following = self._cut(rows, cursor, size, given)
        key = None if select is None else tuple(dict.fromkeys([*select, *ALWAYS]))
        runs = self._render(
            part,
            ("v1", key),
            lambda run: run_v1(run, self.world.usage(run, subtree=True), self._stats(run), key),
        )
        return Answer(
            200,
            b'{"runs":[%b],"cursors":%b,"search_cursors":null,"parsed_query":null}'
            % (b",".join(runs), orjson.dumps({"next": following, "prev": None})),
            V1_HEADERS,
        )

    def query_v2(self) -> Answer:
        if self.backend == "v1":
            raise problem(501, "Not Implemented", "SmithDB is not enabled")
        given = self._json()
        self._throttle(2, None, None)
        if bool(given.get("project_ids")) == bool(given.get("reference_dataset_id")):
            raise problem(400, "Bad Request", "exactly one of project_ids, reference_dataset_id")
        size = given.get("page_size") or 100
        if not 1 <= size <= 1000:
            raise problem(422, "Unprocessable", "page_size must be between 1 and 1000")
        if self.faults.slow_above is not None and size > self.faults.slow_above:
            raise problem(504, "Gateway Timeout", "query took too long")
        if "limit" in given or "order" in given:
            raise problem(422, "Unprocessable", "unknown field")
        selects = frozenset(given.get("selects") or ["ID"])
        if selects - V2_FIELDS:
            raise problem(422, "Unprocessable", f"unknown selects {sorted(selects - V2_FIELDS)}")
        subtree = bool(given.get("include_subtree_usage"))
        if subtree and self.faults.no_subtree_usage:
            raise problem(422, "Unprocessable", "unknown field include_subtree_usage")
        given.setdefault("min_start_time", (datetime.now(UTC) - timedelta(days=1)).isoformat())
        rows, cursor = self._select(
            {
                **given,
                "session": given.get("project_ids"),
                "id": given.get("ids"),
                "trace": given.get("trace_id"),
                "start_time": given["min_start_time"],
                "end_time": given.get("max_start_time"),
                "error": given.get("has_error"),
                "reference_example": given.get("reference_examples"),
            },
            ("project_ids", "ids", "trace_id", "max_start_time"),
        )
        part, following = self._cut(rows, cursor, size, given)
        runs = self._render(
            part, ("v2", selects, subtree), lambda run: self._v2(run, selects, subtree)
        )
        return Answer(
            200, b'{"items":[%b],"next_cursor":%b}' % (b",".join(runs), orjson.dumps(following))
        )

    def _v2(self, run: Record, selects: frozenset[str], subtree: bool) -> Record:
        usage = self.world.usage(run, subtree=subtree)
        usage = {**usage, "first_token_time": usage.get("_first")} if subtree else usage
        return run_v2(run, usage, self._stats(run), selects)

    def _stats(self, run: Record) -> Any:
        return feedback_stats(self.world.feedback_of(run["id"]))

    def _throttle(self, version: int, start: Any, end: Any) -> None:
        window = None
        if start is not None:
            until = to_time(end) if end else datetime.now(UTC)
            window = (until - to_time(start)).total_seconds()
        if self.faults.over_limit(version, window):
            raise Answer(429, {"detail": "Rate limit exceeded"})

    def _select(self, given: Record, _: Any) -> tuple[list[Record], int]:
        """Return the rows of a query, newest first, and where this page begins."""
        cursor = given.get("cursor")
        if cursor:
            token, _, offset = str(cursor).partition(":")
            if token not in self.queries:
                raise detail(400, "Invalid cursor")
            return self.queries[token], int(offset)
        rows = self._rows(given)
        if given.get("is_root"):
            self.faults.listings += 1
            if self.faults.hide_runs and self.faults.listings <= self.faults.show_after:
                rows = rows[self.faults.hide_runs :]
        else:
            self.faults.page = self.faults.rows = 0
        return rows, 0

    def _rows(self, given: Record) -> list[Record]:
        world = self.world
        if given.get("id"):
            rows = [world.runs[run_id] for run_id in given["id"] if run_id in world.runs]
        elif given.get("session"):
            rows = [
                run for session in given["session"] for run in world.by_session.get(session, ())
            ]
        elif given.get("trace"):
            rows = [run for run in world.runs.values() if run.get("trace_id") == given["trace"]]
        else:
            sessions = {
                s["id"]
                for s in world.sessions.values()
                if s["reference_dataset_id"] == given.get("reference_dataset_id")
            }
            rows = [run for run in world.runs.values() if run["session_id"] in sessions]
        rows = [run for run in rows if self._fits(run, given)]
        if given.get("filter"):
            try:
                test = parse(given["filter"])
            except FilterError as error:
                raise detail(400, f"Invalid filter: {error}") from None
            rows = [run for run in rows if test(run)]
        rows.sort(
            key=lambda run: (run["start_time"], run["id"]), reverse=given.get("order") != "asc"
        )
        return rows

    def _fits(self, run: Record, given: Record) -> bool:
        root = run["parent_run_id"] is None
        if given.get("is_root") is not None and root != given["is_root"]:
            return False
        if given.get("trace") and run["trace_id"] != given["trace"]:
            return False
        if given.get("start_time") and run["start_time"] < to_time(given["start_time"]):
            return False
        if given.get("end_time") and run["start_time"] > to_time(given["end_time"]):
            return False
        if given.get("run_type") and run["run_type"] != given["run_type"].lower():
            return False
        if given.get("error") is not None and bool(run.get("error")) != given["error"]:
            return False
        wanted = given.get("reference_example")
        return not wanted or run.get("reference_example_id") in wanted

    def _cut(
        self, rows: list[Record], start: int, size: int, given: Record
    ) -> tuple[list[Record], str | None]:
        bulk = not given.get("is_root") and not given.get("trace") and not given.get("trace_id")
        part, end = rows[start : start + size], start + size
        if bulk:
            self.faults.page += 1
            if self.faults.page in self.faults.lost_pages:
                part = []
            self.faults.rows += len(part)
            if self.faults.cut_after is not None and self.faults.page >= self.faults.cut_after:
                return part, None
            end -= self.faults.doubled_rows
        if end >= len(rows):
            return part, None
        token = str(given.get("cursor") or uuid.uuid4().hex).partition(":")[0]
        self.queries[token] = rows
        if len(self.queries) > 50:
            self.queries.pop(next(iter(self.queries)))
        return part, f"{token}:{end}"

    def _render(self, part: list[Record], key: Any, shape: Any) -> list[bytes]:
        """Rendering is kept, so that a benchmark does not measure it."""
        if self.rendered_at != self.world.revision:
            self.rendered.clear()
            self.rendered_at = self.world.revision
        found = []
        for run in part:
            text = self.rendered.get((key, run["id"]))
            if text is None:
                text = orjson.dumps(shape(run), option=orjson.OPT_NON_STR_KEYS)
                self.rendered[key, run["id"]] = text
            found.append(text)
        return found

    def run_v1(self, run_id: str) -> Answer:
        if self.backend == "v2":
            raise Answer(
                501, {"detail": "ClickHouse queries are disabled on this instance"}, V1_HEADERS
            )
        run = self._known_run(run_id)
        return Answer(
            200,
            run_v1(run, self.world.usage(run, subtree=True), self._stats(run), None),
            V1_HEADERS,
        )

    def run_v2(self, run_id: str) -> Answer:
        if not self._one("project_id"):
            raise problem(400, "Bad Request", "project_id is required")
        selects = frozenset(self.query.get("selects") or ["ID"])
        return Answer(200, self._v2(self._known_run(run_id), selects, False))

    def trace_v2(self, trace_id: str) -> Answer:
        if not self._one("project_id"):
            raise problem(400, "Bad Request", "project_id is required")
        selects = frozenset(self.query.get("selects") or ["ID"])
        rows = [run for run in self.world.runs.values() if run.get("trace_id") == trace_id]
        rows.sort(key=lambda run: run["start_time"])
        return Answer(200, {"items": [self._v2(run, selects, False) for run in rows]})

    def _known_run(self, run_id: str) -> Record:
        if run_id not in self.world.runs:
            raise detail(404, "Run not found")
        return self.world.runs[run_id]

    def experiment_runs_v2(self, dataset_id: str) -> Answer:
        given = self._json()
        selects = frozenset(given.get("selects") or ["ID"])
        size, start = given.get("page_size") or 20, int(given.get("cursor") or 0)
        if size > 100:
            raise problem(422, "Unprocessable", "page_size must be between 1 and 100")
        rows = [row for row in self.world.examples() if row.get("dataset_id") == dataset_id]
        items = []
        for row in rows[start : start + size]:
            runs = [
                self._v2(run, selects, True)
                for session in given["experiment_ids"]
                for run in self.world.roots(session)
                if run.get("reference_example_id") == row["id"]
            ]
            items.append({**row, "runs": runs})
        following = str(start + size) if start + size < len(rows) else None
        return Answer(200, {"items": items, "next_cursor": following})
