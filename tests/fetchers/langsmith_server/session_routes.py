"""Routes of sessions, datasets and examples."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from .answers import Answer, Shared, detail
from .multipart import parts
from .shape import to_time, zoned
from .world import TENANT, Record


class SessionRoutes(Shared):
    """Who an experiment is, and what it was asked."""

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
        if (metadata := self._one("metadata")) is not None:
            held = json.loads(metadata).items()
            rows = [row for row in rows if held <= row["extra"]["metadata"].items()]
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

    def create_dataset(self) -> Answer:
        given = self._json()
        if any(row["name"] == given["name"] for row in self.world.datasets.values()):
            raise detail(409, "Dataset with this name already exists.")
        made = self.world.add_dataset(given["name"], given.get("id"))
        return Answer(200, {**made, "description": given.get("description")})

    def create_example(self) -> Answer:
        return Answer(200, self.world.put_example(self._example_of(self._json())))

    def create_examples(self) -> Answer:
        return Answer(200, [self.world.put_example(self._example_of(e)) for e in self._json()])

    def change_example(self, example_id: str) -> Answer:
        row = self.world.example(example_id, None)
        if row is None:
            raise detail(404, "Example not found")
        return Answer(200, self.world.put_example({**row, **self._json(), "id": example_id}))

    def upload_examples(self, dataset_id: str) -> Answer:
        """Take examples as parts: `ID`, `ID.inputs`, `ID.outputs`, as the SDK sends them."""
        found: dict[str, Record] = {}
        for name, content in parts(self.headers["content-type"], self.body):
            example_id, _, attribute = name.partition(".")
            row = found.setdefault(example_id, {"id": example_id, "dataset_id": dataset_id})
            row.update({attribute: json.loads(content)} if attribute else json.loads(content))
        for row in found.values():
            self.world.put_example(self._example_of(row))
        return Answer(201, {"count": len(found), "example_ids": list(found)})

    def _example_of(self, given: Record) -> Record:
        return {
            "id": given.get("id") or str(uuid.uuid4()),
            "inputs": {},
            "outputs": None,
            "metadata": {},
            **given,
        }

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

    def _as_of(self) -> Any:
        as_of = self._one("as_of")
        return None if as_of in (None, "latest") else to_time(as_of)

    def examples(self) -> Answer:
        rows = self.world.examples(self._as_of())
        if self.faults.example_ids_ignored:
            rows = list(rows)
        elif ids := self.query.get("id"):
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
