"""Exchange: requests and answers on one connection; h11 knows HTTP, this reads and writes bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11

from evalkit.fetchers.receiving.answers import Answer, refused
from evalkit.fetchers.receiving.bodies import JSON, MOST_BYTES, RefusedError

STEP = 1 << 18
DRAIN = 1 << 24
"""Bytes of a refused body that are read and dropped, so that its sender gets to read why."""
HTTP2 = b"PRI * HTTP/2"


@dataclass(slots=True)
class Request:
    """A request; its body is read when it is asked for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Callable[[], bytes]

    @property
    def kind(self) -> str:
        """The content type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Exchange:
    """Answers what comes on a socket until its sender leaves."""

    def __init__(self, sock: socket.socket, answer: Callable[[Request], Answer]) -> None:
        self._sock, self._respond = sock, answer
        self._link = h11.Connection(h11.SERVER)
        self.spoke_http2 = False
        """Whether it began as a sender of gRPC does."""

    def run(self) -> None:
        """Answer one request after another; a sender that breaks off ends it."""
        with suppress(OSError, h11.LocalProtocolError):
            while self._one():
                self._link.start_next_cycle()

    def _one(self) -> bool:
        """Answer one request; tells whether another may follow."""
        try:
            event = self._event()
            if not isinstance(event, h11.Request):
                return False
            answer = self._respond(self._request(event))
            self._drop_rest(DRAIN)
        except h11.RemoteProtocolError as error:
            if self._link.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return False
            answer = refused(JSON, 400, str(error))
        self._send(answer)
        return self._link.our_state is h11.DONE and self._link.their_state is h11.DONE

    def _request(self, event: Any) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        path = event.target.decode("latin-1").partition("?")[0]
        return Request(event.method.decode("latin-1"), path, headers, self._body)

    def _body(self) -> bytes:
        """Return the body, in chunks or of a stated length, held below `MOST_BYTES`."""
        parts, size = [], 0
        while not isinstance(event := self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                size += len(event.data)
            elif isinstance(event, h11.ConnectionClosed):
                raise OSError("the sender left in the middle of a request")
            if size > MOST_BYTES:
                raise RefusedError(413, f"more than {MOST_BYTES / 1e6:g} MB in one request")
        return b"".join(parts)

    def _drop_rest(self, most: int) -> None:
        """Read and drop what is left of a body that was refused before it was read."""
        while self._link.their_state is h11.SEND_BODY and most > 0:
            event = self._event()
            if isinstance(event, h11.ConnectionClosed):
                return
            most -= len(event.data) if isinstance(event, h11.Data) else 0

    def _event(self) -> Any:
        while (event := self._link.next_event()) is h11.NEED_DATA:
            if self._link.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                self._sock.sendall(self._link.send(go_on) or b"")
            data = self._sock.recv(STEP)
            self.spoke_http2 |= data.startswith(HTTP2)
            self._link.receive_data(data)
        return event

    def _send(self, answer: Answer) -> None:
        head: list[tuple[str, str]] = [
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        ]
        if self._link.their_state is not h11.DONE:
            head.append(("Connection", "close"))
        reason = HTTPStatus(answer.status).phrase.encode()
        out = (
            self._link.send(h11.Response(status_code=answer.status, headers=head, reason=reason))
            or b""
        )
        out += self._link.send(h11.Data(data=answer.body)) or b""
        self._sock.sendall(out + (self._link.send(h11.EndOfMessage()) or b""))
