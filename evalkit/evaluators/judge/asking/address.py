"""Address: what of an endpoint's URL is its base, its path and its query."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit, urlunsplit

PATH = "/chat/completions"


def address_of(url: str) -> tuple[str, str, dict[str, str]]:
    """Return (base, path, query) of an endpoint; Azure's address ends in a query of its own."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    base = urlunsplit((parts.scheme, parts.netloc, path.removesuffix(PATH), "", ""))
    return base, PATH, dict(parse_qsl(parts.query))
