"""A small Langfuse project behind the routes of its API, as its published client has them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
AUTH = "Basic " + base64.b64encode(b"pk-1:sk-2").decode()
GROUPS = {
    "core": ("id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type"),
    "basic": (
        *("name", "level", "statusMessage", "version", "environment", "bookmarked", "public"),
        *("userId", "sessionId", "isRootObservation"),
    ),
    "time": ("completionStartTime", "createdAt", "updatedAt"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("model", "internalModelId", "modelParameters"),
    "usage": ("usageDetails", "costDetails", "totalCost", "usagePricingTierName"),
    "prompt": ("promptId", "promptName", "promptVersion"),
    "metrics": ("latency", "timeToFirstToken"),
    "trace_context": ("tags", "release", "traceName"),
}


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def observation(trace: str, key: str, parent: str | None, kind: str, **more: Any) -> dict[str, Any]:
    second = more.pop("second", 0.0)
    return {
        "id": f"{trace}-{key}",
        "traceId": trace,
        "projectId": "p-1",
        "parentObservationId": f"{trace}-{parent}" if parent else None,
        "isRootObservation": parent is None,
        "type": kind,
        "name": key,
        "level": "DEFAULT",
        "environment": "default",
        "startTime": at(second),
        "endTime": at(second + 2),
        "createdAt": at(second + 3),
        "updatedAt": at(second + 3),
        "metadata": {},
        **more,
    }


def trace(key: str, second: float = 0.0, failed: bool = False, **root: Any) -> list[dict[str, Any]]:
    """Return an agent that looks something up and asks a model."""
    wrong = {"level": "ERROR", "statusMessage": "ValueError: backend is down"} if failed else {}
    more = {"second": second, "sessionId": "s-1", "tags": ["nightly"], "traceName": "agent"}
    return [
        observation(
            key, "agent", None, "AGENT",
            input=json.dumps({"question": f"q {key}"}), output='{"answer": "a"}',
            metadata={"topic": "rivers", "long": "x" * 1000}, **{**more, **wrong, **root},
        ),
        observation(
            key, "search", "agent", "TOOL",
            input='{"q": "x"}', output='["one"]', second=second + 0.2,
        ),
        observation(
            key, "ask", "agent", "GENERATION", second=second + 0.5, model="m-1",
            input='[{"role": "user", "content": "hi"}]', output="hello", timeToFirstToken=0.25,
            usageDetails={"input": 100, "output": 20, "total": 120, "input_cached_tokens": 60},
            costDetails={"input": 0.001, "output": 0.002, "total": 0.003}, totalCost=0.003,
            promptName="p", promptVersion=3,
        ),
    ]  # fmt: skip


def score(key: str, name: str, value: Any, data: str, /, **subject: str) -> dict[str, Any]:
    return {
        "id": key, "projectId": "p-1", "name": name, "value": value, "dataType": data,
        "source": "API", "timestamp": at(9), "createdAt": at(9), "updatedAt": at(9),
        "environment": "default", "comment": f"why {name}", "subject": subject,
    }  # fmt: skip


class World:
    """What the project holds; a transport that answers as its server would."""

    def __init__(self) -> None:
        self.observations: list[dict[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []
        self.item_count: int | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.before: Callable[[str, dict[str, str]], httpx.Response | None] = lambda path, q: None

    def experiment(self, *examples: str, failed: str = "") -> None:
        """Run the examples, each name once a repetition."""
        for n, example in enumerate(examples):
            key = f"t{n}"
            self.observations += trace(key, second=n * 10, failed=example == failed)
            self.items.append(
                {
                    "id": f"{key}-agent", "traceId": key, "startTime": at(n * 10),
                    "endTime": at(n * 10 + 2), "level": "DEFAULT", "environment": "default",
                    "experimentId": "x-1", "experimentName": "nightly",
                    "experimentItemId": example, "input": json.dumps({"question": example}),
                    "output": json.dumps({"answer": "a"}),
                    "expectedOutput": json.dumps({"answer": example}),
                    "experimentItemMetadata": {"topic": "rivers"}, "metadata": {"try": n},
                }
            )  # fmt: skip

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        return self.answer(path, str(request.url), request.headers.get("authorization"))

    def answer(self, path: str, url: str, auth: str | None) -> httpx.Response:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append((path, asked))
        if path == "/api/public/health":
            return httpx.Response(200, json={"status": "OK", "version": "9.9.9"})
        if auth != AUTH:
            return httpx.Response(401, json={"message": "Invalid credentials"})
        if (early := self.before(path, asked)) is not None:
            return early
        rows = {
            "/api/public/v2/observations": self._observations,
            "/api/public/v3/scores": self._scores,
            "/api/public/experiments": self._experiments,
            "/api/public/experiment-items": self._items,
        }.get(path)
        if rows is None:
            return httpx.Response(404, json={"message": "not found"})
        most = 1000 if path.endswith("observations") else 100
        limit = int(asked.get("limit", 50))
        if limit > most or ("experiment" in path and "fromStartTime" not in asked):
            return httpx.Response(400, json={"message": "limit or fromStartTime"})
        found = rows(asked)
        first = int(asked.get("cursor", "0"))
        meta: dict[str, Any] = {"limit": limit}
        if first + limit < len(found):
            meta["cursor"] = str(first + limit)
        return httpx.Response(200, json={"data": found[first : first + limit], "meta": meta})

    def _observations(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        found = []
        groups = asked.get("fields", "core,basic").split(",")
        names = {name for group in [*groups, "core"] for name in GROUPS[group]}
        whole = asked.get("expandMetadata", "").split(",")
        for each in self.observations:
            wanted = (
                asked.get("traceId") in (None, each["traceId"])
                and (asked.get("isRootObservation") != "true" or each["isRootObservation"])
                and asked.get("sessionId") in (None, each.get("sessionId"))
                and asked.get("fromStartTime", "") <= each["startTime"]
                and each["startTime"] < asked.get("toStartTime", "9")
            )
            if wanted:
                row = {name: value for name, value in each.items() if name in names}
                if "metadata" in row:
                    row["metadata"] = {
                        key: value if key in whole else value[:200]
                        for key, value in row["metadata"].items()
                    }
                found.append(row)
        return found

    def _scores(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        ids = asked["traceId"].split(",")
        groups = asked.get("fields", "").split(",")
        gone = {"comment": "details", "subject": "subject"}
        return [
            {name: v for name, v in each.items() if gone.get(name, groups[0]) in groups}
            for each in self.scores
            if each["subject"].get("traceId", each["subject"]["id"]) in ids
        ]

    def _experiments(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        row = {
            "id": "x-1", "name": "nightly", "startTime": at(0), "endTime": at(99),
            "itemCount": len(self.items) if self.item_count is None else self.item_count,
            "scores": [score("sx", "overall", 0.7, "NUMERIC", kind="experiment", id="x-1")],
        }  # fmt: skip
        wanted = asked.get("name") in (None, "nightly") and asked.get("id") in (None, "x-1")
        return [row] if self.items and wanted else []

    def _items(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        return list(reversed(self.items)) if asked.get("experimentId") == "x-1" else []
