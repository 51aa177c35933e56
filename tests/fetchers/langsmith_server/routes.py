"""Routes requests of LangSmith's API that evalkit and the SDK's evaluation make (section 2)."""

from __future__ import annotations

import re

from .answers import Answer, detail
from .query_routes import QueryRoutes
from .session_routes import SessionRoutes
from .write_routes import WriteRoutes


class Routes(SessionRoutes, QueryRoutes, WriteRoutes):
    """One backend over a world."""

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
        ("POST", "/datasets", "create_dataset"),
        ("POST", "/examples", "create_example"),
        ("POST", "/examples/bulk", "create_examples"),
        ("PATCH", f"/examples/{ID}", "change_example"),
        ("POST", f"/platform/datasets/{ID}/examples", "upload_examples"),
        ("POST", f"/v1/platform/datasets/{ID}/examples", "upload_examples"),
        ("PATCH", f"/v1/platform/datasets/{ID}/examples", "upload_examples"),
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
