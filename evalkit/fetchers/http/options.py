"""Keys every experiment on a server takes, and the door they open."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, HttpUrl, TypeAdapter

from evalkit.errors import ConfigError
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import (
    DEFAULT_CONCURRENCY,
    MAX_CONCURRENCY,
    HttpSource,
    Refuse,
)
from evalkit.fetchers.http.transport import httpx
from evalkit.model.schema.documented import Documented


def address(value: Any) -> str:
    """Return an http address without a slash at its end."""
    TypeAdapter(HttpUrl).validate_python(value)
    return str(value).rstrip("/")


class ServerOptions(Documented):
    """How a server is reached."""

    model_config = ConfigDict(extra="forbid")

    headers: dict[str, str] = Field(default_factory=dict)
    """Headers for every request; `$NAME` as a whole value stands for that environment variable."""
    api_key_env: str | None = None
    """Environment variable with the key, where it is another than usual."""
    concurrency: int = Field(DEFAULT_CONCURRENCY, ge=1, le=MAX_CONCURRENCY)
    """Requests at the same time."""
    requests_per_second: float | None = Field(None, gt=0)
    """Never ask faster than this."""
    timeout: float = Field(60, gt=0)
    """Seconds without an answer after which a request is tried again."""
    wait_seconds: float = Field(600, ge=0)
    """How long `--wait` waits for what has not ended."""
    verify: bool | str = True
    """Check TLS certificates; a path names a bundle of authorities."""
    cert: str | None = None
    """Client certificate (PEM with its key)."""
    proxy: str | None = None
    """Address of an HTTP proxy."""


Address = Annotated[str | None, BeforeValidator(lambda value: value and address(value))]


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


def own_headers(options: ServerOptions, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of the configuration, environment variables put in."""
    there = os.environ if environ is None else environ
    return {name: _resolved(value, there) for name, value in options.headers.items()}


def bearer(
    options: ServerOptions, usual: tuple[str, ...], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the headers to send: those of the config, and the key where none of them is one.

    `usual` names the variables that hold the key where `api_key_env` names none.
    """
    there = os.environ if environ is None else environ
    headers = own_headers(options, there)
    if any(name.lower() == "authorization" for name in headers):
        return headers
    names = (options.api_key_env,) if options.api_key_env else usual
    key = next((value for name in names if (value := there.get(name, "").strip(" \"'"))), "")
    if options.api_key_env and not key:
        raise ConfigError(f"api_key_env: {options.api_key_env} is not set. Set it to the key.")
    return {**headers, "authorization": f"Bearer {key}"} if key else headers


def _resolved(value: str, there: Mapping[str, str]) -> str:
    if not value.startswith("$"):
        return value
    found = there.get(value[1:].strip("{}"))
    if found is None:
        raise ConfigError(f"headers: {value} is not set. Set that environment variable.")
    return found
