"""A model on loopback that answers by rule, as OpenAI's chat API does, streams included."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WEATHER = {"Rome": "sunny", "Oslo": "rainy"}
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 100},
    "completion_tokens_details": {"reasoning_tokens": 12},
}


def reply(messages: list[dict[str, Any]], tools: list[Any]) -> dict[str, Any]:
    """Ask for the weather of every city named, in parallel; then say it."""
    last = messages[-1]
    text = last.get("content") or ""
    if isinstance(text, list):
        text = " ".join(part.get("text", "") for part in text)
    if last["role"] == "tool":
        said = [each["content"] for each in messages if each["role"] == "tool"]
        said = [each if isinstance(each, str) else each[0]["text"] for each in said]
        return {"role": "assistant", "content": "It is " + " and ".join(said) + "."}
    cities = [city for city in WEATHER if city in text]
    if tools and cities:
        name = tools[0]["function"]["name"]
        calls = [
            {
                "id": f"call_{city.lower()}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps({"city": city})},
            }
            for city in cities
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    return {"role": "assistant", "content": f"You said: {text}"}


class Handler(BaseHTTPRequestHandler):
    """Chat completions; a request that says `boom` is refused."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = asked["messages"]
        if "boom" in json.dumps(messages[-1]):
            refusal = {"error": {"message": "boom is not allowed", "type": "invalid_request"}}
            self._send(400, json.dumps(refusal).encode())
            return
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "gpt-4o-mini-2024-07-18",
        }
        message = reply(messages, asked.get("tools") or [])
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        if asked.get("stream"):
            self._send(200, self._stream(answer, message, finish), "text/event-stream")
            return
        choice = {"index": 0, "message": message, "finish_reason": finish}
        self._send(200, json.dumps({**answer, "choices": [choice], "usage": USAGE}).encode())

    def _stream(self, answer: dict[str, Any], message: dict[str, Any], finish: str) -> bytes:
        answer["object"] = "chat.completion.chunk"
        words = (message["content"] or "").split(" ")
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": word + " " * (at < len(words) - 1)} for at, word in enumerate(words)]
        ends: list[str | None] = [None] * len(deltas)
        chunks: list[dict[str, Any]] = [
            {**answer, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
            for delta, end in zip([*deltas, {}], [*ends, finish], strict=True)
        ]
        chunks.append({**answer, "choices": [], "usage": USAGE})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return "".join([*lines, "data: [DONE]\n\n"]).encode()

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def scripted_model() -> Iterator[str]:
    """Serve the model and yield the base address for clients."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
