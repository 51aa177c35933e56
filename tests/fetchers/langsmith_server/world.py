"""What the server knows: sessions, runs, examples with their history, and feedback."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .shape import COSTS, DETAILS, TOKENS, feedback_stats, quantile, to_time, zoned
from .spent import first_token, known_sum, own_usage

TENANT = "11111111-1111-1111-1111-111111111111"
Record = dict[str, Any]


class World:
    """The state behind the routes; `lock` guards it against the server's threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sessions: dict[str, Record] = {}
        self.datasets: dict[str, Record] = {}
        self.runs: dict[str, Record] = {}
        self.by_session: dict[str, list[Record]] = {}
        self.children: dict[str, list[str]] = {}
        self.history: dict[str, list[tuple[datetime, Record | None]]] = {}
        self.feedback: dict[str, Record] = {}
        self.comparative: list[Record] = []
        self.revision = 0
        self._usage: dict[str, Record] = {}
        self._stats: dict[str, list[Record]] | None = None

    def changed(self) -> None:
        """Forget what was computed."""
        self.revision += 1
        self._usage.clear()
        self._stats = None

    # datasets and examples

    def add_dataset(self, name: str = "questions", dataset_id: str | None = None) -> Record:
        dataset_id = dataset_id or str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        now = zoned(datetime(2026, 1, 1, tzinfo=UTC))
        self.datasets[dataset_id] = {
            "id": dataset_id,
            "tenant_id": TENANT,
            "name": name,
            "description": None,
            "created_at": now,
            "modified_at": now,
            "data_type": "kv",
            "session_count": 1,
            "inputs_schema_definition": None,
            "outputs_schema_definition": None,
            "metadata": None,
        }
        return self.datasets[dataset_id]

    def put_example(self, example: Record, at: datetime | None = None) -> Record:
        """Write a new state of an example at a time; `put_example(..., None)` deletes."""
        at = at or datetime(2026, 1, 1, tzinfo=UTC)
        full = {
            "name": "example",
            "outputs": None,
            "metadata": {"dataset_split": ["base"]},
            "created_at": zoned(at),
            "modified_at": zoned(at),
            "source_run_id": None,
            **example,
        }
        self.history.setdefault(full["id"], []).append((at, full))
        self.changed()
        return full

    def delete_example(self, example_id: str, at: datetime) -> None:
        self.history[example_id].append((at, None))

    def example(self, example_id: str, as_of: Any = None) -> Record | None:
        """The newest state at or before `as_of`."""
        state = None
        for at, version in self.history.get(example_id, ()):
            if as_of is None or at <= as_of:
                state = version
        return state

    def examples(self, as_of: Any = None) -> list[Record]:
        states = (self.example(example_id, as_of) for example_id in self.history)
        return [state for state in states if state is not None]

    # sessions and runs

    def add_session(self, session: Record) -> Record:
        full = {
            "id": str(uuid.uuid4()),
            "tenant_id": TENANT,
            "end_time": None,
            "description": None,
            "extra": {"metadata": {}},
            "default_dataset_id": None,
            "reference_dataset_id": None,
            "trace_tier": "longlived",
            "start_time": zoned(datetime.now(UTC)),
            "_expected": None,
            "_visible": None,
            **session,
        }
        self.sessions[full["id"]] = full
        self.by_session.setdefault(full["id"], [])
        return full

    def session_named(self, name: str) -> Record | None:
        return next((s for s in self.sessions.values() if s["name"] == name), None)

    def add_runs(self, records: Iterable[Record], session_id: str | None = None) -> None:
        """Store ingested or recorded runs; parents and status are derived."""
        for record in records:
            self._add_run(dict(record), session_id)
        self.changed()

    def _add_run(self, run: Record, session_id: str | None) -> None:
        known = self.runs.get(run["id"])
        run = {
            **(known or {}),
            **{k: v for k, v in run.items() if v is not None or k not in (known or {})},
        }
        if "start_time" not in run or "dotted_order" not in run:
            self.runs[run["id"]] = run
            return
        for name in ("start_time", "end_time"):
            run[name] = to_time(run[name]) if run.get(name) else None
        path = [segment[-36:] for segment in run["dotted_order"].split(".")]
        run["trace_id"], run["parent_run_ids"] = path[0], path[:-1]
        run["parent_run_id"] = path[-2] if len(path) > 1 else None
        run["session_id"] = session_id or run.get("session_id") or self._session_of(run)
        if run.get("end_time") is None:
            run["status"] = "pending"
        elif run.get("status") in (None, "pending"):
            run["status"] = "error" if run.get("error") else "success"
        run["status"], run["run_type"] = run["status"].lower(), run["run_type"].lower()
        run["first_token_time"] = first_token(run)
        run.setdefault(
            "app_path",
            f"/o/{TENANT}/projects/p/{run['session_id']}/r/{run['id']}?trace_id={path[0]}",
        )
        run.setdefault("reference_example_id", None)
        if known is None or "start_time" not in known:
            self.by_session.setdefault(run["session_id"], []).append(run)
            if run["parent_run_id"]:
                self.children.setdefault(run["parent_run_id"], []).append(run["id"])
            self.runs[run["id"]] = run
        else:
            known.update(run)

    def _session_of(self, run: Record) -> str:
        name = run.get("session_name") or "default"
        found = self.session_named(name)
        return str((found or self.add_session({"name": name}))["id"])

    def usage(self, run: Record, *, subtree: bool) -> Record:
        """Tokens and costs: the run's own, or with everything below it."""
        own = own_usage(run)
        if not subtree:
            return own
        known = self._usage.get(run["id"])
        if known is None:
            parts = [
                own,
                *(self.usage(self.runs[c], subtree=True) for c in self.children.get(run["id"], ())),
            ]
            known = {}
            for name in (*TOKENS, *COSTS):
                values = [part[name] for part in parts if part.get(name) is not None]
                known[name] = sum(values) if values else None
            known.update({name: own.get(name) for name in DETAILS})
            times = [
                t for t in (run.get("first_token_time"), *(p.get("_first") for p in parts)) if t
            ]
            known["_first"] = min(times, default=None)
            self._usage[run["id"]] = known
        return known

    # feedback and statistics

    def put_feedback(self, item: Record) -> Record:
        now = zoned(datetime.now(UTC))
        feedback_id = str(item.get("id") or uuid.uuid4())
        before = self.feedback.get(feedback_id)
        run = self.runs.get(str(item.get("run_id")))
        full = {
            "score": None,
            "value": None,
            "comment": None,
            "correction": None,
            "extra": None,
            "created_at": before["created_at"] if before else now,
            **item,
            "id": feedback_id,
            "modified_at": item.get("modified_at") or now,
            "session_id": item.get("session_id") or (run or {}).get("session_id"),
            "feedback_source": item.get("feedback_source") or {"type": "api", "metadata": {}},
        }
        self.feedback[feedback_id] = full
        self.changed()
        return full

    def feedback_of(self, run_id: str) -> list[Record]:
        if self._stats is None:
            self._stats = {}
            for item in self.feedback.values():
                if item.get("run_id"):
                    self._stats.setdefault(str(item["run_id"]), []).append(item)
        return self._stats.get(run_id, [])

    def roots(self, session_id: str) -> list[Record]:
        return [run for run in self.by_session.get(session_id, ()) if run["parent_run_id"] is None]

    def session_stats(self, session: Record, version: int) -> Record:
        """The statistics fields of a session."""
        roots = self.roots(session["id"])
        latencies = [
            (r["end_time"] - r["start_time"]).total_seconds() for r in roots if r["end_time"]
        ]
        usages = [self.usage(r, subtree=True) for r in roots]
        firsts = [
            (u["_first"] - r["start_time"]).total_seconds()
            for r, u in zip(roots, usages, strict=True)
            if u["_first"]
        ]
        runs = {run["id"] for run in self.by_session.get(session["id"], ())}
        items = [f for f in self.feedback.values() if str(f.get("run_id")) in runs]
        whole = [
            f
            for f in self.feedback.values()
            if not f.get("run_id") and f.get("session_id") == session["id"]
        ]
        costs = {n: known_sum(u.get(n) for u in usages) for n in COSTS}
        expected = session["_expected"]
        return {
            "run_count": len(roots) if session["_visible"] is None else session["_visible"],
            "latency_p50": quantile(latencies, 0.5),
            "latency_p99": quantile(latencies, 0.99),
            "first_token_p50": quantile(firsts, 0.5),
            "first_token_p99": quantile(firsts, 0.99),
            **{n: known_sum(u.get(n) for u in usages) or 0 for n in TOKENS},
            **(
                {n: None if c is None else format(c, ".10f").rstrip("0") for n, c in costs.items()}
                if version == 1
                else costs
            ),
            "error_rate": sum(r["status"] == "error" for r in roots) / len(roots)
            if roots
            else None,
            "streaming_rate": len(firsts) / len(roots) if roots else None,
            "last_run_start_time": zoned(max((r["start_time"] for r in roots), default=None)),
            "feedback_stats": feedback_stats(items, version),
            "session_feedback_stats": feedback_stats(whole, version),
            "run_facets": [],
            "test_run_number": 1,
            "experiment_progress": None
            if not expected
            else {
                "expected_run_count": expected,
                "run_progress": len([r for r in roots if r["end_time"]]) / expected,
                "evaluator_progress": {},
            },
        }
