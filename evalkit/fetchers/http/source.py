"""Asks a server over HTTP: one client for every source, with retries, limits and redaction."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from evalkit.errors import AuthenticationFailed, FetchError, SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound, Reply, TooLarge, decoded, detail_of
from evalkit.fetchers.http.asking import Ask, Failed
from evalkit.fetchers.http.attempts import (
    RETRIED_STATUS,
    UNSENT,
    Patience,
    Retryable,
    StillFailing,
    Trial,
    retry_after,
    transport_defect,
)
from evalkit.fetchers.http.bodies import Unpacked, pieces
from evalkit.fetchers.http.connections import Connections
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.redact import Redactor, secrets_of
from evalkit.fetchers.http.stats import HttpStats
from evalkit.fetchers.http.threads import Crew
from evalkit.fetchers.http.transport import httpx

DEFAULT_CONCURRENCY = 8
MAX_CONCURRENCY = 16
__all__ = ["HttpError", "HttpSource", "HttpStats", "NotFound", "Patience", "RateLimit", "Reply"]
Item = TypeVar("Item")
Answer = TypeVar("Answer")

Refuse = Callable[[int, httpx.Headers, bytes], None]
"""Sees a refusal first (status, headers, body) and may raise what it means; else it is as usual."""
Decode = Callable[[bytes | bytearray, httpx.Headers], Any]

log = logging.getLogger("evalkit.http")


class HttpSource:
    """One server, asked from several threads.

    `base_url` may carry a path prefix. `headers` go to that server only, never to another host.
    What may pass (429, 5xx, a dropped connection, a cut answer) is tried again within `patience`,
    obeying `Retry-After`; after a drop on a fresh connection. Raises AuthenticationFailed,
    NotFound, HttpError or SourceUnavailable; no message holds the value of a header. `refuse` and
    `decode` let a protocol say what its refusals and bodies mean.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        source: str,
        timeout: float = 30.0,
        verify: bool | str | ssl.SSLContext = True,
        cert: str | tuple[str, str] | None = None,
        proxy: str | None = None,
        limit: RateLimit | None = None,
        transport: httpx.BaseTransport | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        patience: Patience | None = None,
        sleep: Callable[[float], object] | None = None,
        refuse: Refuse | None = None,
        decode: Decode = decoded,
    ) -> None:
        own = {name: value.strip() for name, value in (headers or {}).items()}
        self.source = source
        self.base_url = base_url.rstrip("/")
        self.stats = HttpStats()
        self.concurrency = max(1, min(concurrency, MAX_CONCURRENCY))
        self.redact = Redactor(secrets_of(own, base_url, proxy))
        self._closing = threading.Event()
        # A sleeping thread must wake when the source is closed, or Ctrl-C would wait for it.
        self._sleep = sleep or self._closing.wait
        self._limit = limit or RateLimit()
        self._refusing, self._decode = refuse, decode
        self._crew = Crew(self.concurrency)
        self._seats = threading.BoundedSemaphore(self.concurrency)
        self._patience = patience or Patience()
        self._connections = Connections(
            self.base_url,
            own,
            timeout=timeout,
            verify=verify,
            cert=cert,
            proxy=proxy,
            transport=transport,
        )

    def __enter__(self) -> HttpSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Wake sleeping threads and drop every connection."""
        self._closing.set()
        self._crew.close()
        self._connections.close()

    def pause(self, seconds: float) -> None:
        """Wait, unless the source is closed meanwhile."""
        self._sleep(seconds)

    def get_json(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """GET `path` below the base URL and return the parsed body."""
        return self.request("GET", path, params=params).value

    def post_json(self, path: str, json: Any = None) -> Any:
        """POST `json` and return the parsed body; only for calls that may safely be repeated."""
        return self.request("POST", path, json=json).value

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
        most: int | None = None,
        failed: Failed | None = None,
    ) -> Reply:
        """Ask, with retries, and return the parsed body with the answer's headers.

        The body is `json`, or `content` of the type that `headers` name. `attempts` says how often
        this one request may be tried, where that is other than the patience of the source; an
        answer of over `most` bytes is not read to its end: `TooLarge`. `failed` hears of every
        attempt that may pass, and whether another follows.
        """
        content = content if json is None else orjson.dumps(json)
        extra = {"content-type": "application/json"} if content is not None else {}
        url = self.base_url + path
        sent = extra | dict(headers or {})
        return self._patiently(
            Ask(method, url, path, params, content, sent, attempts, most, failed), self._parsed
        )

    def stream_bytes(self, url: str) -> Iterator[bytes]:
        """Yield the bytes behind `url`: a path below the base URL, or a full address."""
        address = url if urlsplit(url).scheme else self.base_url + url
        shown = urlsplit(address)._replace(query="", fragment="").geturl()
        ask = Ask("GET", address, shown)
        response, stack = self._patiently(ask, self._opened)
        with stack:
            try:
                for chunk in pieces(response):
                    self.stats.add(size=len(chunk))
                    yield chunk
            except (httpx.TransportError, httpx.DecodingError, Unpacked) as error:
                said = str(error) if isinstance(error, Unpacked) else transport_defect(error)
                raise SourceUnavailable(self._message(ask, f"{said}. Try again.")) from None

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield `fn(item)` in order, `concurrency` at a time, never far ahead of the reader.

        The first error ends it; work that has not begun is dropped.
        """
        return self._crew.map(fn, items)

    def _patiently(self, ask: Ask, once: Callable[[Ask, bool], Answer]) -> Answer:
        patience = self._patience
        if ask.attempts is not None:
            patience = replace(patience, attempts=ask.attempts)
        trial = Trial(patience)
        while True:
            self._take_turn(ask)
            try:
                return once(ask, trial.dropped)
            except Retryable as error:
                seconds = trial.pause(error)
                if ask.failed is not None:
                    ask.failed(error, seconds is not None)
                if seconds is None:
                    said = self._message(ask, f"{error.what} {trial.summary(error)}")
                    raise StillFailing(said, status=error.status) from None
                self._on_pause(seconds, error.wait is not None)
            self._sleep(seconds)

    def _on_pause(self, seconds: float, told: bool) -> None:
        self.stats.add(retries=1)
        log.info("%s: trying again in %.1f s", self.source, seconds)
        if told:
            self._limit.pause(seconds)  # what the server told one thread holds for all

    def _take_turn(self, ask: Ask) -> None:
        if (seconds := self._limit.reserve()) > 0:
            self._sleep(seconds)
        if self._closing.is_set():
            raise FetchError(f"{self.source}: closed before {self.redact(ask.shown)} was asked.")

    def _parsed(self, ask: Ask, fresh: bool) -> Reply:
        with self._seats, ExitStack() as stack:
            response = self._open(ask, fresh, stack)
            body = self._read(ask, response)
        self.stats.add(size=len(body))
        if not body and response.status_code in (202, 204):
            return Reply(None, response.headers, 0)
        return Reply(self._decode(body, response.headers), response.headers, len(body))

    def _opened(self, ask: Ask, fresh: bool) -> tuple[httpx.Response, ExitStack]:
        with ExitStack() as stack:
            response = self._open(ask, fresh, stack)
            return response, stack.pop_all()

    def _open(self, ask: Ask, fresh: bool, stack: ExitStack) -> httpx.Response:
        """Send, and return the unread answer; `stack` closes what was opened for it."""
        try:
            send = self._connections.way(ask.url, fresh, stack)
            self.stats.add(requests=1)
            response = send(ask, stack)
        except httpx.UnsupportedProtocol as error:
            raise SourceUnavailable(self._message(ask, f"{transport_defect(error)}.")) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            unsent = isinstance(error, UNSENT)
            raise Retryable(transport_defect(error), dropped=True, unsent=unsent) from None
        except (httpx.InvalidURL, httpx.TooManyRedirects, ValueError) as error:
            raise SourceUnavailable(self._message(ask, f"cannot be asked ({error}).")) from None
        self._refuse(ask, response)
        return response

    def _read(self, ask: Ask, response: httpx.Response) -> bytes | bytearray:
        """Read the body within a total time: a server that drips must not hold us for ever."""
        deadline = time.monotonic() + self._patience.body
        body = bytearray()
        try:
            for chunk in pieces(response):
                body += chunk
                size = len(body)
                if ask.most is not None and size > ask.most:
                    raise TooLarge(self._message(ask, f"the answer is over {ask.most} bytes."))
                if size > self._patience.max_bytes:
                    said = (
                        f"the answer is over {self._patience.max_bytes} bytes. Use smaller pages."
                    )
                    raise SourceUnavailable(self._message(ask, said))
                if time.monotonic() > deadline:
                    raise Retryable(f"the body took over {self._patience.body:g} s", dropped=True)
        except Unpacked as error:
            raise SourceUnavailable(self._message(ask, str(error))) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Retryable(transport_defect(error), dropped=True) from None
        return body

    def _refuse(self, ask: Ask, response: httpx.Response) -> None:
        """Raise the error that a status code means; answers below 300 pass."""
        status = response.status_code
        if status < 300:
            return
        body: bytes | bytearray | None = None
        if self._refusing is not None:
            body = self._read(ask, response)
            self._refusing(status, response.headers, bytes(body))
        if status in RETRIED_STATUS or (status >= 500 and status != 501):  # 501 will not pass
            raise Retryable(f"HTTP {status}", wait=retry_after(response.headers), status=status)
        body = self._read(ask, response) if body is None else body
        detail = self.redact(detail_of(body))
        said = f"HTTP {status}" + (f" ({detail})" if detail else "")
        if status < 400:
            where = response.headers.get("location", "elsewhere")
            said += f", sent on to {where}. Set that address as the url"
        if status in (401, 403):
            said += ". Check the key and what it may read."
            raise AuthenticationFailed(self._message(ask, said))
        kind = NotFound if status in (404, 410) else HttpError
        raise kind(self._message(ask, f"{said}."), status=status, detail=detail)

    def _message(self, ask: Ask, said: str) -> str:
        return f"{self.source}: {self.redact(f'{ask.method} {ask.shown}: {said}', 600)}"
