"""Runs the server: in a thread for tests, or as `python -m` a process for benchmarks."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from .answers import Answer
from .faults import Faults
from .routes import Routes
from .world import World


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Any

    def handle_any(self) -> None:
        faults: Faults = self.server.faults
        body = self._body()
        if faults.delay:
            time.sleep(faults.delay)
        if faults.drop_connections > 0 and self.command != "GET":
            faults.drop_connections -= 1
            self.close_connection = True
            self.connection.close()
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        faults.headers.append((f"{self.command} {parts.path}", headers))
        try:
            found = self.server.routes.answer(
                self.command, parts.path, parse_qs(parts.query), body, headers
            )
        except Answer as answer:
            found = answer
        except Exception as error:  # a bug of the server must show in the test, not hang it
            faults.unknown.append(f"{self.command} {self.path}: {error!r}")
            found = Answer(500, {"detail": repr(error)})
        self._send(found)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, answer: Answer) -> None:
        content = (
            answer.body
            if isinstance(answer.body, bytes)
            else orjson.dumps(answer.body, option=orjson.OPT_NON_STR_KEYS)
        )
        self.send_response(answer.status)
        headers = {
            "Content-Type": "application/json",
            **answer.headers,
            "Content-Length": str(len(content)),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class LangSmithServer:
    """A server on a free port of the loopback: `url`, `world`, `faults`; a context manager."""

    def __init__(self, world: World | None = None, backend: str = "v1", port: int = 0) -> None:
        self.world = world or World()
        self.faults = Faults()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.routes = Routes(self.world, self.faults, backend, self.url)
        self._http.faults, self._http.routes = self.faults, self.routes  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def backend(self) -> str:
        return self.routes.backend

    def __enter__(self) -> LangSmithServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def pages(self) -> int:
        """How many run queries were asked."""
        return sum(n for call, n in self.faults.calls.items() if call.endswith("/runs/query"))


def main() -> None:
    from .generated import generated_world

    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--runs", type=int, default=1000)
    reader.add_argument("--backend", choices=["v1", "dual", "v2"], default="v1")
    given = reader.parse_args()
    with LangSmithServer(generated_world(given.runs), given.backend) as server:
        session = next(iter(server.world.sessions.values()))
        ready = {"url": server.url, "experiment": session["name"], "id": session["id"]}
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
