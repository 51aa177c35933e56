"""Share: what is taken out before a report leaves the house, and the list of it.

What counts as a secret or as personal data is in `patterns.py` (known by form), `vendors.py` (keys)
and `named.py` (values behind a name); `commands.py`, `languages.py` and `people.py` know what
stands without one. What is encoded, encrypted or split over several fields is
not seen, and the page says so.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import is_not
from typing import TYPE_CHECKING, Any, cast

from evalkit.report.runs.traces import DEEPEST, plain
from evalkit.report.sharing.addresses import address, labels
from evalkit.report.sharing.cleaner import Cleaner, ShareOptions, T
from evalkit.report.sharing.finding import (
    IDS_ALONE,
    LONGEST_TIME,
    SHORT_WORD,
    SHORTEST,
    TIME,
    asked,
    places,
)
from evalkit.report.sharing.finding import UUID as UUIDS
from evalkit.report.sharing.named import is_secret_field, says_nothing
from evalkit.report.sharing.patterns import UUID, luhn

if TYPE_CHECKING:
    from evalkit.report.sections.view import Content

ID_FIELDS = frozenset({"run_id", "thread_id", "assistant_id", "example_id", "step_id", "parent_id"})
ID_LISTS = re.compile(r"(?:^|_)(?:ids|runs|examples)$|^(?:only_baseline|only_candidate|changed)$")
LINKS = frozenset({"link", "links", "cases_link"})
LIMIT = (
    "what is encoded, encrypted, in pictures or split over several fields is not seen, "
    "and names of people, streets and places are not looked for"
)
MOST_REMEMBERED = 16_000_000
"""Characters of texts that are remembered before all are forgotten."""
MOST_NAMES = 20_000
UNCHANGED = frozenset({type(None), bool, float})
SHORT = 10**14
"""Whole numbers below are too short for a card number."""
HASHED = re.compile(r"id-[0-9a-f]{16}")
WORD = re.compile(r"[^\s,;()]+")


@dataclass
class Redactor(Cleaner):
    """Takes secrets, personal data and configured fields out, hashes ids, and keeps count."""

    plain = False
    options: ShareOptions = field(default_factory=ShareOptions)
    counts: Counter[str] = field(default_factory=Counter)
    known: frozenset[str] = frozenset()
    """Ids that are hashed wherever they stand as a word in the report's own sentences."""
    _harmless: set[str] = field(default_factory=set)
    _known: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    _remembered: int = 0
    _shown: dict[str, str] = field(default_factory=dict)
    """Names of fields that hold no secret themselves."""
    _easy: set[str] = field(default_factory=set)
    """Those that mean nothing for the value either."""
    _counted: set[str] = field(default_factory=set)
    """Those that mean nothing for a number."""
    _idents: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return the text with every secret and personal datum replaced by its kind.

        What became of a text is remembered: messages stand in every later call of their run.
        """
        if text in self._harmless:
            return text
        known = self._known.get(text)
        if known is None:
            known = self._cleaned(text)
            self._remember(text, known)
        if known[1]:
            self.counts.update(known[1])
        return known[0]

    def _remember(self, text: str, cleaned: tuple[str, list[str]]) -> None:
        self._remembered += len(text)
        if self._remembered > MOST_REMEMBERED:
            self._harmless.clear()
            self._known.clear()
            self._remembered = len(text)
        if cleaned[0] == text:
            self._harmless.add(text)
        else:
            self._known[text] = cleaned

    def _cleaned(self, text: str) -> tuple[str, list[str]]:
        """Return the text as it may leave, and the kinds of what was taken out."""
        size = len(text)  # a look at it spares most texts a pattern each
        if size <= SHORTEST and SHORT_WORD.fullmatch(text):
            return text, []
        text = labels(text)
        if text[-13:-12] == "-" and not self.options.keep_ids and IDS_ALONE.fullmatch(text):
            return UUID.sub(lambda m: self.ident(m[0]), text), []
        may = () if size <= LONGEST_TIME and TIME.fullmatch(text) else asked(text)
        if not may:
            return text, []
        at, parts, kinds = 0, [], []
        for start, end, kind in places(text, may):
            kinds.append(kind)
            parts += [text[at:start], f"[{kind}]"]
            at = end
        if parts:
            text = "".join([*parts, text[at:]])
        if not self.options.keep_ids and UUIDS in may:
            text = UUID.sub(lambda m: self.ident(m[0]), text)
        return text, kinds

    def ident(self, identifier: str) -> str:
        """Return a hash of the id that does not tell what it was."""
        if self.options.keep_ids or HASHED.fullmatch(identifier):
            return identifier
        known = self._idents.get(identifier)
        if known is None:
            key = self.options.salt.encode()[:64]
            plain = identifier.encode("utf-8", "surrogatepass")
            known = "id-" + blake2b(plain, key=key, digest_size=8).hexdigest()
            if len(self._idents) == MOST_NAMES:
                self._idents.clear()
            self._idents[identifier] = known
        return known

    def tree(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value of a run, made JSON-ready, without what may not leave."""
        if value is None or value is True or value is False:
            return value
        if name and (name in self.options.drop or is_secret_field(name, value)):
            self.counts["field " + name if name in self.options.drop else "secret"] += 1
            return "[removed]"
        kind = type(value)
        if kind is str or isinstance(value, str):
            return self.ident(value) if name in ID_FIELDS and value else self.text(value)
        if kind is int or kind is float:
            return self._number(value)
        if depth == DEEPEST:
            return "(what is nested deeper is left out)"
        if kind is dict or isinstance(value, Mapping):
            return self._fields(value, depth + 1)
        if isinstance(value, list | tuple):
            if ID_LISTS.search(name):
                return [self.ident(str(item)) for item in value]
            return self._items(value, depth + 1)
        return self._number(plain(value))

    def _fields(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        """Clean what a mapping holds; what means nothing by its name and its type costs no call.

        One of which nothing is taken out comes back as it is, and not as a copy.
        """
        if "value" in value:
            value = self._unpaired(value)
        easy, counted, harmless = self._easy, self._counted, self._harmless
        changed, renamed = {}, {}
        for key, item in value.items():
            kind = type(item)
            if key in easy:
                if kind is str:
                    new = item if item in harmless else self.text(item)
                elif kind in UNCHANGED or (kind is int and -SHORT < item < SHORT):
                    continue
                elif kind is dict and depth < DEEPEST:
                    new = self._fields(item, depth + 1) if item else item
                elif kind is list and depth < DEEPEST:
                    new = self._items(item, depth + 1) if item else item
                else:
                    new = self.tree(item, "", depth)
            elif key in counted and (kind in UNCHANGED or (kind is int and -SHORT < item < SHORT)):
                continue
            else:
                if (shown := self._field(str(key))) != key or type(key) is not str:
                    renamed[key] = shown
                new = self.tree(item, str(key), depth)
            if new is not item:
                changed[key] = new
        if renamed or type(value) is not dict:
            return {renamed.get(k, k): changed.get(k, item) for k, item in value.items()}
        return {**value, **changed} if changed else value

    def _unpaired(self, value: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Take the value out of what names it as a secret in another member."""
        said = value.get("name")
        if type(said) is not str or not is_secret_field(said, value["value"]):
            return value
        self.counts["secret"] += 1
        return {**value, "value": "[removed]"}

    def _items(self, value: Sequence[Any], depth: int) -> Sequence[Any]:
        """Clean what a list holds; one of which nothing is taken out comes back as it is."""
        new = [
            self._fields(item, depth + 1)
            if type(item) is dict and depth < DEEPEST
            else self.tree(item, "", depth)
            for item in value
        ]
        return new if any(map(is_not, new, value)) or type(value) is not list else value

    def _field(self, name: str) -> str:
        """Return the name of a field as it may be shown, and note what it means for its value."""
        shown = self._shown.get(name)
        if shown is not None:
            return shown
        shown = self.text(name)
        if shown == name and len(self._shown) < MOST_NAMES:
            self._shown[name] = shown
            special = name in self.options.drop or name in ID_FIELDS or ID_LISTS.search(name)
            if not special and says_nothing(name):
                self._easy.add(name)
            elif name not in self.options.drop and not is_secret_field(name, 0):
                self._counted.add(name)
        return shown

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
            return address(value, self) if name in LINKS else self._sentence(value)
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

    def _number(self, value: Any) -> Any:
        """Return a number, unless its digits are a card number."""
        if (
            isinstance(value, int)
            and abs(value) >= SHORT
            and luhn(str(value))
            and len(str(value)) >= 15
        ):
            self.counts["card number"] += 1
            return "[card number]"
        return value


def redactor(content: Content, options: ShareOptions) -> Redactor:
    """Return a Redactor that knows the ids of the report; without a salt it makes one up."""
    if not options.salt:
        options = dataclasses.replace(options, salt=secrets.token_hex(16))
    rows = content.source.rows
    known = frozenset() if rows is None else frozenset([*rows.run_ids, *rows.example_ids])
    chosen = content.source.chosen
    if chosen is not None and chosen.partial:  # sentences may name runs that are not listed
        tables = [one.table("runs", ["run_id", "example_id"]) for one in content.results]
        known |= {each for t in tables for column in t.columns for each in column.to_pylist()}
    return Redactor(options, known=known - {None})
