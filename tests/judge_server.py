"""A local server that speaks OpenAI's chat completions, with the faults real ones have."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


def completion(content: Any, *, tokens: tuple[int, int] | None = (100, 20), **choice: Any) -> Reply:
    """Return a 200 with one choice; keyword arguments go into the choice."""
    message = {"role": "assistant", "content": content, **choice.pop("message", {})}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "served-model",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
    }
    if tokens is not None:
        body["usage"] = {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        }
    return 200, {}, json.dumps(body).encode()


def verdict(said: Any, reasoning: str = "because", **more: Any) -> Reply:
    return completion(json.dumps({"reasoning": reasoning, "verdict": said}), **more)


def fault(status: int, message: str = "no", **headers: str) -> Reply:
    return status, headers, json.dumps({"error": {"message": message}}).encode()


@dataclass
class JudgeServer:
    """What was asked, and how to answer the next request: a list, then the last one again."""

    url: str = ""
    answers: list[Reply | Callable[[dict[str, Any]], Reply]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    hold: threading.Barrier | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        with self.lock:
            self.asked.append(body)
            self.headers.append(headers)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            chosen = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.hold is not None:
            self.hold.wait(timeout=20)
        reply = chosen(body) if callable(chosen) else chosen
        with self.lock:
            self.at_once -= 1
        return reply


@contextmanager
def serving(*answers: Reply | Callable[[dict[str, Any]], Reply]) -> Iterator[JudgeServer]:
    state = JudgeServer(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            path, _, query = self.path.partition("?")
            assert path == "/v1/chat/completions", self.path
            if query:
                state.queries.append(query)
            status, headers, body = state.answer(
                json.loads(raw), {name.lower(): value for name, value in self.headers.items()}
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
