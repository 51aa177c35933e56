"""Finding: every secret and personal datum of a text, each rule asked only where it can apply.

A gate says in one look which rules those are. For most texts there are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from evalkit.report.sharing import commands, languages, named, patterns, people, vendors
from evalkit.report.sharing.gate import Gate

END = 4_096
DATA = re.compile(r"[A-Za-z0-9+/=_-]{10000,}")
KNOWN = len(patterns.PATTERNS)
ASKED = (
    *(before for _, before, _, _ in patterns.PATTERNS),
    patterns.BEFORE_UUID,
    patterns.BEFORE_PHONE,
    patterns.BEFORE_MAIL,
    patterns.BEFORE_IBAN,
    patterns.BEFORE_HOME,
    vendors.BEFORE_ANY,
    named.BEFORE_ANY,
    commands.BEFORE_ANY,
    languages.BEFORE_ANY,
    people.BEFORE_NUMBERS,
    people.BEFORE_USERS,
)
"""What is asked of a text, in the order of the numbers that answer."""
FINDERS: dict[int, tuple[str, Callable[[str], Iterator[tuple[int, int]]]]] = {
    KNOWN + 1: ("phone number", patterns.phones),
    KNOWN + 2: ("e-mail", patterns.mails),
    KNOWN + 3: ("IBAN", patterns.ibans),
    KNOWN + 4: ("user", patterns.homes),
    KNOWN + 5: ("API key", vendors.find),
    KNOWN + 6: ("secret", named.find),
    KNOWN + 7: ("secret", commands.find),
    KNOWN + 8: ("secret", languages.find),
    KNOWN + 9: ("personal number", people.numbers),
    KNOWN + 10: ("user", people.users),
}
UUID = KNOWN
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
"""A point in time, which many fields are, holds nothing."""
LONGEST_TIME, SHORTEST = 35, 7
"""Characters of the longest of these, and of the longest of those."""
SHORT_WORD = re.compile(rf"[\w-]{{0,{SHORTEST}}}", re.ASCII)
"""No secret and no datum is so short without a sign in it."""
IDS_ALONE = re.compile(
    r"(?:(?:lc_run|run|call|msg|trace|span|thread|step)-{1,2})?"
    rf"{patterns.UUID.pattern}(?:[:/]{patterns.UUID.pattern})*"
)
"""Ids that are UUIDs, and nothing else; a library's word may stand before them."""
Place = tuple[int, int, str]


@cache
def _gate() -> Gate:
    return Gate(ASKED)


def asked(text: str) -> list[int]:
    """Return the numbers of what a text may hold; nothing for most."""
    return _gate().matching(text)


def places(text: str, may: Sequence[int] | None = None) -> tuple[Place, ...]:
    """Return what stands where, in order, without overlaps; the longest of what overlaps.

    `may` is what `asked` said of the text, where that is known.
    """
    may = asked(text) if may is None else may
    if not may:
        return ()
    found = _all(text, may) if len(text) <= 2 * END else list(_in_parts(text, may))
    found.sort(key=lambda each: (each[0], -each[1]))
    kept: list[Place] = []
    for start, end, kind in found:
        if kept and start < kept[-1][1]:
            if end > kept[-1][1]:
                kept[-1] = (kept[-1][0], end, kept[-1][2])
        elif end > start:
            kept.append((start, end, kind))
    return tuple(kept)


def _in_parts(text: str, may: Sequence[int]) -> Iterator[Place]:
    """Look at a long text, of unbroken data only at both ends: no key is as long as that."""
    at = 0
    for data in DATA.finditer(text):
        yield from _shifted(text[at : data.start() + END], at, may)
        at = data.end() - END
    yield from _shifted(text[at:], at, may)


def _shifted(part: str, by: int, may: Sequence[int]) -> Iterator[Place]:
    for start, end, kind in _all(part, may):
        yield by + start, by + end, kind


def _all(text: str, may: Sequence[int]) -> list[Place]:
    """Look for everything that may be there, for each kind in turn."""
    found: list[Place] = []
    for number in may:
        if number < KNOWN:
            found += patterns.find(text, number)
        elif number in FINDERS:
            kind, find = FINDERS[number]
            found += [(start, end, kind) for start, end in find(text)]
    return found
