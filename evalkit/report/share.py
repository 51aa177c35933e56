"""Share: what is taken out before a report leaves the house, and the list of it.

Patterns follow the vendors' own descriptions of their keys, RFC 7519 (JWT), RFC 7468 (keys in PEM),
ISO 13616 (IBAN, with its check digits) and ISO/IEC 7812 (card numbers, with Luhn's check digit).
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar, cast

T = TypeVar("T")
ID_FIELDS = frozenset({"run_id", "thread_id", "assistant_id", "example_id", "step_id", "parent_id"})
ID_LISTS = frozenset(
    {"run_ids", "baseline_runs", "candidate_runs", "only_baseline", "only_candidate", "changed"}
)
SECRET_NAMES = re.compile(
    r"(?:^|[_\-.\s])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_\-]?key|auth(?:orization)?"
    r"|credentials?|cookie|session[_\-]?id|private[_\-]?key|access[_\-]?key)s?$",
    re.IGNORECASE,
)
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """What to take out beside secrets and personal data."""

    salt: str = ""
    """Ids are hashed with it: the same salt gives the same ids, so that reports can be compared."""
    drop: tuple[str, ...] = ()
    """Names of fields whose values are dropped wherever they occur, in runs and examples."""
    keep_ids: bool = False


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


Check = Callable[[str], bool]
PATTERNS: tuple[tuple[str, re.Pattern[str], Check | None], ...] = tuple(
    (name, re.compile(pattern), check)
    for name, pattern, check in (
        ("private key", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", None),
        ("JWT", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", None),
        ("API key", r"\b(?:sk|pk|rk)-(?:ant-|proj-|live-|test-|or-|svcacct-)?[A-Za-z0-9_-]{16,}", None),
        ("API key", r"\b(?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}", None),
        ("API key", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{18,})", None),
        ("API key", r"\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}|\bls__[A-Za-z0-9]{20,}", None),
        ("API key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}", None),
        ("API key", r"\bhf_[A-Za-z0-9]{20,}|\bgsk_[A-Za-z0-9]{20,}|\bxai-[A-Za-z0-9]{20,}|\br8_[A-Za-z0-9]{20,}", None),
        ("API key", r"\bxox[abprs]-[A-Za-z0-9-]{10,}|\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]+", None),
        ("API key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bdop_v1_[a-f0-9]{40,}", None),
        ("AWS key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}\b", None),
        ("AWS secret", r"(?i)aws_?(?:secret|session)[a-z_]*[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+=]{30,}", None),
        ("bearer token", r"(?i)\b(?:bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{16,}", None),
        ("password in a URL", r"(?<=://)[^\s/:@\"']{1,64}:[^\s/@\"']{1,128}(?=@)", None),
        ("secret", r"(?i)\b(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|password|passwd|pwd|secret)\b[\"']?\s*[:=]\s*[\"']?[^\s\"',;&}{\]]{4,}", None),
        ("e-mail", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b", None),
        ("IBAN", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", iban),
        ("card number", r"\b\d(?:[ -]?\d){12,18}\b", luhn),
        ("US social security number", r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b", None),
        ("IP address", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", _octets),
        ("IP address", r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4})?(?::[0-9a-f]{1,4}){0,5}(?![\w:])", None),
        ("phone number", r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?)(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}(?![\w-])", _phone),
        ("phone number", r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])", _phone),
        ("phone number", r"(?<![\w.+-])0\d{1,4}[ /-]\d{3,4}[ -]?\d{3,5}(?![\w-])", _phone),
    )
)  # fmt: skip


class Cleaner:
    """Takes nothing out: for reports that stay in the house."""

    def text(self, text: str) -> str:
        """Return the text as it may be shown."""
        return text

    def ident(self, identifier: str) -> str:
        """Return the id as it may be shown."""
        return identifier

    def tree(self, value: Any) -> Any:
        """Return a JSON-ready value as it may be shown."""
        return value

    def parts(self, value: T) -> T:
        """Return plain values of the report (dataclasses, tuples, texts) as they may be shown."""
        return value

    def removed(self) -> list[str]:
        """Say what was taken out."""
        return []


@dataclass
class Redactor(Cleaner):
    """Takes secrets, personal data and configured fields out, hashes ids, and counts what it did."""

    options: ShareOptions = field(default_factory=ShareOptions)
    counts: Counter[str] = field(default_factory=Counter)

    def text(self, text: str) -> str:
        """Return the text with every secret and personal datum replaced by its kind."""
        for name, pattern, check in PATTERNS:
            text = pattern.sub(lambda m, n=name, c=check: self._put(m, n, c), text)  # type: ignore[misc]
        return text if self.options.keep_ids else UUID.sub(lambda m: self.ident(m[0]), text)

    def ident(self, identifier: str) -> str:
        """Return a hash of the id that does not tell what it was."""
        if self.options.keep_ids or re.fullmatch(r"id-[0-9a-f]{16}", identifier):
            return identifier
        key = self.options.salt.encode()[:64]
        plain = identifier.encode("utf-8", "surrogatepass")
        return "id-" + blake2b(plain, key=key, digest_size=8).hexdigest()

    def tree(self, value: Any, name: str = "") -> Any:
        """Return a JSON-ready value without what may not leave."""
        if value is None or isinstance(value, bool):
            return value
        if (
            name
            and (name in self.options.drop or SECRET_NAMES.search(name))
            and not _amount(name, value)
        ):
            self.counts["field " + name if name in self.options.drop else "secret"] += 1
            return "[removed]"
        if isinstance(value, str):
            return self.ident(value) if name in ID_FIELDS and value else self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.tree(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            if name in ID_LISTS:
                return [self.ident(str(item)) for item in value]
            return [self.tree(item) for item in value]
        return self._number(value)

    def parts(self, value: T) -> T:
        """Return the report's plain values without what may not leave."""
        return cast("T", self._parts(value, ""))

    def removed(self) -> list[str]:
        """Say what was taken out, a sentence each."""
        found = [f"{n} times {name}" for name, n in sorted(self.counts.items())]
        if not self.options.keep_ids:
            found.append("every id was replaced by a hash")
        return found

    def _parts(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            if name in ID_FIELDS and value:
                return self.ident(value)
            return (
                self._address(value)
                if name in ("link", "links", "cases_link")
                else self.text(value)
            )
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changes = {
                f.name: self._parts(getattr(value, f.name), f.name)
                for f in dataclasses.fields(value)
            }
            return dataclasses.replace(value, **changes)
        if isinstance(value, dict):
            return self.tree(value)
        if isinstance(value, tuple):
            items = [self._parts(item, name) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        return [self._parts(item, name) for item in value] if isinstance(value, list) else value

    def _address(self, link: str) -> str:
        """Hash the id in the address of a run; what follows is made of names and numbers."""
        from urllib.parse import quote, unquote

        head, _, tail = link.partition("?")
        kind, slash, identifier = head.rpartition("/")
        if kind in ("#/run", "#/example"):
            head = f"{kind}/{quote(self.ident(unquote(identifier)), safe='')}"
        elif slash:
            head = f"{kind}/{identifier}"
        return head + ("?" + quote(self.text(unquote(tail)), safe="=&%:+.,-_") if tail else "")

    def _put(self, match: re.Match[str], name: str, check: Check | None) -> str:
        if check is not None and not check(match[0]):
            return match[0]
        self.counts[name] += 1
        return f"[{name}]"

    def _number(self, value: Any) -> Any:
        """Return a number, unless its digits are a card number."""
        if isinstance(value, int) and luhn(str(value)) and len(str(value)) >= 15:
            self.counts["card number"] += 1
            return "[card number]"
        return value


def _amount(name: str, value: Any) -> bool:
    """Return whether a field is a count of tokens and not a token."""
    return not isinstance(value, str) and name.endswith("tokens")
