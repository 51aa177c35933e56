"""A proxy that does harm: stands between the fetcher and a world, on real sockets."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from fetchers.langgraph.world import World

Choose = Callable[[str, int], str | None]
"""`(path, how often it was asked before)` -> the harm to do, or None."""


class Harm:
    """The ways to spoil an answer."""

    def __init__(self, world: World, choose: Choose) -> None:
        self.world, self.choose = world, choose
        self.asked: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.first: dict[str, bytes] = {}
        self.lock = threading.Lock()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        sent = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        path = handler.path.partition("?")[0]
        request = httpx.Request(handler.command, f"http://world{handler.path}", content=sent)
        with self.lock:
            harm = self.choose(path, self.asked[path])
            self.asked[path] += 1
            self.done[harm or "none"] += 1
            answer = self.world.answer(request)
            body = self._spoil(harm, path, answer.content)
        self._send(handler, harm, answer.status_code, body)

    def _spoil(self, harm: str | None, path: str, body: bytes) -> bytes:
        first = self.first.setdefault(path, body)
        if harm == "cut json":
            return body[: len(body) // 2]
        if harm == "repeated page":
            return first
        if harm in ("short page", "empty page") and body.startswith(b"["):
            items = json.loads(body)
            return json.dumps(
                items[: (len(items) + 1) // 2 if harm == "short page" else 0]
            ).encode()
        return body

    def _send(
        self, handler: BaseHTTPRequestHandler, harm: str | None, status: int, body: bytes
    ) -> None:
        refused = {"500": 500, "429": 429, "429 later": 429}
        if harm == "drop":
            handler.connection.close()
            handler.close_connection = True
            return
        if harm in refused:
            status, body = refused[harm], b"Internal Server Error"
        handler.send_response(status)
        if harm == "429 later":
            handler.send_header("retry-after", "1")
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        if harm == "half body":
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            handler.connection.close()
            handler.close_connection = True
            return
        for start in range(0, len(body), 500 if harm == "slow body" else max(len(body), 1)):
            handler.wfile.write(body[start : start + (500 if harm == "slow body" else len(body))])
            handler.wfile.flush()


@contextmanager
def harmful(world: World, choose: Choose) -> Iterator[tuple[str, Harm]]:
    """Serve `world` with the harm that `choose` chooses; yields the address."""
    harm = Harm(world, choose)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            harm.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", harm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
