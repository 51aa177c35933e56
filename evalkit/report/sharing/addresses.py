"""Addresses: links inside of a report, and labels that were cut, as they may leave."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import quote, quote_plus, unquote, unquote_plus

CUT = re.compile(r"[^\s\"]{0,60}\u2026[^\u2026\r\n]{20,60} (?=#[0-9a-f]{4}(?![0-9a-f]))")


class Cleaning(Protocol):
    """Knows what becomes of texts and ids."""

    def text(self, text: str) -> str:
        """Return a text as it may be shown."""

    def ident(self, identifier: str) -> str:
        """Return an id as it may be shown."""


def labels(text: str) -> str:
    """Take the rest out of labels whose value was too long: what it says cannot be judged."""
    return CUT.sub("\u2026 ", text) if "\u2026" in text else text


def address(link: str, clean: Cleaning) -> str:
    """Hash the id in the address of a run; what follows is made of names and numbers."""
    head, _, tail = link.partition("?")
    kind, slash, identifier = head.rpartition("/")
    if kind in ("#/run", "#/example"):
        head = f"{kind}/{quote(clean.ident(unquote(identifier)), safe='')}"
    elif slash:
        head = f"{kind}/{identifier}"
    return head + ("?" + "&".join(_shown(each, clean) for each in tail.split("&")) if tail else "")


def _shown(parameter: str, clean: Cleaning) -> str:
    """Clean one parameter of an address; one that may stay is written as it was."""
    plain = unquote_plus(parameter)
    shown = clean.text(plain)
    return parameter if shown == plain else quote_plus(shown, safe="=:,")
