"""Patterns: secrets and personal data that are known by their form, with their checks.

The patterns follow RFC 7519 (JWT), RFC 7468 (keys in PEM), ISO 13616 (IBAN, with the lengths of
its registry and its check digits), ISO/IEC 7812 (card numbers, with Luhn's digit) and E.164. Each
starts only where what it repeats starts, so that none takes longer than the text is long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain

from evalkit.report.sharing.gate import Gate, widened

Check = Callable[[str], bool]

UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
IBANS = dict(
    re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29"
        "ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20"
        "LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29"
        "PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20",
    )
)
"""Length of an IBAN by country, of the registry of ISO 13616."""
IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d{2}(?=[ -]?[A-Za-z0-9])")


def luhn(text: str) -> bool:
    """Return whether the digits end in Luhn's check digit."""
    digits = [int(c) for c in text if c.isdigit()]
    total = 0
    for i, digit in enumerate(reversed(digits)):
        total += digit if i % 2 == 0 else sum(divmod(digit * 2, 10))
    return 13 <= len(digits) <= 19 and total % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Return whether the text is an IBAN: rearranged, it leaves 1 when divided by 97."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where IBANs stand, in groups of any size."""
    for match in IBAN_START.finditer(text):
        length = int(IBANS.get(text[match.start() : match.start() + 2].upper(), 0))
        at, seen = match.start(), 0
        while seen < length and at < len(text) and at - match.start() < 60:
            if text[at].isascii() and text[at].isalnum():
                seen += 1
            elif text[at] not in " -\u00a0":
                break
            at += 1
        ended = at == len(text) or not text[at].isalnum()
        if length and seen == length and ended and iban(text[match.start() : at]):
            yield match.start(), at


def _octets(text: str) -> bool:
    return all(int(part) <= 255 for part in text.split("."))


DATE = re.compile(
    r"(?:1[89]|2[01])\d\d[-/. ](?:0?\d|1[0-2])[-/. ](?:[0-2]?\d|3[01])(?!\d).*"
    r"|(?:[0-2]?\d|3[01])[-/. ](?:[0-2]?\d|3[01])[-/. ]\d{4}.*"
)


def _phone(text: str) -> bool:
    digits = sum(c.isdigit() for c in text.lower().partition("x")[0])
    return 8 <= digits <= 15 and not DATE.fullmatch(text)


