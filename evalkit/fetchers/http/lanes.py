"""Lanes: our own server asked over one connection each, without what a client does for any server.

An httpx client parses each address twice, merges headers, keeps cookies and follows redirects: half
of what a request costs, where servers are near. None of it has work to do here. The request, its
answer and the transport are httpx's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from evalkit.fetchers.http.asking import Ask
from evalkit.fetchers.http.transport import httpx

LANE = httpx.Limits(max_connections=None, max_keepalive_connections=1)
MOST_KINDS = 64


class Lanes:
    """As many transports as there are requests at once; safe to share between threads.

    A pool of many connections looks at each of them for every request, a lane has one. They are
    `open` until the server sets a cookie: from then on the client is to be asked, which sends it.
    """

    def __init__(self, client: httpx.Client, new: Callable[[], httpx.BaseTransport]) -> None:
        self.open = True
        self._client, self._new = client, new
        self._extensions = {"timeout": client.timeout.as_dict()}
        self._headers: dict[tuple[tuple[str, str], ...], list[tuple[bytes, bytes]]] = {}
        self._idle: list[httpx.BaseTransport] = []
        """The one used last is taken first; the list's own methods are safe between threads."""
        self._every: list[httpx.BaseTransport] = []

    def send(self, ask: Ask, stack: ExitStack) -> httpx.Response:
        """Send a request and return the unread answer, which `stack` closes."""
        request = httpx.Request(
            ask.method,
            ask.url,
            params=ask.params,
            content=ask.content,
            headers=self._merged(ask.headers),
            extensions=self._extensions,
        )
        lane = self._take()
        stack.callback(self._idle.append, lane)  # when the answer is closed
        response = lane.handle_request(request)
        response.request = request
        stack.callback(response.close)
        if "set-cookie" in response.headers:
            self.open = False
            self._client.cookies.extract_cookies(response)
        return response

    def close(self) -> None:
        """Drop every connection."""
        for each in self._every:
            each.close()

    def _take(self) -> httpx.BaseTransport:
        try:
            return self._idle.pop()
        except IndexError:
            made = self._new()
            self._every.append(made)
            return made

    def _merged(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        key = tuple(headers.items())
        found = self._headers.get(key)
        if found is None:
            every = httpx.Headers(self._client.headers)
            every.update(headers)
            found = every.raw
            if len(self._headers) < MOST_KINDS:
                self._headers[key] = found
        return found
