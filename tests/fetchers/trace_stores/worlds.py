"""Small worlds that answer as the two servers do, for faults no real one makes on demand."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx

AT = "2026-11-28T10:{:02d}:{:02d}+00:00"
Answer = tuple[int, Any]


class World:
    """Traces of three spans; pages of `page`, so that a few dozen traces take several."""

    def __init__(self, traces: int = 25, page: int = 10) -> None:
        self.traces = [f"{n:032x}" for n in range(1, traces + 1)]
        self.page = page
        self.annotations: list[dict[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        sent = json.loads(request.content or b"{}")
        status, body = self.said(request.method, path, params, sent)
        headers = {"x-phoenix-server-version": "20.26.1"}
        if isinstance(body, str):
            return httpx.Response(status, text=body, headers=headers)
        return httpx.Response(status, json=body, headers=headers)

    def said(self, method: str, path: str, params: httpx.QueryParams, sent: Any) -> Answer:
        raise NotImplementedError


class PhoenixWorld(World):
    """The routes a project is read by."""

    def said(self, method: str, path: str, params: httpx.QueryParams, sent: Any) -> Answer:
        if path == "/v1/projects":
            return 200, {"data": [{"name": "p", "id": "P1"}], "next_cursor": None}
        if path == "/v1/projects/p":
            return 200, {"data": {"name": "p", "id": "P1"}}
        if path == "/graphql":
            node = {"traceCount": len(self.traces), "costSummary": None, "span": [], "trace": []}
            return 200, {"data": {"node": node}}
        if path == "/v1/projects/P1/traces":
            return 200, self.paged([self.trace(each) for each in self.traces], params)
        if path == "/v1/projects/P1/spans":
            wanted = params.get_list("trace_id")
            return 200, self.paged([s for each in wanted for s in self.spans(each)], params)
        return 404, f"{path} not found"

    def paged(self, rows: list[Any], params: httpx.QueryParams) -> dict[str, Any]:
        at = next((n for n, row in enumerate(rows) if row["id"] == params.get("cursor")), 0)
        following = rows[at + self.page]["id"] if at + self.page < len(rows) else None
        return {"data": rows[at : at + self.page], "next_cursor": following}

    def trace(self, trace_id: str) -> dict[str, Any]:
        spans = [{"span_id": span["context"]["span_id"]} for span in self.spans(trace_id)]
        return {"id": f"T{trace_id}", "trace_id": trace_id, "end_time": AT.format(1, 1),
                "spans": spans}  # fmt: skip

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        number = int(trace_id, 16)
        root = f"{number:015x}a"
        return [
            {
                "id": f"S{number}-{part}",
                "context": {"trace_id": trace_id, "span_id": f"{number:015x}{'abc'[part]}"},
                "parent_id": root if part else None,
                "name": ("answer", "search", "model")[part],
                "span_kind": ("CHAIN", "TOOL", "LLM")[part],
                "status_code": "OK",
                "status_message": "",
                "start_time": AT.format(0, part),
                "end_time": AT.format(1, part),
                "attributes": {"input.value": f"q{number}", "output.value": f"a{number}"},
                "events": [],
            }
            for part in range(3)
        ]


class MLflowWorld(World):
    """The routes an experiment is read by."""

    def said(self, method: str, path: str, params: httpx.QueryParams, sent: Any) -> Answer:
        if path == "/version":
            return 200, "3.18.0"
        if path == "/api/2.0/mlflow/experiments/get-by-name":
            return 200, {"experiment": {"experiment_id": "1", "name": "p"}}
        if path == "/api/3.0/mlflow/traces/metrics":
            return 200, {"data_points": [{"values": {"COUNT": float(len(self.traces))}}]}
        if path == "/api/3.0/mlflow/traces/search":
            at = int(sent.get("page_token") or 0)
            rows = [self.info(each) for each in self.traces[at : at + self.page]]
            more = at + self.page < len(self.traces)
            return 200, {
                "traces": rows,
                **({"next_page_token": str(at + self.page)} if more else {}),
            }
        if path == "/api/3.0/mlflow/traces/batchGet":
            asked = {each.removeprefix("tr-") for each in params.get_list("trace_ids")}
            there = [each for each in self.traces if each in asked]
            return 200, {"traces": [{"trace_info": self.info(each), "spans": self.spans(each)}
                                    for each in there]}  # fmt: skip
        return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"}

    def info(self, trace_id: str) -> dict[str, Any]:
        return {
            "trace_id": f"tr-{trace_id}",
            "request_time": AT.format(0, 0),
            "execution_duration": "1.5s",
            "state": "OK",
            "trace_metadata": {"mlflow.trace.sizeStats": '{"num_spans": 3}'},
            "tags": {},
            "assessments": [],
        }

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        number = int(trace_id, 16)
        ids = [encoded(f"{number:015x}{letter}") for letter in "abc"]
        return [
            {
                "trace_id": encoded(trace_id),
                "span_id": ids[part],
                **({"parent_span_id": ids[0]} if part else {}),
                "name": ("answer", "search", "model")[part],
                "start_time_unix_nano": 1_795_860_000_000_000_000 + part,
                "end_time_unix_nano": 1_795_860_001_000_000_000 + part,
                "status": {"code": "STATUS_CODE_OK"},
                "attributes": [
                    {"key": key, "value": {"string_value": value}}
                    for key, value in (
                        ("mlflow.traceRequestId", f"tr-{trace_id}"),
                        ("mlflow.spanType", ("CHAIN", "TOOL", "CHAT_MODEL")[part]),
                        ("mlflow.spanInputs", f"q{number}"),
                        ("mlflow.spanOutputs", f"a{number}"),
                    )
                ],
            }
            for part in range(3)
        ]


def encoded(hexed: str) -> str:
    return base64.b64encode(bytes.fromhex(hexed)).decode()


Choose = Callable[[str, int], str | None]
"""`(path, how often it was asked before)` -> the harm to do, or None."""


class Harmful(httpx.BaseTransport):
    """Answers as a world does, with the harm that is chosen."""

    def __init__(self, world: World, choose: Choose) -> None:
        self.world, self.choose = world, choose
        self.asked: dict[str, int] = {}
        self.first: dict[str, httpx.Response] = {}
        self.done = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        times = self.asked.get(path, 0)
        self.asked[path] = times + 1
        harm = self.choose(path, times)
        self.done += harm is not None
        if harm == "drop":
            raise httpx.ReadError("dropped")
        if harm in ("500", "429"):
            return httpx.Response(int(harm), text="no", headers={"retry-after": "0"})
        answer = self.world.answer(request)
        first = self.first.setdefault(path, answer)
        if harm == "cut json":
            return httpx.Response(200, content=answer.content[: len(answer.content) // 2])
        if harm == "repeated page":
            return httpx.Response(200, content=first.content, headers=answer.headers)
        if harm in ("short page", "empty page"):
            return self._shorter(answer, harm == "empty page")
        if harm == "insert":
            self.world.traces.append(f"{len(self.world.traces) + 1:032x}")
        return answer

    def _shorter(self, answer: httpx.Response, empty: bool) -> httpx.Response:
        body = answer.json()
        key = next((key for key in ("data", "traces") if isinstance(body.get(key), list)), None)
        if key is not None:
            body[key] = [] if empty else body[key][: len(body[key]) // 2]
        return httpx.Response(200, json=body, headers={"x-phoenix-server-version": "20.26.1"})
