"""The routes of section 2 of LangSmith's API that evalkit and the SDK's evaluation call."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from .dsl import FilterError, parse
from .faults import Faults
from .shape import V1_FIELDS, V2_FIELDS, feedback_stats, run_v1, run_v2, to_time, zoned
from .world import TENANT, Record, World

BACKENDS = {
    "v1": {},
    "dual": {"ch_query_enabled": True, "sdb_query_enabled": True},
    "v2": {"ch_query_enabled": False, "sdb_query_enabled": True},
}
V1_HEADERS = {"Deprecation": "true", "Sunset": "Sun, 31 Jan 2027 00:00:00 GMT"}


class Answer(Exception):
    """What is sent back; raised to leave a route early."""

    def __init__(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        super().__init__(status)


def detail(status: int, text: str) -> Answer:
    """A v1 error."""
    return Answer(status, {"detail": text})


def problem(status: int, title: str, text: str) -> Answer:
    """A v2 error (RFC 7807)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": text}
    return Answer(status, body, {"Content-Type": "application/problem+json"})


class Routes:
    """One backend over a world."""

    def __init__(self, world: World, faults: Faults, backend: str, base: str) -> None:
        self.world, self.faults, self.backend, self.base = world, faults, backend, base
        self.flags: dict[str, Any] = BACKENDS[backend]
        self.queries: dict[str, list[Record]] = {}
        self.rendered: dict[Any, bytes] = {}
        self.rendered_at = -1

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, list[str]],
        body: bytes,
        headers: dict[str, str],
    ) -> Answer:
        """Route one request."""
        version = 1
        for prefix in ("/api/v2", "/v2"):
            if path.startswith(prefix + "/"):
                path, version = path.removeprefix(prefix), 2
        if version == 1:
            path = path.removeprefix("/api/v1").removeprefix("/api")
        self.faults.calls[f"{method} v{version} {re.sub(r'[0-9a-f-]{36}', '{id}', path)}"] += 1
        self._admit(path, headers)
        plan = self.faults.failure(method, f"/v{version}{path}")
        if plan:
            raise Answer(
                plan["status"], plan.get("body", {"detail": "planned"}), plan.get("headers")
            )
        for wanted, pattern, route in ROUTES[version]:
            match = re.fullmatch(pattern, path)
            if match and wanted == method:
                with self.world.lock:  # requests come in threads and share what follows
                    self.query, self.body, self.headers = query, body, headers
                    return getattr(self, route)(*match.groups())
        self.faults.unknown.append(f"{method} v{version} {path}")
        raise detail(404, "Not Found")

    def _admit(self, path: str, headers: dict[str, str]) -> None:
        if path in ("/info", "/ok") or path.startswith("/public/"):
            return
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise detail(401, "Missing authentication")
        if self.faults.keys is not None and key not in self.faults.keys:
            raise detail(401, "Invalid token")
        if self.faults.org_scoped and not headers.get("x-tenant-id"):
            raise Answer(403, {"error": "org_scoped_key_requires_workspace"})

    # small helpers

    def _json(self) -> Any:
        try:
            return orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            raise detail(422, "not JSON") from None

    def _one(self, name: str, default: Any = None) -> Any:
        return self.query.get(name, [default])[0]

    def _true(self, name: str) -> bool:
        return str(self._one(name, "")).lower() in ("true", "1")

    def _limit(self, default: int = 100) -> int:
        limit = int(self._one("limit", default))
        if not 1 <= limit <= 100:
            raise detail(400, f"Limit exceeds maximum allowed value of 100. Got {limit}")
        return limit

    def _page(self, rows: list[Any]) -> list[Any]:
        offset = int(self._one("offset", 0))
        return rows[offset : offset + self._limit()]

    # info, sessions, datasets

    def info(self) -> Answer:
        if self.faults.info_missing:
            raise detail(404, "Not Found")
        return Answer(
            200,
            {
                "version": "0.16.0",
                "git_sha": None,
                "license_expiration_time": None,
                "batch_ingest_config": {
                    "use_multipart_endpoint": True,
                    "size_limit": 100,
                    "size_limit_bytes": 20_971_520,
                    "scale_up_qsize_trigger": 1000,
                    "scale_up_nthreads_limit": 16,
                    "scale_down_nempty_trigger": 4,
                },
                "instance_flags": self.flags,
            },
        )

    def _session(self, session: Record, version: int) -> Record:
        shown = {k: v for k, v in session.items() if not k.startswith("_")}
        if version == 2:
            shown["trace_tier"] = {"longlived": "LONG_LIVED"}.get(
                shown["trace_tier"], "SHORT_LIVED"
            )
            shown["type"] = "EXPERIMENT" if shown["reference_dataset_id"] else "PROJECT"
        if self._true("include_stats"):
            shown.update(self.world.session_stats(session, version))
        return shown

    def _sessions(self, version: int) -> list[Record]:
        rows = list(self.world.sessions.values())
        if (name := self._one("name")) is not None:
            rows = [row for row in rows if row["name"] == name]
        if (part := self._one("name_contains")) is not None:
            rows = [row for row in rows if part in row["name"]]
        if ids := self.query.get("id"):
            rows = [row for row in rows if row["id"] in ids]
        wanted = self.query.get("reference_dataset") or self.query.get("reference_dataset_id")
        if wanted:
            rows = [row for row in rows if row["reference_dataset_id"] in wanted]
        return [self._session(row, version) for row in rows]

    def sessions_v1(self) -> Answer:
        return Answer(200, self._page(self._sessions(1)))

    def sessions_v2(self) -> Answer:
        return Answer(200, {"items": self._sessions(2), "next_cursor": None})

    def session_v1(self, session_id: str) -> Answer:
        return Answer(200, self._session(self._known_session(session_id), 1))

    def session_v2(self, session_id: str) -> Answer:
        return Answer(200, self._session(self._known_session(session_id), 2))

    def _known_session(self, session_id: str) -> Record:
        if session_id not in self.world.sessions:
            raise detail(404, f"Session {session_id} not found")
        return self.world.sessions[session_id]

    def create_session(self) -> Answer:
        given = self._json()
        if self.world.session_named(given.get("name", "")) and not self._true("upsert"):
            raise detail(409, "Session with this name already exists")
        return Answer(
            200,
            self._session(
                self.world.add_session({k: v for k, v in given.items() if v is not None}), 1
            ),
        )

    def change_session(self, session_id: str) -> Answer:
        session = self._known_session(session_id)
        session.update({k: v for k, v in self._json().items() if v is not None})
        return Answer(200, self._session(session, 1))

    def datasets(self) -> Answer:
        rows = list(self.world.datasets.values())
        if (name := self._one("name")) is not None:
            rows = [row for row in rows if row["name"] == name]
        return Answer(200, self._page(rows))

    def dataset(self, dataset_id: str) -> Answer:
        if dataset_id not in self.world.datasets:
            raise detail(404, "Dataset not found")
        return Answer(200, self.world.datasets[dataset_id])

    def comparative(self) -> Answer:
        given = self._json()
        now = zoned(datetime.now(UTC))
        row = {
            "id": str(uuid.uuid4()),
            "tenant_id": TENANT,
            "created_at": now,
            "modified_at": now,
            **given,
        }
        dataset = (
            given.get("reference_dataset_id")
            or self.world.sessions[given["experiment_ids"][0]]["reference_dataset_id"]
        )
        row["reference_dataset_id"] = dataset
        self.world.comparative.append(row)
        return Answer(200, row)

    # examples

    def _as_of(self) -> Any:
        as_of = self._one("as_of")
        return None if as_of in (None, "latest") else to_time(as_of)

    def examples(self) -> Answer:
        rows = self.world.examples(self._as_of())
        if ids := self.query.get("id"):
            rows = [row for row in rows if row["id"] in ids]
        elif dataset := self._one("dataset"):
            rows = [row for row in rows if row.get("dataset_id") == dataset]
        else:
            raise detail(400, "dataset or id is required")
        rows = self._page(rows)
        if "attachment_urls" not in self.query.get("select", ()):
            rows = [{k: v for k, v in row.items() if k != "attachment_urls"} for row in rows]
        return Answer(200, rows)

    def example(self, example_id: str) -> Answer:
        row = self.world.example(example_id, self._as_of())
        if row is None:
            raise detail(404, "Example not found")
        return Answer(200, row)

    # runs

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
        key = None if select is None else tuple(select)
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

    def create_runs(self) -> Answer:
        given = self._json()
        self.world.add_runs([given])
        return Answer(202, {})

    def change_run(self, run_id: str) -> Answer:
        self.world.add_runs([{**self._json(), "id": run_id}])
        return Answer(202, {})

    def batch(self) -> Answer:
        given = self._json()
        self.world.add_runs([*given.get("post", ()), *given.get("patch", ())])
        return Answer(202, {})

    def multipart(self) -> Answer:
        from .multipart import parts

        runs: dict[str, Record] = {}
        given = []
        for name, content in parts(self.headers["content-type"], self.body):
            kind, _, rest = name.partition(".")
            if kind == "feedback":
                given.append({**json.loads(content), "id": rest})
            elif kind in ("post", "patch"):
                run_id, _, attribute = rest.partition(".")
                run = runs.setdefault(run_id, {"id": run_id})
                run.update({attribute: json.loads(content)} if attribute else json.loads(content))
        self.world.add_runs(runs.values())
        for item in given:
            if not re.fullmatch(r"[0-9a-f-]{36}", item["id"]) or len(
                item.get("key") or ""
            ) not in range(1, 181):
                raise detail(422, "feedback needs an id and a key of at most 180 characters")
            self._precise(item)
            if not (self.faults.feedback_ids_conflict and item["id"] in self.world.feedback):
                self.world.put_feedback(item)
        return Answer(202, {"message": "Runs batch ingested"})

    # feedback

    def feedback(self) -> Answer:
        rows = list(self.world.feedback.values())
        if runs := self.query.get("run"):
            rows = [row for row in rows if str(row.get("run_id")) in runs]
        if keys := self.query.get("key"):
            rows = [row for row in rows if row["key"] in keys]
        if sessions := self.query.get("session"):
            if not self.faults.feedback_session_filter:
                raise detail(422, "unknown parameter session")
            rows = [row for row in rows if str(row.get("session_id")) in sessions]
        if sources := self.query.get("source"):
            rows = [row for row in rows if row["feedback_source"]["type"] in sources]
        if level := self._one("level"):
            rows = [row for row in rows if bool(row.get("run_id")) == (level == "run")]
        return Answer(200, self._page(rows))

    def create_feedback(self) -> Answer:
        given = self._json()
        if self.faults.feedback_ids_conflict and given.get("id") in self.world.feedback:
            raise detail(409, "Feedback already exists")
        if not given.get("key"):
            raise Answer(
                422,
                {"detail": [{"loc": ["body", "key"], "msg": "field required", "type": "missing"}]},
            )
        self._precise(given)
        return Answer(200, self.world.put_feedback(given))

    def _precise(self, given: Record) -> None:
        score = given.get("score")
        if isinstance(score, float) and abs(score - round(score, 4)) > 1e-12:
            raise detail(422, "score has more than 4 decimals")

    def one_feedback(self, feedback_id: str) -> Answer:
        return Answer(200, self._known_feedback(feedback_id))

    def change_feedback(self, feedback_id: str) -> Answer:
        given = self._json()
        self._precise(given)
        return Answer(
            200,
            self.world.put_feedback(
                {**self._known_feedback(feedback_id), "modified_at": None, **given}
            ),
        )

    def delete_feedback(self, feedback_id: str) -> Answer:
        self._known_feedback(feedback_id)
        del self.world.feedback[feedback_id]
        self.world.changed()
        return Answer(200, {})

    def _known_feedback(self, feedback_id: str) -> Record:
        if feedback_id not in self.world.feedback:
            raise detail(404, "Feedback not found")
        return self.world.feedback[feedback_id]


