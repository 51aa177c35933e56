"""Listening: what local servers share: many clients, some that leave, some that say nothing."""

from __future__ import annotations

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
