"""A LangGraph server in memory: threads with runs and histories, answering as the real one does.

Filled from captured payloads of the real server, or with made-up ones in the same shape.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from shared import SHARED

CAPTURES = SHARED / "reference" / "langgraph-captures"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class ThreadData:
    """One thread: its runs newest first, its history newest first, histories of subgraphs."""

    thread: dict[str, Any]
    runs: list[dict[str, Any]]
    history: list[dict[str, Any]]
    below: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class World:
    """Answers the fetcher's calls; `asked` remembers them."""

    def __init__(self, *threads: ThreadData) -> None:
        self.threads = {data.thread["thread_id"]: data for data in threads}
        self.asked: list[str] = []

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [run for data in self.threads.values() for run in data.runs]

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content) if request.content else {}
        offset = int(request.url.params.get("offset", 0))
        self.asked.append(f"{request.method} {request.url.path}")
        value = self._value(request.url.path, sent, offset)
        if value is None:
            return httpx.Response(404, json={"detail": "Not Found"})
        return httpx.Response(200, json=value)

    def _value(self, path: str, sent: dict[str, Any], offset: int) -> Any:
        if path == "/info":
            return {"version": "0.16.7", "langgraph_py_version": "1.2.22"}
        if path == "/threads/count":
            return len(self._search(sent))
        if path == "/threads/search":
            return self._search(sent)[sent["offset"] :][: sent["limit"]]
        match = re.fullmatch(r"/threads/([^/]+)(/.*)?", path)
        data = self.threads.get(match[1]) if match else None
        if match is None or data is None:
            return None
        return self._of_thread(data, match[2] or "", sent, offset)

    def _search(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = sent.get("metadata", {}).items()
        found = [data.thread for data in self.threads.values()]
        return [t for t in found if all(t["metadata"].get(k) == v for k, v in wanted)]

    def _of_thread(self, data: ThreadData, path: str, sent: dict[str, Any], offset: int) -> Any:
        if path == "":
            return data.thread
        if path == "/runs":
            return data.runs[offset:][:200]
        if path == "/history":
            return self._page(data, sent)
        if path == "/state":
            return data.history[0] if data.history else {}
        if path.startswith("/runs/"):
            return next((r for r in data.runs if r["run_id"] == path[6:]), None)
        return next((s for s in data.history if s["checkpoint"]["checkpoint_id"] == path[7:]), None)

    def _page(self, data: ThreadData, sent: dict[str, Any]) -> list[dict[str, Any]]:
        namespace = sent.get("checkpoint", {}).get("checkpoint_ns", "")
        items = data.below.get(namespace, []) if namespace else data.history
        wanted = sent.get("metadata", {}).items()
        items = [i for i in items if all(i["metadata"].get(k) == v for k, v in wanted)]
        if "before" in sent:
            before = sent["before"]["configurable"]["checkpoint_id"]
            items = [i for i in items if i["checkpoint"]["checkpoint_id"] < before]
        return items[: sent["limit"]]


def captured(name: str) -> World:
    """Return the captured case of this name."""
    capture = json.loads((CAPTURES / f"{name}.json").read_text("utf-8"))
    runs = [_body(run) for run in capture["run"]]
    runs = [run for run in runs if "run_id" in run]
    runs.sort(key=lambda run: str(run["created_at"]), reverse=True)
    below: dict[str, list[dict[str, Any]]] = {}
    extra = Path(CAPTURES / f"{name}.subgraph_history.json")
    for item in _body(json.loads(extra.read_text("utf-8"))) if extra.exists() else []:
        below.setdefault(item["checkpoint"]["checkpoint_ns"], []).append(item)
    return World(ThreadData(_body(capture["thread"]), runs, _body(capture["history"]), below))


def _body(part: Any) -> Any:
    return part["body"] if isinstance(part, dict) and "body" in part else part


def made_up(threads: int = 12, runs: int = 1, laps: int = 3) -> World:
    """Return a world of `threads` threads with `runs` runs of `laps` supersteps each."""
    return World(*(_thread(number, runs, laps) for number in range(threads)))


def _thread(number: int, runs: int, laps: int) -> ThreadData:
    thread_id = f"thread-{number:04d}"
    data = ThreadData(
        {
            "thread_id": thread_id,
            "created_at": _time(number, 0),
            "updated_at": _time(number, runs * 10),
            "status": "idle",
            "metadata": {"experiment": "exp", "graph_id": "lap"},
        },
        [],
        [],
    )
    for turn in range(runs):
        _add_run(data, number, turn, laps)
    return data


def _add_run(data: ThreadData, number: int, turn: int, laps: int) -> None:
    thread_id = data.thread["thread_id"]
    run_id = f"run-{number:04d}-{turn:03d}"
    metadata = {"graph_id": "lap", "example_id": f"e{number}", "repetition": turn, "run_id": run_id}
    run = {
        "run_id": run_id,
        "thread_id": thread_id,
        "assistant_id": "assistant-1",
        "created_at": _time(number, turn * 10),
        "updated_at": _time(number, turn * 10 + 9),
        "status": "success",
        "metadata": metadata,
        "multitask_strategy": "enqueue",
        "kwargs": {"input": {"question": f"{number}/{turn}"}, "durability": "async"},
    }
    data.runs.insert(0, run)
    for lap in range(-1, laps + 1):
        parent = data.history[0]["checkpoint"] if data.history else None
        values = {"question": f"{number}/{turn}", "rows": list(range(max(lap, 0)))}
        node = "__start__" if lap < 0 else "lap"
        task = {"id": f"task-{run_id}-{lap}", "name": node, "result": {"rows": [lap]}}
        data.history.insert(
            0,
            {
                "values": values,
                "next": [node] if lap < laps else [],
                "tasks": [task] if lap < laps else [],
                "metadata": {**metadata, "source": "input" if lap < 0 else "loop", "step": lap},
                "created_at": _time(number, turn * 10 + 2 + lap),
                "checkpoint": {"checkpoint_id": f"c-{turn:03d}-{lap + 1:04d}", "checkpoint_ns": ""},
                "parent_checkpoint": parent,
            },
        )


def _time(minutes: int, seconds: int) -> str:
    return (START + timedelta(minutes=minutes, seconds=seconds)).isoformat()
