"""Named: values that are secrets because of the name before them, in any notation.

`COHERE_API_KEY=...`, `"refresh_token": "..."`, `<password>...</password>`, `--token ...`,
`AccountKey=...;`, `Cookie: ...`, `?sig=...`. A name that says it plainly makes any value a secret;
one that often means something else (`key`, `token`, `auth`) only a value that looks random.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from evalkit.report.sharing import apart, people
from evalkit.report.sharing.apart import MIXED
from evalkit.report.sharing.gate import Gate, widened
from evalkit.report.sharing.patterns import UUID
from evalkit.report.sharing.vendors import looks_random

PLAIN = (
    r"pass(?:word|wd|phrase|code|wort)|passwd|contrase(?:ñ|n|\\u00f1)a|mot[_-]?de[_-]?passe|pwd|secrets?"
    r"|(?:api|access|account|private|secret|shared|master|admin|signing|encryption|encrypt|crypt"
    r"|service|storage|instrumentation|subscription|license|licence|auth|client|application|consumer|webhook|deploy"
    r"|ssh|gpg|pgp|tls|ssl|session|jwt|hmac|aes|rsa)[_ .-]?(?:access[_ .-]?)?key"
    r"|(?:api|access|auth|refresh|id|bearer|session|csrf|xsrf|security|device|bot|app|client"
    r"|personal|oauth2?|push|reset|verification|invite|magic|webhook|service|sas|jwt|login|user"
    r"|private|secret|management|deploy|registry|root|agent|job|runner|installation|page|server)"
    r"[_ .-]?token|credentials?|creds|connection[_ .-]?string|sharedaccess(?:key|signature)"
    r"|sessid|mnemonic|seed[_ -]?phrase|recovery[_ -]?(?:code|phrase|key)"
    r"|one[_ -]?time[_ -]?password|totp|(?:erlang|auth|login|session)[ _-]?cookie"
    r"|security[_ -]?answer|secret[_ -]?answer"
    r"|senha|palavra[_-]?passe|wachtwoord|psk"
)
VAGUE = (
    r"sess(?:ion)?[_-]?id|tokens?|keys?|auth\w*|sig|signature|cookies?|sid|pin|pw|pass|bearer|salt"
    r"|nonce|dsn|hash|community|app_?id"
)
NAME = re.compile(rf"(?i)(?P<plain>{PLAIN})|(?P<vague>{VAGUE})")
TAIL = re.compile(r"[\w.-]{0,40}")
LINK = re.compile(
    r"(?:%2[27])?[\"'\\\]`]{0,4}[ \t]{0,4}(?:(?P<is>=>|:=|==?|:|\?=|%3[ADad](?:%2[27])?)|(?P<tag>>)"
    r"|(?P<word>(?:is|was|ist|lautet|es|est|é|è|\\u00e[89])(?!\w))"
    r"|(?P<comma>(?<=[\"']),)(?=[ \t]{0,4}\\?[\"'])|(?=[ \t]))"
    r"[ \t]{0,4}(?:\r?\n[ \t]{0,8})?(?P<quote>[\"'`\\(\[{]{0,4})"
)
CODES = re.compile(
    r"(?i)(?:\b|_|(?-i:(?<=[a-z])(?=[A-Z])))(?:otp|pin|cvv2?|cvc|tan|(?:one[_ -]?time|mfa|2fa"
    r"|login|verification|security|sms)"
    r"[_ -]?(?:code|pin|password))\b[\"']{0,3}[ \t]{0,3}(?:[:=]|\bis\b)?[ \t]{0,3}[\"']{0,3}"
    r"(?P<code>\d{3,8})\b"
)
VALUE = re.compile(r"[^\s\"'`,;&<>(){}\[\]\\]{4,512}")
SENTENCE = re.compile(r"[^\s\"'`,;&<>(){}\[\]\\]+[.!?]\Z")
HEADERS = re.compile(
    r"(?i)(?<![\w-])(?:set-)?cookie2?[\"']?[ \t]{0,3}:[ \t]{0,3}[\"']?(?P<a>[^\r\n\"']{4,4096})"
    r"|(?<![\w-])(?:proxy-|x-)?(?:authorization|authentication|auth)[\"']?[ \t]{0,3}[:=][ \t]{0,3}"
    r"[\"']?(?P<b>(?:(?:bearer|basic|token|apikey|negotiate|aws4-hmac-sha256|hmac|key|geniekey|splunk"
    r"|ssws|oauth|ntlm|bot|jwt|dpop)[ \t])"
    r"[^\r\n\"']{4,4096})"
    r"|(?<![\w-])(?:proxy-)?authorization[\"']?[ \t]{0,3}[:=][ \t]{0,3}[\"']?"
    r"(?P<d>digest[ \t](?:\w{1,16}=[\\\"]{0,3}[^\s\"\\,]{0,200}[\\\"]{0,3},?[ \t]{0,2}){1,12})"
    r"|(?<![\w-])(?:bearer|basic|token|apikey)[ \t]{1,3}(?P<c>[A-Za-z0-9._~+/=|-]{12,4096})"
)
HEADER = re.compile(
    r"(?i)(?<![\w-])(?:set-|proxy-|x-)?"
    r"(?:cookie2?|authorization|authentication|auth|bearer|basic|token|apikey)(?![\w-])"
)
LINES = re.compile(r":(?:\d{4,5}|\*):[\w*-]{1,64}:[\w.*-]{1,64}:(?P<value>[^\s\"'`,:\\]{6,128})")
"""Lines of a file of passwords of PostgreSQL: host, port, database, user, password."""
CORES = (
    *(
        "key",
        "token",
        "pass",
        "pwd",
        "secret",
        "cred",
        "connection",
        "sharedaccess",
        "sess",
        "auth",
    ),
    *(
        "mnemonic",
        "seed",
        "recovery",
        "totp",
        "sig",
        "cookie",
        "sid",
        "pin",
        "pw",
        "bearer",
        "basic",
    ),
    *("senha", "passe", "wachtwoord", "psk", "login"),
    *(
        "salt",
        "nonce",
        "dsn",
        "hash",
        "otp",
        "cvv",
        "cvc",
        "tan",
        "code",
        "contrase",
        "mot",
        "security",
        "community",
        "appid",
        "app_id",
    ),
)
"""Every name has one of them; only around them names are looked for."""
TELLING = re.compile(r"[=:><\d]")
"""What stands between a name and its value, or in the value; prose has none of it."""
AROUND = 40
HARMLESS = re.compile(
    r"(?i)\[?(?:none|null|nil|true|false|undefined|missing|invalid|required|optional|string|str|int"
    r"|redacted|removed|hidden|masked|example|changeme|todo|unknown|empty|default|x{3,}|\*{3,}|\.{3,}"
    r"|[<{$%(].*|env:.*|os\.environ.*|process\.env.*)\]?\Z"
)
FIELD = re.compile(rf"(?i)(?:{PLAIN})")
FIELD_VAGUE = re.compile(r"(?i)(?:^|[_.\s-])(?:token|auth(?:orization)?|cookies?)s?$")
FIELD_VAGUER = re.compile(
    r"(?i)(?:^|[_.\s-])(?:keys?|pin|pw|pass|sig|signature|sid|dsn|salt|nonce|community|sessionid)$"
)
FIELD_PASS = re.compile(r"(?i)(?:[_.-]|\b)(?:pass|pw)$")
CODE_FIELD = re.compile(r"(?i)(?:pin|otp|cvv2?|cvc|tan|pass(?:word|code)|secret)$")
HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


_LINKED = (
    r"[\w\x80-\xff.-]*(?:%2[27])?[\"'\\\]`]{0,4}[ \t]{0,4}(?:=>|:=|==?|:|\?=|>|,|%3[ADad]"
    r"(?:%2[27])?"
    r"|(?:is|was|ist|lautet|es|est|é|è|\\u00e[89])[^\w])"
    r"[ \t]{0,4}(?:\r?\n[ \t]{0,8})?[\"'`\\(\[{]{0,4}"
)
_FREE = r"[\w\x80-\xff.-]*[\"'\\\]`]{0,4}[ \t]{1,8}(?:\r?\n[ \t]{0,8})?[\"'`\\(\[{]{0,4}"
_PART = r"[^\s\"'`,;&<>(){}\[\]\\]"
_TELLING = rf"(?:{_PART}*\p{{Nd}}{_PART}*|{_PART}{{10}})"
BEFORE = (
    f"(?i)(?:{PLAIN}){_LINKED}{_PART}{{4}}",
    f"(?i)(?:{VAGUE}){_LINKED}{_TELLING}",
    f"(?i)(?:{PLAIN}|{VAGUE}){_FREE}{_TELLING}",
    *(widened(each.pattern) for each in (LINES, HEADERS, CODES)),
    *(widened(f"(?i)(?:{PLAIN}){each}") for each in apart.PAIRS),
)
"""What a text must have, one of these, before a name is looked for."""
BEFORE_ANY = "(?i)" + "|".join((*CORES, r":(?:\d{4,5}|\*):"))
"""What it must have before these are asked."""


@cache
def _gate() -> Gate:
    return Gate(BEFORE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values of named secrets stand in the text."""
    if not _gate().matching(text):
        return
    for line in LINES.finditer(text):
        if looks_random(line["value"]):
            yield line.span("value")
    for start, end in _spots(text):
        for begun in HEADER.finditer(text, start, end):
            header = HEADERS.match(text, begun.start())
            if header is None:
                continue
            place = header.span(header.lastgroup or 0)
            if header.lastgroup != "c" or looks_random(text[place[0] : place[1]]):
                yield place
        for code in CODES.finditer(text, start, end):
            yield code.span("code")
        done = start
        for name in NAME.finditer(text, start, end):
            value = (_after(text, name) or _apart(text, name)) if name.start() >= done else None
            if value is not None:
                yield value
                done = value[1]


