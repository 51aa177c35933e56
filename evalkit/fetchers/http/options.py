"""Keys every experiment on a server takes, and the door they open."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from pydantic import Field

from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.keys import with_key
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import (
    DEFAULT_CONCURRENCY,
    MAX_CONCURRENCY,
    HttpSource,
    Refuse,
)
from evalkit.fetchers.http.transport import httpx
from evalkit.fetchers.options import Proxy, Rate, SourceOptions, Timeout, Wait


class ServerOptions(SourceOptions):
    """How a server is reached."""

    headers: dict[str, str] = Field(default_factory=dict)
    """Headers for every request; `$NAME` as a whole value stands for that environment variable."""
    api_key_env: str | None = None
    """Environment variable with the key, where it is another than usual."""
    concurrency: int = Field(DEFAULT_CONCURRENCY, ge=1, le=MAX_CONCURRENCY)
    """Requests at the same time."""
    requests_per_second: Rate | None = None
    """Never ask faster than this."""
    timeout: Timeout = 60
    """Seconds without an answer after which a request is tried again."""
    wait_seconds: Wait = 600
    """How long `--wait` waits for what has not ended."""
    verify: bool | str = True
    """Check TLS certificates; a path names a bundle of authorities."""
    cert: str | None = None
    """Client certificate (PEM with its key)."""
    proxy: Proxy = None
    """Address of an HTTP proxy."""


def open_source(
    options: ServerOptions,
    url: str,
    headers: Mapping[str, str],
    *,
    source: str,
    transport: httpx.BaseTransport | None = None,
    patience: Patience | None = None,
    sleep: Callable[[float], object] | None = None,
    refuse: Refuse | None = None,
) -> HttpSource:
    """Return the server at `url`, reached as the options say."""
    rate = options.requests_per_second
    return HttpSource(
        url,
        headers,
        source=source,
        timeout=options.timeout,
        verify=options.verify,
        cert=options.cert,
        proxy=options.proxy,
        limit=RateLimit(rate) if rate else None,
        transport=transport,
        concurrency=options.concurrency,
        patience=patience,
        sleep=sleep,
        refuse=refuse,
    )


def bearer(
    options: ServerOptions, usual: tuple[str, ...], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the headers to send: those of the config, and the key where none of them is one."""
    there = os.environ if environ is None else environ
    said = ("authorization",)
    return with_key(options, usual, there, header=said[0], said_by=said, form="Bearer {}")
