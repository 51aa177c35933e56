"""Vendors: keys that are known by their own form, by the rule set of gitleaks.

`gitleaks.json` is gitleaks' own set (MIT; `gitleaks.LICENSE`), written for Python by
`tests/renew_gitleaks.py`; what it lacks is in `SURE` and
`LIKELY`, by the vendors' own descriptions. All rules are asked at once whether they may match
(`gate.py`); one that may is tried near its keywords, beside text without a break that is long
enough to be a key. So time grows with the text and not with the number of rules.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import log2

from evalkit.report.sharing.gate import Gate, widened

LONG = re.compile(r"[A-Za-z0-9_\-+/=.~|:$]{16,}")
"""Text without a break: shorter than this no key of a known form is."""
BEFORE, AFTER, WHOLE = 80, 420, 2_048
"""Characters looked at before a keyword and after it, and at both ends of unbroken text."""
DIGIT = re.compile(r"\d")
SIGNS = re.compile(r"[_.\-/:|~+=$]+")
NOISE = re.compile(r"[A-Za-z0-9+/_-]{32,}")
REST = re.compile(r"[A-Za-z0-9_\-+/=]*")

SURE = (
    r"\bwhsec_[A-Za-z0-9+/]{16,}",
    r"\bgh[pousr]_[A-Za-z0-9]{20,}",
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bgl(?:pat|rt|dt|ptt|ft|oas|cbt|imt|agent|soat|ffct)-[A-Za-z0-9_-]{18,}",
    r"\bls(?:v2_(?:pt|sk)|_)_[A-Za-z0-9_]{20,}",
    r"\bAIza[A-Za-z0-9_-]{30,}",
    r"\bya29\.[A-Za-z0-9_-]{16,}",
    r"\b1//0[A-Za-z0-9_-]{20,}",
    r"\bGOCSPX-[A-Za-z0-9_-]{16,}",
    r"\bpypi-AgE[A-Za-z0-9_-]{16,}",
    r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}",
    r"\bxapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{16,}",
    r"\bhttps://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]+",
    r"\bhttps://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]+",
    r"\bhttps://hooks\.zapier\.com/hooks/catch/\d+/\w+",
    r"\bhttps://[\w.-]+\.webhook\.office\.com/[\w@/-]+",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b",
    r"\b(?:ABSK|ATATT3|ATCTT3|ATBB)[A-Za-z0-9+/=_-]{20,}",
    r"\bshp(?:at|ss|ca|pa)_[A-Fa-f0-9]{20,}",
    r"\bsq0[a-z]{3}-[A-Za-z0-9_-]{20,}",
    r"\b\d{8,10}:AA[A-Za-z0-9_-]{30,}",
    r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
    r"\b[0-9a-f]{32}-us\d{1,2}\b",
    r"\bkey-[0-9a-f]{32}\b",
    r"\b[A-Za-z0-9]{3}[78]Q~[A-Za-z0-9_.~-]{31,34}",
    r"\bfc-[0-9a-f]{32}\b",
    r"\b(?:\w{2,8}_)?Fe26\.\d\*[\w*.~-]{16,}",
    r"(?i)\bage-secret-key-1[a-z0-9]{30,}",
    r"\b[12]/\d{10,20}(?:/\d{10,20})?:[0-9a-f]{32}\b",
    r"\baccess_token\$\w{1,16}\$[a-z0-9]{10,20}\$[0-9a-f]{32}\b",
    r"\b(?:AC|SK)[0-9a-f]{32}\b",
    r"\bbedrock-api-key-[A-Za-z0-9+/=]{30,}",
    r"\bocid1\.\w{1,30}\.[\w.-]{0,40}\.[a-z0-9]{40,}",
    r"\bSCW[A-Z0-9]{17}\b",
    r"\b[0-9a-f]{24}:[0-9a-f]{64}\b",
    r"\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b",
    r"\bBSA[A-Za-z0-9_-]{28}\b",
    r"\$(?:1|2[abxy]|5|6|7|8|9|y|gy|apr1|argon2\w{1,2}|scrypt)\$[A-Za-z0-9./+=,$-]{20,}",
    r"\b(?:xa[a-z]t|pat-[a-z]{2}\d|HRKU|sdk|mob|amzn\.mws|(?:access|public)-(?:sandbox|production|development))"
    r"[-.][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    r"\bhttps://open\.(?:feishu|larksuite)\.\w+/open-apis/bot/v2/hook/[\w-]+",
    r"\bhttps://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[\w-]+",
    r"\bsess-[A-Za-z0-9]{40}\b",
)
"""Forms that nothing else has."""
LIKELY = (
    r"\b[A-Za-z][A-Za-z0-9]{0,11}(?:[_.~-][A-Za-z0-9]{1,10}){0,3}[_.~-][A-Za-z0-9_~|+/=-]{16,}(?:\.[A-Za-z0-9_-]{16,})*",
    r"\b(?:dapi|hf|LTAI|AKID|EAAC|EAAM|EAAA|EZAK|EZTK|IGQV|oy2|sl|pat)[A-Za-z0-9._-]{14,}",
)
"""A short name and what looks random behind it: most vendors' keys are made so."""
IDS = re.compile(
    r"(?:chatcmpl|cmpl|call|toolu|tooluse|srvtoolu|msg|resp|rs|fc|ws|run|thread|asst|file|step|req"
    r"|gen|trace|span|batch|msgbatch|vs|id|item|event|evt|conv|conversation|session|sess|turn|part"
    r"|task|job|doc|chunk|node|ckpt|checkpoint|sample|example|ex|user|order|prod|commit|sha\d*|rev"
    r"|image|img|container|pod|uuid|lc|lc_run|functions?|tool|bedrock|modelcall|agent|worker)[-_:]",
    re.IGNORECASE,
)
"""What ids begin with: they are no keys, however random they are."""
FORMS = tuple((re.compile(each), each in SURE) for each in (*SURE, *LIKELY))
BEFORE_FORMS = (
    *(widened(each) for each in SURE),
    r"[A-Za-z0-9][_.~-][A-Za-z0-9_~|+/=-]{4}",
    widened(LIKELY[1]),
)
BEFORE_ANY = LONG.pattern
"""What a text must have before a form, noise, or any rule is looked for."""
FIRST = r"[\w.-]{0,50}?"
"""What most rules begin with, and what changes nothing on whether they match."""


