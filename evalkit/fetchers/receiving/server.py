"""Server: OTLP over HTTP on one address; a request is answered when it is on the disk."""

from __future__ import annotations

import socket
import socketserver
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread

from evalkit.errors import ConfigError
from evalkit.fetchers.files.reading.paths import RECORD_LIMIT
from evalkit.fetchers.receiving.access import is_loopback, refuse_strangers
from evalkit.fetchers.receiving.answers import Answer, refused, stored
from evalkit.fetchers.receiving.bodies import (
    JSON,
    PROTOBUF,
    RefusedError,
    received,
    unpacked,
)
from evalkit.fetchers.receiving.exchange import Exchange, Request
from evalkit.fetchers.receiving.journal import Journal

CONNECTIONS, AT_ONCE = 128, 4
"""Senders that are listened to, and bodies that are unpacked at the same time."""
IDLE = 120.0
"""Seconds a connection may be silent."""
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses to listen on that nobody can send to."""
GRPC = (
    "a sender speaks gRPC, which is not received here: set "
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf there"
)
ELSEWHERE = "evalkit receives /v1/traces and /v1/logs"


class Receiver:
    """Receives OTLP over HTTP and keeps it in a folder; a context manager.

    `told` hears, once each, what a user should know of senders that cannot be understood.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 4318,
        token: str | None = None,
        told: Callable[[str], None] = print,
    ) -> None:
        if token is None and not is_loopback(host):
            raise ConfigError(f"receive: {host} is reached from elsewhere: that needs a token.")
        self.counts: Counter[str] = Counter()
        self._token, self._told, self._said = token, told, set[str]()
        self._lock, self._busy = Lock(), BoundedSemaphore(AT_ONCE)
        self.host = host
        self._http = _listening(host, port, self._connected)
        try:
            self.journal = Journal(folder)
        except BaseException:
            self._http.server_close()
            raise
        self._thread = Thread(target=self._http.serve_forever, args=(0.1,), daemon=True)

    @property
    def url(self) -> str:
        """The address to send to."""
        host = socket.gethostname() if self.host in EVERYWHERE else self.host
        named = f"[{host}]" if ":" in host else host
        return f"http://{named}:{self._http.server_address[1]}"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self.journal.close()

    def _connected(self, sock: socket.socket) -> None:
        sock.settimeout(IDLE)
        exchange = Exchange(sock, self._answer)
        exchange.run()
        if exchange.spoke_http2:
            self._say(GRPC)

    def _answer(self, request: Request) -> Answer:
        kind = PROTOBUF if request.kind == PROTOBUF else JSON
        try:
            refuse_strangers(request.headers, self._token)
            return self._taken(request)
        except RefusedError as error:
            self._count(refused=1)
            if error.status != 404:
                self._say(f"refused with {error.status}: {error.why}")
            return refused(kind, error.status, error.why)
        except OSError as error:
            self._say(f"cannot be stored now: {error.strerror or error}; senders try again")
            return refused(kind, 503, f"cannot be stored now: {error.strerror or error}")

    def _taken(self, request: Request) -> Answer:
        signal = request.path.removeprefix("/v1/")
        if not request.path.startswith("/v1/") or signal not in ("traces", "logs", "metrics"):
            raise RefusedError(404, f"{request.path[:80]}: {ELSEWHERE}")
        if request.method != "POST":
            raise RefusedError(405, "only POST is answered")
        if request.kind not in (JSON, PROTOBUF):
            raise RefusedError(
                415, f"content type {request.kind[:60]!r} is not {PROTOBUF} or {JSON}"
            )
        if signal == "metrics":
            return stored(request.kind, 1, "DataPoints", f"metrics are not kept: {ELSEWHERE}")
        body = request.body()
        with self._busy:
            encoding = request.headers.get("content-encoding", "").strip().lower()
            found = received(signal, request.kind, unpacked(body, encoding))
        if len(found.line) > RECORD_LIMIT:
            raise RefusedError(413, f"more than {RECORD_LIMIT / 1e6:g} MB as JSON; send less at "
                               "once (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)")  # fmt: skip
        if found.line:
            self.journal.append(found.line)
        self._count(requests=1, spans=found.spans, ended=found.roots, rejected=found.rejected)
        return stored(request.kind, found.rejected, why="no usable trace or span id")

    def _count(self, **more: int) -> None:
        with self._lock:
            self.counts.update(more)

    def _say(self, text: str) -> None:
        """Say something to the user once."""
        with self._lock:
            new = text not in self._said and len(self._said) < 100
            self._said.add(text) if new else None
        if new:
            self._told(text)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(
        self, address: tuple[str, int], connected: Callable[[socket.socket], None]
    ) -> None:
        self._connected, self._free = connected, BoundedSemaphore(CONNECTIONS)
        super().__init__(address, socketserver.BaseRequestHandler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        if self._free.acquire(timeout=5):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        try:
            self._connected(request)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: a sender that left is no event."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _listening(host: str, port: int, connected: Callable[[socket.socket], None]) -> _Server:
    kind = _Server6 if ":" in host else _Server
    try:
        return kind((host.strip("[]"), port), connected)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"receive: {host}:{port} cannot be listened on ({getattr(error, 'strerror', error)}). "
            "Choose another --port; 0 takes a free one."
        ) from None
