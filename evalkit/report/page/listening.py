"""Listening: what local servers share: many clients, some that leave, some that say nothing."""

from __future__ import annotations

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

LOOPBACK = "127.0.0.1"
IDLE = 20.0
"""Seconds a connection may say nothing, and that sending an answer may take."""
WAITING = 128
"""Connections that may wait to be taken; with five, the operating system lets the next ones wait a
second and more."""


class LocalHttp(ThreadingHTTPServer):
    """A server on this machine; a client that leaves costs nobody a word."""

    daemon_threads = True
    request_queue_size = WAITING
    idle = IDLE

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that left or fell silent; print what else went wrong."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, whether or not the client still has it."""
        try:
            super().shutdown_request(request)
        except OSError:
            self.close_request(request)


class LocalHandler(BaseHTTPRequestHandler):
    """Answers one request a connection, and closes one that says nothing."""

    server_version = "evalkit"
    sys_version = ""
    server: LocalHttp

    def setup(self) -> None:
        """Send what is written at once, an answer is few pieces; wait for no silent client."""
        super().setup()
        self.connection.settimeout(self.server.idle)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: addresses hold the token."""


class Served:
    """A site on this machine whose address holds a token; a context manager."""

    def __init__(self, http: LocalHttp, token: str) -> None:
        self._http, self._token = http, token

    @property
    def url(self) -> str:
        """The address with its token; without the token nothing answers."""
        return f"http://{LOOPBACK}:{self._http.server_port}/{self._token}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.server_close()

    def serve_forever(self) -> None:
        """Answer until `stop` is called."""
        self._http.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """End `serve_forever`; call it from another thread."""
        self._http.shutdown()