ID = "([0-9a-f-]{36}|[^/]+)"
ROUTES: dict[int, list[tuple[str, str, str]]] = {
    1: [
        ("GET", "/info", "info"),
        ("GET", "/sessions", "sessions_v1"),
        ("POST", "/sessions", "create_session"),
        ("GET", f"/sessions/{ID}", "session_v1"),
        ("PATCH", f"/sessions/{ID}", "change_session"),
        ("POST", "/runs/query", "query_v1"),
        ("POST", "/runs/multipart", "multipart"),
        ("POST", "/runs/batch", "batch"),
        ("POST", "/runs", "create_runs"),
        ("GET", f"/runs/{ID}", "run_v1"),
        ("PATCH", f"/runs/{ID}", "change_run"),
        ("GET", "/examples", "examples"),
        ("GET", f"/examples/{ID}", "example"),
        ("GET", "/datasets", "datasets"),
        ("POST", "/datasets/comparative", "comparative"),
        ("GET", f"/datasets/{ID}", "dataset"),
        ("GET", "/feedback", "feedback"),
        ("POST", "/feedback", "create_feedback"),
        ("GET", f"/feedback/{ID}", "one_feedback"),
        ("PATCH", f"/feedback/{ID}", "change_feedback"),
        ("DELETE", f"/feedback/{ID}", "delete_feedback"),
    ],
    2: [
        ("GET", "/sessions", "sessions_v2"),
        ("GET", f"/sessions/{ID}", "session_v2"),
        ("POST", "/runs/query", "query_v2"),
        ("GET", f"/runs/{ID}", "run_v2"),
        ("GET", f"/traces/{ID}/runs", "trace_v2"),
        ("POST", f"/datasets/{ID}/experiment-runs", "experiment_runs_v2"),
    ],
}