def looks_random(text: str) -> bool:
    """Return whether some part of the text between its signs is no word and no plain number."""
    return any(map(_is_random, SIGNS.split(text)))


def is_key(text: str) -> bool:
    """Return whether a part of the text is as random as keys are: 16 characters or more."""
    return any(
        len(part) >= 16 and _is_random(part) and entropy(part) > 3.0 for part in SIGNS.split(text)
    )


def is_noise(text: str) -> bool:
    """Return whether text without a break is digits, small and large letters without order."""
    if len(text) < 32 or not DIGIT.search(text) or text in (text.lower(), text.upper()):
        return False
    turns = sum(kind(a) != kind(b) for a, b in pairwise(text))
    return turns * 3 > len(text) and entropy(text) > 4.2


def _is_random(part: str) -> bool:
    if len(part) < 10 or part.isdigit() or (part.isalpha() and (part.islower() or part.isupper())):
        return len(part) >= 24 and not part.isdigit() and entropy(part) > 3.6
    turns = sum(kind(a) != kind(b) for a, b in pairwise(part))
    return turns >= 3 and entropy(part) > 2.6


def kind(char: str) -> int:
    """Return whether a character is a digit, a small or a large letter, or none of them."""
    return 0 if char.isdigit() else 1 if char.islower() else 2 if char.isupper() else 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of gitleaks: beside which words it may match, and how random a match has to be."""

    name: str
    keywords: tuple[str, ...]
    entropy: float
    text: str

    def found(self, window: str) -> tuple[int, int] | None:
        """Return where the secret is in the window."""
        match = _compiled(self.text).search(window)
        if match is None:
            return None
        group = next((n for n in range(1, len(match.groups()) + 1) if match[n]), 0)
        if self.entropy and entropy(match[group]) < self.entropy:
            return None
        return match.span(group)


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    """Compile a rule when a text first asks for it: few do."""
    return re.compile(regex)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules, loaded when the first text with something long is cleaned."""
    text = (files("evalkit.report.sharing") / "gitleaks.json").read_text("utf-8")
    return tuple(
        Rule(name, tuple(keywords), least, regex)
        for name, keywords, least, regex in json.loads(text)["rules"]
    )


@cache
def _gate() -> Gate:
    texts = (rule.text.replace(FIRST, "", 1) for rule in rules())
    return Gate([NOISE.pattern, *BEFORE_FORMS, *map(widened, texts)])


def entropy(text: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character."""
    n = len(text)
    return -sum(count / n * log2(count / n) for count in Counter(text).values()) if n else 0.0


def find(text: str) -> Iterator[tuple[int, int]]:
    """Yield where keys of a known form stand in the text; places may overlap."""
    may = _gate().matching(text)
    noise, first_rule = 0 in may, 1 + len(FORMS)
    forms = [number - 1 for number in may if 0 < number < first_rule]
    chosen = _worded(text, [number - first_rule for number in may if number >= first_rule])
    windows: list[tuple[int, int]] = []
    for long in LONG.finditer(text) if noise or forms or chosen else ():
        if not DIGIT.search(long[0]):
            continue
        end = min(long.end(), long.start() + WHOLE)
        for part in NOISE.finditer(text, long.start(), end) if noise else ():
            if not IDS.match(part[0]) and is_noise(part[0]):
                yield part.span()
        for start, end in _ends(long.start(), long.end()):
            first = max(0, start - BEFORE)
            if windows and first <= windows[-1][1] < windows[-1][0] + WHOLE:
                windows[-1] = (windows[-1][0], end)
            else:
                windows.append((first, end))
    for start, end in windows if forms or chosen else ():
        yield from _formed(text[start:end], start, forms)
        yield from _ruled(text[start:end], start, chosen)


def _worded(text: str, numbers: Collection[int]) -> list[Rule]:
    """Return the rules of these numbers that have one of their words in the text."""
    lower = text.lower() if numbers else ""
    chosen = [rules()[number] for number in numbers]
    return [rule for rule in chosen if any(word in lower for word in rule.keywords)]


def _ends(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of unbroken text that are looked at: all of it, or both ends."""
    if end - start <= 2 * WHOLE:
        yield start, end
    else:
        yield from ((start, start + WHOLE), (end - WHOLE, end))


def _formed(window: str, offset: int, forms: Collection[int]) -> Iterator[tuple[int, int]]:
    for form, sure in (FORMS[number] for number in forms):
        for match in form.finditer(window):
            if sure or (not IDS.match(match[0]) and is_key(match[0])):
                yield offset + match.start(), offset + match.end()


def _ruled(window: str, offset: int, chosen: Iterable[Rule]) -> Iterator[tuple[int, int]]:
    lower = window.lower()
    for rule, keyword in ((each, word) for each in chosen for word in each.keywords):
        at = lower.find(keyword)
        while at >= 0:
            first = max(0, at - BEFORE)
            place = rule.found(window[first : at + AFTER])
            if place is not None:
                rest = REST.match(window, first + place[1])
                yield offset + first + place[0], offset + (rest.end() if rest else 0)
            at = lower.find(keyword, at + AFTER - BEFORE)
