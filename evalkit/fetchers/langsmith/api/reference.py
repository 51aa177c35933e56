"""Reads what a user calls the experiment: a name, an id, or the address of its page."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from evalkit.errors import ConfigError

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PAGE = re.compile(rf"/projects/p/({UUID.pattern})", re.IGNORECASE)


class Reference(NamedTuple):
    """Exactly one of both is set."""

    id: str | None
    name: str | None


def read_reference(text: str) -> Reference:
    """Tell a name from an id and an address; a compare page must have one experiment selected."""
    text = text.strip()
    if UUID.fullmatch(text):
        return Reference(text.lower(), None)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return Reference(None, text)
    selected = parse_qs(parts.query).get("selectedSessions", [])
    ids = [each for part in selected for each in UUID.findall(unquote(part))]
    page = PAGE.search(parts.path)
    if not ids and page:
        ids = [page[1]]
    if len(ids) == 1:
        return Reference(ids[0].lower(), None)
    said = (
        f"compares {len(ids)} experiments ({', '.join(ids)}). Name one of them."
        if ids
        else "names no experiment. Open the experiment's own page and copy its address."
    )
    raise ConfigError(f"langsmith: the address given as experiment {said}")
