"""Keeps connections: one pool for our server, another, without our headers, for any other."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from evalkit.fetchers.http.asking import Ask
from evalkit.fetchers.http.bodies import ASKED
from evalkit.fetchers.http.lanes import LANE, Lanes
from evalkit.fetchers.http.transport import httpx

MOST_IDLE = 32


class Connections:
    """The httpx clients of one source; made when first needed, safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        verify: bool | str | ssl.SSLContext,
        cert: str | tuple[str, str] | None,
        proxy: str | None,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._origin = urlsplit(base_url)[:2]
        self._inside = "{}://{}/".format(*self._origin)
        self._headers = dict(headers)
        self._timeout = httpx.Timeout(timeout, pool=None)
        self._verify, self._cert, self._proxy = verify, cert, proxy
        self._transport = transport
        # Who asks limits how many connections there are: threads that wait inside httpcore for one
        # of a small pool have been seen to be given a closed one, or none for half a minute.
        self._limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_IDLE)
        self._lock = threading.Lock()
        self._pools: dict[bool, httpx.Client] = {}
        self._tls: ssl.SSLContext | None = None
        self._lane_tls: ssl.SSLContext | None = None
        self._lanes: Lanes | None = None
        # A client sees to proxies, and to a password that is part of the address.
        self._straight = not (proxy or "@" in self._origin[1] or getproxies())

    def way(
        self, url: str, fresh: bool, stack: ExitStack
    ) -> Callable[[Ask, ExitStack], httpx.Response]:
        """Return what sends a request to `url` and returns the unread answer, closed by a stack.

        `fresh`: on a connection of its own, since others of a pool may be as dead as the last.
        """
        if not fresh and self._is_ours(url):
            lanes = self._opened_lanes(url)
            if lanes is not None and lanes.open:
                return lanes.send
        return partial(_send, self.fresh(url, stack) if fresh else self.shared(url))

    def shared(self, url: str) -> httpx.Client:
        """Return the pooled client for `url`."""
        ours = self._is_ours(url)
        with self._lock:
            if ours not in self._pools:
                self._pools[ours] = self._new(ours)
            return self._pools[ours]

    def fresh(self, url: str, stack: ExitStack) -> httpx.Client:
        """Return a client without old connections, which `stack` closes."""
        if self._transport is not None:
            return self.shared(url)  # closing the client would close the caller's transport
        with self._lock:
            return stack.enter_context(self._new(self._is_ours(url)))

    def close(self) -> None:
        """Drop every pooled connection."""
        with self._lock:
            for client in self._pools.values():
                client.close()
            self._pools.clear()
            if self._lanes is not None:
                self._lanes.close()
                self._lanes = None

    def _opened_lanes(self, url: str) -> Lanes | None:
        if self._lanes is None and self._straight:
            client = self.shared(url)
            with self._lock:
                self._lanes = self._lanes or Lanes(client, self._new_lane)
        return self._lanes

    def _new_lane(self) -> httpx.BaseTransport:
        if self._transport is not None:
            return self._transport
        with self._lock:
            if self._lane_tls is None:
                # Without TLS one is asked for all the same; an empty one takes no time to make.
                empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                self._lane_tls = self._context(ours=True) or empty
            return httpx.HTTPTransport(verify=self._lane_tls, limits=LANE)

    def _is_ours(self, url: str) -> bool:
        return url.startswith(self._inside) or urlsplit(url)[:2] == self._origin

    def _new(self, ours: bool) -> httpx.Client:
        return httpx.Client(
            headers={
                "user-agent": "evalkit",
                "accept-encoding": ASKED,
                **(self._headers if ours else {}),
            },
            timeout=self._timeout,
            verify=self._context(ours),
            proxy=self._proxy if self._transport is None else None,
            transport=self._transport,
            follow_redirects=not ours,  # a redirect of ours would carry the key elsewhere
            limits=self._limits,
        )

    def _context(self, ours: bool) -> ssl.SSLContext | Literal[False]:
        if self._transport is not None or (ours and self._origin[0] != "https"):
            return False  # nothing to verify; building a context costs tens of milliseconds
        if isinstance(self._verify, ssl.SSLContext):
            return self._verify
        if self._tls is None:
            self._tls = self._new_context()
        return self._tls

    def _new_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(
            cafile=self._verify if isinstance(self._verify, str) else None
        )
        if self._verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._cert:
            context.load_cert_chain(*((self._cert,) if isinstance(self._cert, str) else self._cert))
        return context


def _send(client: httpx.Client, ask: Ask, stack: ExitStack) -> httpx.Response:
    request = client.build_request(
        ask.method, ask.url, params=ask.params, content=ask.content, headers=ask.headers
    )
    response = client.send(request, stream=True)
    stack.callback(response.close)
    return response
