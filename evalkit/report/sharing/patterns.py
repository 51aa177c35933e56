"""Patterns: what counts as a secret or as personal data, as patterns with their checks.

The patterns follow the vendors' own descriptions of their keys, RFC 7519 (JWT), RFC 7468 (keys in
PEM), ISO 13616 (IBAN, with its check digits) and ISO/IEC 7812 (card numbers, with Luhn's digit).
"""

from __future__ import annotations

import re
from collections.abc import Callable

Check = Callable[[str], bool]

SECRET_NAMES = re.compile(
    r"(?:^|[_\-.\s])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_\-]?key|auth(?:orization)?"
    r"|credentials?|cookie|session[_\-]?id|private[_\-]?key|access[_\-]?key)s?$",
    re.IGNORECASE,
)
"""Names of fields whose whole value is a secret."""
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


def luhn(text: str) -> bool:
    """Return whether the digits end in Luhn's check digit."""
    digits = [int(c) for c in text if c.isdigit()]
    total = 0
    for i, digit in enumerate(reversed(digits)):
        total += digit if i % 2 == 0 else sum(divmod(digit * 2, 10))
    return 13 <= len(digits) <= 19 and total % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Return whether the text is an IBAN: rearranged, it leaves 1 when divided by 97."""
    plain = re.sub(r"\s", "", text).upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _octets(text: str) -> bool:
    return all(int(part) <= 255 for part in text.split("."))


def _phone(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return 9 <= digits <= 15 and not re.fullmatch(r"\d{4}-\d\d-\d\d.*", text)


NAMED = r"api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|password|passwd|pwd|secret"
GROUP = r"[0-9a-f]{1,4}"
KINDS: dict[str, tuple[tuple[str, ...], Check | None]] = {
    "private key": (
        (
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?"
            r"(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
        ),
        None,
    ),
    "JWT": ((r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",), None),
    "API key": (
        (
            r"\b(?:sk|pk|rk)-(?:ant-|proj-|live-|test-|or-|svcacct-)?[A-Za-z0-9_-]{16,}",
            r"\b(?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}",
            r"\bgh[pousr]_[A-Za-z0-9]{30,}",
            r"\bgithub_pat_[A-Za-z0-9_]{30,}",
            r"\bglpat-[A-Za-z0-9_-]{18,}",
            r"\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}",
            r"\bls__[A-Za-z0-9]{20,}",
            r"\bAIza[A-Za-z0-9_-]{35}",
            r"\bya29\.[A-Za-z0-9_-]{20,}",
            r"\b(?:hf_|gsk_|xai-|r8_|npm_|pplx-)[A-Za-z0-9]{20,}",
            r"\bpypi-[A-Za-z0-9_-]{30,}",
            r"\bdop_v1_[a-f0-9]{40,}",
            r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
            r"\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]+",
            r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        ),
        None,
    ),
    "AWS key": ((r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}\b",), None),
    "AWS secret": (
        (r"(?i)aws_?(?:secret|session)[a-z_]*[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+=]{30,}",),
        None,
    ),
    "bearer token": ((r"(?i)\b(?:bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{16,}",), None),
    "password in a URL": ((r"(?<=://)[^\s/:@\"']{1,64}:[^\s/@\"']{1,128}(?=@)",), None),
    "secret": (
        (rf"(?i)\b(?:{NAMED})\b[\"']?\s*[:=]\s*[\"']?(?!\[)[^\s\"',;&}}{{\]]{{4,}}",),
        None,
    ),
    "e-mail": (
        (
            r"[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
            r"(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b",
        ),
        None,
    ),
    "IBAN": ((r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",), iban),
    "card number": ((r"\b\d(?:[ -]?\d){12,18}\b",), luhn),
    "social security number": (
        (r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b",),
        None,
    ),
    "IP address": ((r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)",), _octets),
    "IPv6 address": (
        (
            rf"(?i)(?<![\w:.])(?:{GROUP}:){{4,7}}{GROUP}(?![\w:])",
            rf"(?i)(?<![\w:])(?:{GROUP}:){{1,6}}:(?:{GROUP})?(?::{GROUP}){{0,5}}(?![\w:])",
        ),
        None,
    ),
    "phone number": (
        (
            r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?)(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}(?![\w-])",
            r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])",
            r"(?<![\w.+-])0\d{1,4}[ /-]\d{3,4}[ -]?\d{3,5}(?![\w-])",
        ),
        _phone,
    ),
}
PATTERNS: tuple[tuple[str, re.Pattern[str], Check | None], ...] = tuple(
    (name, re.compile(pattern), check)
    for name, (patterns, check) in KINDS.items()
    for pattern in patterns
)
