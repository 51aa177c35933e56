"""A server made of captured payloads: answers the fetcher's calls as the real one did."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from shared import SHARED

CAPTURES = SHARED / "reference" / "langgraph-captures"


def body(part: Any) -> Any:
    return part["body"] if isinstance(part, dict) and "body" in part else part


class CaptureServer:
    """One thread of the real server, with its runs and its whole history."""

    def __init__(self, name: str, folder: Path = CAPTURES) -> None:
        capture = json.loads((folder / f"{name}.json").read_text("utf-8"))
        self.thread = body(capture["thread"])
        runs = capture.get("run") or body(capture["runs"])
        found = [body(run) for run in (runs if isinstance(runs, list) else [runs])]
        self.runs = [run for run in found if "run_id" in run]
        self.runs.sort(key=lambda run: run["created_at"], reverse=True)
        self.history = body(capture["history"])
        below = folder / f"{name}.subgraph_history.json"
        self.below = (
            self._namespaces(json.loads(below.read_text("utf-8"))) if below.exists() else {}
        )
        self.asked: list[str] = []

    @staticmethod
    def _namespaces(raw: Any) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for item in raw if isinstance(raw, list) else body(raw):
            found.setdefault(item["checkpoint"]["checkpoint_ns"], []).append(item)
        return found

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        sent = json.loads(request.content) if request.content else {}
        thread = f"/threads/{self.thread['thread_id']}"
        routes: list[tuple[str, Callable[..., Any]]] = [
            (r"/threads/count", lambda: 1),
            (r"/threads/search", lambda: [self.thread][sent["offset"] :]),
            (rf"{thread}/runs", lambda: self.runs[int(request.url.params["offset"]) :]),
            (rf"{thread}/runs/(.+)", lambda run_id: self._one(self.runs, "run_id", run_id)),
            (rf"{thread}/history", lambda: self._page(sent)),
            (rf"{thread}/state", lambda: self.history[0] if self.history else {}),
            (rf"{thread}/state/(.+)", lambda name: self._one(self.history, "checkpoint_id", name)),
            (thread, lambda: self.thread),
        ]
        for pattern, reply in routes:
            if match := re.fullmatch(pattern, path):
                value = reply(*match.groups())
                return httpx.Response(404 if value is None else 200, json=value)
        return httpx.Response(404, json={"detail": "Not Found"})

    def _one(self, items: list[dict[str, Any]], key: str, wanted: str) -> Any:
        return next((item for item in items if item[key] == wanted), None)

    def _page(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        namespace = sent.get("checkpoint", {}).get("checkpoint_ns", "")
        items = self.below.get(namespace, []) if namespace else self.history
        wanted = sent.get("metadata", {}).items()
        items = [i for i in items if all(i["metadata"].get(k) == v for k, v in wanted)]
        if "before" in sent:
            before = sent["before"]["configurable"]["checkpoint_id"]
            items = [i for i in items if i["checkpoint"]["checkpoint_id"] < before]
        return items[: sent["limit"]]
