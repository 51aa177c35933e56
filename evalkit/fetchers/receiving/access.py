"""Access: who may send: this machine, or whoever has the token."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping

from evalkit.fetchers.receiving.bodies import RefusedError

LOCAL = ("localhost", "127.0.0.1", "[::1]", "")


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_strangers(headers: Mapping[str, str], token: str | None) -> None:
    """Raise `RefusedError` for a request that may not come in.

    Without a token only this machine reaches the address; then the name it is asked under must be
    this machine's too, so that no web page can have its own name lead here.
    """
    if token is None:
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name.lower() not in LOCAL and not is_loopback(name):
            raise RefusedError(403, f"host {name[:80]!r} is not this machine")
        return
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secrets.compare_digest(
        given.strip().encode(), token.encode()
    ):
        raise RefusedError(401, "the token is missing or wrong: authorization=Bearer%20TOKEN in "
                           "OTEL_EXPORTER_OTLP_HEADERS")  # fmt: skip