def _spots(text: str) -> list[tuple[int, int]]:
    """Return the parts of a text that may hold a name, without overlaps."""
    lower = (text if text.isascii() else text.encode("ascii", "replace").decode()).lower()
    found = []
    for core in CORES:
        at = lower.find(core)
        while at >= 0:
            if TELLING.search(text, at, at + 3 * AROUND):
                found.append((max(0, at - AROUND), min(len(text), at + AROUND)))
            at = lower.find(core, at + len(core))
    found.sort()
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _after(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    """Return the value behind a name, when its notation and its form say that it is one."""
    tail = TAIL.match(text, name.end())
    link = LINK.match(text, tail.end() if tail else name.end())
    value = VALUE.match(text, link.end()) if link else None
    if link is None or value is None:
        return None
    plain = name["plain"] is not None and not link["comma"]
    if link["tag"] and text[name.start() - 1 : name.start()] not in ("<", ":", '"', "'"):
        plain = False
    assigned = link["is"] in ("=", ":=", "=>") or bool(link["quote"]) or bool(link["tag"])
    free = not (link["is"] or link["tag"])
    secret = _is_secret(value[0], plain=plain, assigned=assigned, free=free)
    return value.span() if secret else None


def _apart(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    return apart.value_of(text, name.end()) if name["plain"] else None


def _is_secret(value: str, *, plain: bool, assigned: bool, free: bool) -> bool:
    """Decide by the value: words and plain numbers are none, unless they are assigned to a name."""
    value = value.rstrip(".:")
    if not plain and UUID.fullmatch(value):
        return False
    if len(value) < 4 or HARMLESS.match(value):
        return False
    if looks_random(value):
        return True
    if not plain:
        return False
    mixed = sum((any(map(str.isdigit, value)), any(map(str.isalpha, value)), not value.isalnum()))
    if free:
        return mixed >= 2 and any(map(str.isdigit, value)) and len(value) >= 6
    return assigned or (mixed >= 2 and not SENTENCE.match(value))


def is_secret_field(name: str, value: object) -> bool:
    """Return whether a field's name makes its whole value a secret; counts and flags are none."""
    said = _said_by(name)
    if said == "nothing" or isinstance(value, bool | None):
        return False
    if isinstance(value, int | float):
        return said == "personal" or _is_code(name)
    if said == "plain":
        return not (isinstance(value, str) and HARMLESS.match(value.strip() or "none"))
    if said == "vaguer":
        return isinstance(value, str) and _is_value(name, value)
    if said == "personal":
        return True
    return isinstance(value, str | list)


def _is_value(name: str, value: str) -> bool:
    """Decide by the value of a name that often means something else."""
    if value.isdigit():
        return _is_code(name) and 3 <= len(value) <= 8
    if FIELD_PASS.search(name) and not value.isalpha() and MIXED.fullmatch(value):
        return True
    return looks_random(value) and not UUID.fullmatch(value)


def says_nothing(name: str) -> bool:
    """Return whether a field's name says nothing about its value."""
    return _said_by(name) == "nothing"


@lru_cache(maxsize=4_096)
def _is_code(name: str) -> bool:
    return CODE_FIELD.search(name) is not None


@lru_cache(maxsize=4_096)  # a report has few names and many fields
def _said_by(name: str) -> str:
    if UUID.fullmatch(name):  # no word is made of its letters, and each is another name
        return "nothing"
    plain = HUMPS.sub("_", name)
    if FIELD.search(plain):
        return "plain"
    if people.FIELD.search(plain):
        return "personal"
    if FIELD_VAGUER.search(plain):
        return "vaguer"
    if FIELD_VAGUE.search(plain):
        return "vague"
    return "vaguer" if CODE_FIELD.search(plain) else "nothing"