GROUP = r"[0-9a-f]{1,4}"
WORD = r"[^\W_](?:[\w-]*[^\W_])?"
DOMAIN = re.compile(rf"@{WORD}(?:\.{WORD})*\.[^\W\d_]{{2,24}}(?![\w-])")
LOCAL = re.compile(r"[\w.%+'!#$&*/=?^`{|}~-]{1,64}\Z")
SPELT = re.compile(
    r"(?i)(?<![\w.+-])[\w.+-]{2,64}[ ]?[\[({<][ ]?at[ ]?[\])}>][ ]?"
    r"[\w-]{1,64}(?:[ ]?(?:\.|[\[({<][ ]?dot[ ]?[\])}>])[ ]?[\w-]{2,64}){1,4}"
)
"""An address with its signs written out: `name [at] example [dot] org`."""
AT = re.compile(r"(?i)[\[({<] ?at ?[\])}>]")
HOME = re.compile(
    r"(?i)(?:(?:/(?:home|users|export/home|var/home|usr/home|u/users|mnt/c/users|c/users)/)"
    r"|(?:\b[a-z]:[\\/]{1,4}(?:users|documents and settings|benutzer)[\\/]{1,4})"
    r"|(?:\\{1,4}(?:users|homes?|profiles)\$?\\{1,4})"
    r"|(?:%2fhome%2f|%2fusers%2f|%5cusers%5c|/(?:run/)?media/(?=[^/\s]{1,64}/)|/var/(?:spool/)?mail/|/crontabs/"
    r"|\bhdfs://[^/\s]{0,64}/user/))(?P<user>[^\\/\s:\"'<>|%;,)\]}]{1,64})"
)
OWNER = re.compile(
    r"(?:(?<![\w~/.])~|[bcdlps-](?:[r-][w-][xsStT-]){3}[.+@]?[ \t]{1,4}\d{1,6}[ \t]{1,4})"
    r"(?P<user>[a-z_][a-z0-9_-]{2,31})(?:/|[ \t])"
)
"""Whose home it is in `~name/`, and whose file in what `ls -l` prints."""
EVERYBODY = frozenset(
    {"root", "www-data", "public", "shared", "default", "all", "runner", "app", "user", "[user]"}
)
"""Folders below the homes that name nobody."""
PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----)[\s\S]){0,20000}(?:-----END [A-Z0-9 ]{0,40}-----)?"
)
PHONES = (
    r"(?<![\w.+-])(?:\+|00)[1-9]\d{0,2}[ ./\u00a0-]{0,2}(?:\(0?\d{0,4}\)[ .-]?)?"
    r"(?:\d{1,5}[ ./\u00a0-]?){1,6}\d{2,5}(?![\w-])",
    r"(?<![\w.+-])(?:1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?:[ ,]{1,2}(?:ext|x)[. ]{0,2}\d{1,6})?"
    r"(?![\w-])",
    r"(?i)\b(?:wa\.me/|whatsapp\.com/send\?phone=)\+?\d{8,15}(?!\d)",
    r"(?<![\w.+-])\(0?\d{1,5}\)[ /-]?\d{3,5}[ -]?\d{3,5}(?![\w-])",
    r"(?<![\w.+-])0\d{1,4}(?:[ /-]\d{2,8}){1,4}(?![\w.-]?\d)",
    r"(?<![\w.+/-])(?:0[1-9]\d{8,9}|1[3-9]\d{9}|01[0125]\d{8})(?![\w.-])",
    r"(?<![\w.+-])[5-9]\d{4}[ -]\d{5}(?![\w.-])",
    r"(?<![\w.+-])[67]\d{2}(?:[ -]\d{3}[ -]\d{3}|(?:[ -]\d\d){3})(?![\w.-])",
    r"(?i)\b(?:tel|tele(?:fono?|phone)|phone|mobile|handy|cell|call|fax|whatsapp)"
    r"(?:\.|[ .]no\.?| number)?(?: is)?"
    r"[:\s]{1,3}\(?\+?\d[\d ()/.-]{5,18}\d(?![\w-])",
)
BY_HAND = {PEM: "PRIVATE KEY"}
"""What a text must have before a pattern is tried that is too long to be written for the gate."""
KINDS: dict[str, tuple[tuple[str, ...], Check | None]] = {
    "private key": (
        (
            PEM,
            r"(?i)putty-user-key-file-\d:[\s\S]{0,8000}",
        ),
        None,
    ),
    "JWT": ((r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}",), None),
    "password in a URL": ((r"(?<=://)[^\s/:@\"'<>]{0,64}:[^\s/@\"'<>]{1,128}(?=@)",), None),
    "card number": ((r"(?<![\w.-])(?<!\d )\d(?:[ -]?\d){12,18}(?![\w-])(?! \d)",), luhn),
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
    "hardware address": ((r"(?i)(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])",), None),
}
PATTERNS: tuple[tuple[str, str, re.Pattern[str], Check | None], ...] = tuple(
    (name, BY_HAND.get(pattern) or widened(pattern), re.compile(pattern), check)
    for name, (patterns, check) in KINDS.items()
    for pattern in patterns
)
"""Every pattern with its kind, and what a text must have before it is tried."""
PHONE_PATTERNS = tuple(re.compile(each) for each in PHONES)
BEFORE_PHONE = r"\d(?:[ ().\-/]{0,3}\d){6}"
BEFORE_IBAN = rf"(?i)(?:^|[^A-Z0-9])(?:{'|'.join(IBANS)})[ -]?\d\d[ -]?[A-Z0-9]"
BEFORE_MAIL = r"@[^\s@]*\.[^\s\d_]{2}|(?:" + AT.pattern + ")"
BEFORE_HOME = f"(?:{widened(HOME.pattern)})|(?:{widened(OWNER.pattern)})"
BEFORE_UUID = widened(UUID.pattern)


def find(text: str, number: int) -> Iterator[tuple[int, int, str]]:
    """Yield where what one of `PATTERNS` is of stands in the text, and what it is."""
    name, _, pattern, check = PATTERNS[number]
    for match in pattern.finditer(text):
        if check is None or check(match[0]):
            yield match.start(), match.end(), name


@cache
def _phone_gate() -> Gate:
    return Gate(map(widened, PHONES))


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield where phone numbers stand."""
    for number in _phone_gate().matching(text):
        for match in PHONE_PATTERNS[number].finditer(text):
            if _phone(match[0]):
                yield match.span()


def homes(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the name of a user stands in the path of a home folder."""
    for match in chain(HOME.finditer(text), OWNER.finditer(text)):
        if match["user"].lower() not in EVERYBODY:
            yield match.span("user")


def mails(text: str) -> Iterator[tuple[int, int]]:
    """Yield where e-mail addresses stand; the local part is looked for backwards from the `@`."""
    for match in DOMAIN.finditer(text):
        local = LOCAL.search(text[max(0, match.start() - 64) : match.start()])
        if local is not None:
            yield match.start() - len(local[0]), match.end()
    for match in SPELT.finditer(text) if AT.search(text) else ():
        yield match.span()
