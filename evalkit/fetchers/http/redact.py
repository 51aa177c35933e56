"""Keeps secrets and control characters out of every message and log line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "[redacted]"
HARMLESS = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Redactor:
    """Replace every known secret in a text, in the spellings a server may echo it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            spellings |= {secret, quote(secret, safe="")}
        # Longest first, so that no part of a secret outlives a shorter one.
        self._spellings = sorted((s for s in spellings if len(s) >= 4), key=len, reverse=True)

    def __call__(self, text: object, limit: int = 300) -> str:
        """Return `text` on one line without secrets, cut to `limit` characters."""
        line = str(text)
        for spelling in self._spellings:
            line = line.replace(spelling, HIDDEN)
        line = _CONTROL.sub(" ", line).strip()
        return line if len(line) <= limit else line[: limit - 1] + "…"


def secrets_of(headers: Mapping[str, str], *urls: str | None) -> list[str]:
    """Return what must not be shown: header values, and passwords inside URLs."""
    found: list[str] = []
    for name, value in headers.items():
        if name.lower() not in HARMLESS:
            found.append(value)
            # `Bearer abc`, `key=abc`: the part alone is as secret as the whole.
            found += [part for part in re.split(r"[\s,;=]+", value) if len(part) >= 6]
    for url in urls:
        password = urlsplit(url).password if url else None
        found += [password, unquote(password)] if password else []
    return found
