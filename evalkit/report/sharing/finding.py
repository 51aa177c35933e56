"""Finding: every secret and personal datum of a text, each rule asked only where it can apply."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalkit.report.sharing import named, patterns, vendors

SIGNS = re.compile(r"[0-9@=:/\\<]|--")
"""Text without any of these holds nothing that is known by its form or its notation."""
DIGITS = re.compile(
    r"\d[\d .:()/-]{5,}|[0-9A-Fa-f:]{6,}|::|eyJ|-----|[\\/]|://|%2[Ff]|[A-Za-z]{2}\d\d"
)
NOTATION = re.compile(r"[=:><]|--?\w|\bis\b|[ \t][^\s]*\d")

END = 4_096
DATA = re.compile(r"[A-Za-z0-9+/=_-]{10000,}")
Place = tuple[int, int, str]


def places(text: str) -> tuple[Place, ...]:
    """Return what stands where, in order, without overlaps; the longest of what overlaps."""
    return _places(text) if SIGNS.search(text) else ()


def _places(text: str) -> tuple[Place, ...]:
    found = sorted(_in_parts(text), key=lambda each: (each[0], -each[1]))
    kept: list[Place] = []
    for start, end, kind in found:
        if kept and start < kept[-1][1]:
            if end > kept[-1][1]:
                kept[-1] = (kept[-1][0], end, kept[-1][2])
        elif end > start:
            kept.append((start, end, kind))
    return tuple(kept)


def _in_parts(text: str) -> Iterator[Place]:
    """Look at a text, of long unbroken data only at both ends: no key is as long as that."""
    if len(text) <= 2 * END:
        yield from _all(text)
        return
    at = 0
    for data in DATA.finditer(text):
        yield from _shifted(text[at : data.start() + END], at)
        at = data.end() - END
    yield from _shifted(text[at:], at)


def _shifted(part: str, by: int) -> Iterator[Place]:
    for start, end, kind in _all(part):
        yield by + start, by + end, kind


def _all(text: str) -> Iterator[Place]:
    if "@" in text:
        for start, end in patterns.mails(text):
            yield start, end, "e-mail"
    if DIGITS.search(text):
        yield from patterns.find(text)
    for start, end in vendors.find(text):
        yield start, end, "API key"
    if NOTATION.search(text):
        for start, end in named.find(text):
            yield start, end, "secret"
