"""Apart: the value of a secret that does not stand right behind its name.

The looser the two hang together, the more a value has to look like a secret.
"""

from __future__ import annotations

import re

from evalkit.report.sharing.patterns import UUID
from evalkit.report.sharing.vendors import IDS, looks_random

MIXED = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{6,128}")
"""A word with letters and digits, as passwords are."""
PAIRS = (
    r"[\w.-]{0,40}[\\\"']{1,4}[ \t]{0,4},[ \t]{0,4}"
    r"[\\\"']{1,4}value[\\\"']{1,4}[ \t]{0,4}:[ \t]{0,4}[\\\"']{1,4}(?P<value>[^\s\"'\\,;]{4,512})",
    r"[\w.-]{0,40}[\\\"']{1,4}[ \t]{0,4}\{[^{}]{0,200}?\bdefault[ \t]{0,16}=[ \t]{0,4}"
    r"[\\\"']{1,4}(?P<value>[^\s\"'\\,;]{4,512})",
    r"[\w.]{0,40}[ \t]{0,4}(?:\r?\n|\\n)[^\r\n]{0,200}?\binput_value=[\\\"']{1,4}"
    r"(?P<value>[^\s\"'\\,;]{4,512})",
    r"[\"']{1,2}(?:;[^\r\n]{0,80})?(?:\r?\n){2}(?P<value>[^\s\"'\\]{4,512})",
    r"[\w.-]{0,40}[^\r\n<]{0,40}<<<[ \t]{0,4}[\\\"']{0,4}(?P<value>[^\s\"'\\,;]{4,512})",
    r"[\w.-]{0,40}[^\w\r\n]{1,10}(?:send|fill|type|text|input|set|enter|write|value)[\w.]{0,10}"
    r"[^\w\r\n]{1,8}(?P<mixed>[^\s\"'\\,;()]{6,512})",
    r"[\w.-]{0,40}[ \t:\w]{0,20}=[^\r\n;]{0,60}\([ \t]{0,4}[\"'][^\"'\r\n]{0,64}[\"'][ \t]{0,4},["
    r" \t]{0,4}[\"']"
    r"(?P<mixed>[^\s\"'\\,;()]{6,512})",
    r"[^\r\n,;{}\[\]]{1,60}?(?<![\w./:-])(?P<random>[\w!#%*+?@~.-]{10,128})(?![\w/:-])",
    r"[ \t:*_`|]{0,8}(?:\r?\n[ \t]{0,8}){1,2}[`*>|-]{0,4}[ \t]{0,4}(?P<random>[^\s\"'`,;"
    r"|]{10,128})[`*|]{0,4}[ \t]{0,8}"
    r"(?:\r?\n|\Z)",
)
"""What stands between: `{"name": "DB_PASSWORD", "value": "..."}`, the default of a variable of
Terraform, what pydantic says of a field on the line below it, a part of a form, what a shell reads
from a word, what is typed into a field, the default of a getter; a sentence or a table, a line."""
PAIRED = tuple(re.compile(f"(?i){each}") for each in PAIRS)


def value_of(text: str, at: int) -> tuple[int, int] | None:
    """Return the value that belongs to a name which ends at `at`, and stands in another place."""
    for pair in PAIRED:
        match = pair.match(text, at)
        if match is not None and _stands(match[match.lastgroup or 0], match.lastgroup):
            return match.span(match.lastgroup or 0)
    return None


def _stands(value: str, how: str | None) -> bool:
    if how == "value":
        return True
    if how == "mixed":
        return MIXED.fullmatch(value) is not None
    if not any(map(str.isdigit, value)):
        return False
    return looks_random(value.rstrip(".")) and not IDS.match(value) and not UUID.fullmatch(value)
