"""Share: what is taken out before a report leaves the house, and the list of it.

What counts as a secret or as personal data is in `patterns.py` (known by form), `vendors.py` (keys)
and `named.py` (values behind a name). What is encoded, encrypted or split over several fields is
not seen, and the page says so.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, unquote

from evalkit.report.runs.traces import DEEPEST, plain
from evalkit.report.sharing.finding import places
from evalkit.report.sharing.named import is_secret_field
from evalkit.report.sharing.patterns import UUID, luhn

if TYPE_CHECKING:
    from evalkit.report.sections.view import Content

T = TypeVar("T")
ID_FIELDS = frozenset({"run_id", "thread_id", "assistant_id", "example_id", "step_id", "parent_id"})
ID_LISTS = re.compile(r"(?:^|_)(?:ids|runs|examples)$|^(?:only_baseline|only_candidate|changed)$")
LINKS = frozenset({"link", "links", "cases_link"})
LIMIT = "what is encoded, encrypted, in pictures or split over several fields is not seen"
REMEMBERED, MOST_REMEMBERED = 8_192, 20_000
"""Characters of a text, and texts, that are remembered."""
WORD = re.compile(r"[^\s,;()]+")


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """What to take out beside secrets and personal data."""

    salt: str = ""
    """Ids are hashed with it; the same salt gives the same ids. Empty: a new one every time."""
    drop: tuple[str, ...] = ()
    """Names of fields whose values are dropped wherever they occur, in runs and examples."""
    keep_ids: bool = False


class Cleaner:
    """Takes nothing out: for reports that stay in the house."""

    def text(self, text: str) -> str:
        """Return the text as it may be shown."""
        return text

    def ident(self, identifier: str) -> str:
        """Return the id as it may be shown."""
        return identifier

    def tree(self, value: Any) -> Any:
        """Return a value of a run as it may be shown."""
        return value

    def parts(self, value: T) -> T:
        """Return plain values of the report (dataclasses, tuples, texts) as they may be shown."""
        return value

    def removed(self) -> list[str]:
        """Say what was taken out."""
        return []


@dataclass
class Redactor(Cleaner):
    """Takes secrets, personal data and configured fields out, hashes ids, and keeps count."""

    options: ShareOptions = field(default_factory=ShareOptions)
    counts: Counter[str] = field(default_factory=Counter)
    known: frozenset[str] = frozenset()
    """Ids that are hashed wherever they stand as a word in the report's own sentences."""
    _known: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return the text with every secret and personal datum replaced by its kind.

        What became of a text is remembered: messages stand in every later call of their run.
        """
        known = self._known.get(text)
        if known is None:
            known = self._cleaned(text)
            if len(text) <= REMEMBERED and len(self._known) < MOST_REMEMBERED:
                self._known[text] = known
        if known[1]:
            self.counts.update(known[1])
        return known[0]

    def _cleaned(self, text: str) -> tuple[str, list[str]]:
        """Return the text as it may leave, and the kinds of what was taken out."""
        at, parts, kinds = 0, [], []
        for start, end, kind in places(text):
            kinds.append(kind)
            parts += [text[at:start], f"[{kind}]"]
            at = end
        if parts:
            text = "".join([*parts, text[at:]])
        if not self.options.keep_ids and "-" in text:
            text = UUID.sub(lambda m: self.ident(m[0]), text)
        return text, kinds

    def ident(self, identifier: str) -> str:
        """Return a hash of the id that does not tell what it was."""
        if self.options.keep_ids or re.fullmatch(r"id-[0-9a-f]{16}", identifier):
            return identifier
        key = self.options.salt.encode()[:64]
        plain = identifier.encode("utf-8", "surrogatepass")
        return "id-" + blake2b(plain, key=key, digest_size=8).hexdigest()

    def tree(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value of a run, made JSON-ready, without what may not leave."""
        if value is None or isinstance(value, bool):
            return value
        if name and (name in self.options.drop or is_secret_field(name, value)):
            self.counts["field " + name if name in self.options.drop else "secret"] += 1
            return "[removed]"
        if isinstance(value, str):
            return self.ident(value) if name in ID_FIELDS and value else self.text(value)
        if depth == DEEPEST:
            return "(what is nested deeper is left out)"
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self.tree(item, str(key), depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            if ID_LISTS.search(name):
                return [self.ident(str(item)) for item in value]
            return [self.tree(item, "", depth + 1) for item in value]
        return self._number(plain(value))

    def parts(self, value: T) -> T:
        """Return the report's plain values without what may not leave."""
        return cast("T", self._parts(value, ""))

    def removed(self) -> list[str]:
        """Say what was taken out, a sentence each."""
        found = [f"{n} times {name}" for name, n in sorted(self.counts.items())]
        if not self.options.keep_ids:
            found.append("every id was replaced by a hash")
        found.append(LIMIT)
        return found

    def _parts(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            if name in ID_FIELDS and value:
                return self.ident(value)
            return self._address(value) if name in LINKS else self._sentence(value)
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

    def _sentence(self, text: str) -> str:
        """Clean one of the report's own sentences, which may name ids."""
        if self.known and not self.options.keep_ids:
            text = WORD.sub(lambda m: self.ident(m[0]) if m[0] in self.known else m[0], text)
        return self.text(text)

    def _address(self, link: str) -> str:
        """Hash the id in the address of a run; what follows is made of names and numbers."""
        head, _, tail = link.partition("?")
        kind, slash, identifier = head.rpartition("/")
        if kind in ("#/run", "#/example"):
            head = f"{kind}/{quote(self.ident(unquote(identifier)), safe='')}"
        elif slash:
            head = f"{kind}/{identifier}"
        return head + ("?" + quote(self.text(unquote(tail)), safe="=&%:+.,-_") if tail else "")

    def _number(self, value: Any) -> Any:
        """Return a number, unless its digits are a card number."""
        if isinstance(value, int) and luhn(str(value)) and len(str(value)) >= 15:
            self.counts["card number"] += 1
            return "[card number]"
        return value


def redactor(content: Content, options: ShareOptions) -> Redactor:
    """Return a Redactor that knows the ids of the report; without a salt it makes one up."""
    if not options.salt:
        options = dataclasses.replace(options, salt=secrets.token_hex(16))
    rows = content.source.rows
    known = frozenset() if rows is None else frozenset([*rows.run_ids, *rows.example_ids])
    return Redactor(options, known=known)
