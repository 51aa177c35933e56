"""Routes that write: runs as they are traced, and feedback."""

from __future__ import annotations

import json
import re

from .answers import Answer, Shared, detail
from .multipart import parts
from .world import Record


class WriteRoutes(Shared):
    """Ingest, and feedback with its reads."""

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
