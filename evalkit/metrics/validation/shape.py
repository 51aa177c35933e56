"""Shape: which fields bodies have, and of which kind, learnt from the bodies themselves.

Objects are followed to a depth of three; of a list it is known what kinds of elements it holds. An
object with very many keys is a map whose keys are data, and no fields are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

DEPTH = 3
ELEMENTS = 64
"""Elements of a list whose kind is looked at."""
FREE = 60
"""Different keys from which on the keys of an object are data."""
MOST_FORMS, MOST_KEPT = 2_000, 200
LARGEST = 4_000_000
"""Characters of a body that is looked into."""
IDS = 3
KINDS: dict[type, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", type(None): "null",
    dict: "object", list: "array",
}  # fmt: skip
Form = Any
"""What tells bodies of one shape from others: a kind, or a pair of it and what is inside."""


@dataclass(slots=True)
class Count:
    """How many bodies, and the first of them."""

    n: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, n: int, ids: list[str]) -> None:
        """Count more of the same."""
        self.n += n
        if len(self.ids) < IDS:
            self.ids += ids[: IDS - len(self.ids)]


@dataclass(slots=True)
class Field:
    """One field: in how many bodies it could be, what it is in those, and where it is missing."""

    of: int = 0
    kinds: dict[str, Count] = field(default_factory=dict)
    missing: Count = field(default_factory=Count)

    @property
    def n(self) -> int:
        """Bodies that have it."""
        return sum(each.n for each in self.kinds.values())


class Shape:
    """The shape of many bodies; add each, then ask for `fields`."""

    def __init__(self) -> None:
        self.n = 0
        self.large = 0
        """Bodies too large to be looked into."""
        self._forms: dict[Form, Count] = {}

    def add(self, text: str | None, name: str) -> None:
        """Look at one body, JSON text; a body that is not there is of kind null."""
        self.n += 1
        if text is not None and len(text) > LARGEST:
            self.large += 1
            return
        form = "null" if text is None else _form(_value(text), DEPTH)
        seen = self._forms.get(form)
        if seen is None:
            if len(self._forms) >= MOST_FORMS:
                form = _form(_value(text or "null"), 0)
            seen = self._forms.setdefault(form, Count())
        seen.n += 1
        if len(seen.ids) < IDS:
            seen.ids.append(name)

    def join(self, other: Shape) -> None:
        """Add the bodies of another shape."""
        self.n += other.n
        self.large += other.large
        for form, count in other._forms.items():
            if form not in self._forms and len(self._forms) >= MOST_FORMS:
                form = form[0] if isinstance(form, tuple) else form
            self._forms.setdefault(form, Count()).add(count.n, count.ids)

    def to_plain(self) -> list[Any] | None:
        """Return it in JSON types; None: it has too many forms to be worth keeping."""
        if len(self._forms) > MOST_KEPT:
            return None
        forms = [[_written(form), count.n, count.ids] for form, count in self._forms.items()]
        return [self.n, self.large, forms]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Shape:
        """Return what `to_plain` wrote; what is none raises `TypeError` or `ValueError`."""
        made = cls()
        made.n, made.large, forms = plain
        made._forms = {_read(form): Count(n, list(ids)) for form, n, ids in forms}
        return made

    def fields(self) -> dict[str, Field]:
        """Return the fields by path; the body itself is the empty path."""
        found: dict[str, Field] = {}
        children: dict[str, set[str]] = {}
        for form, count in self._forms.items():
            _spread(form, "", count, found, children)
        for path, names in children.items():
            if len(names) > FREE:
                inside = tuple(joined(path, name) for name in names)
                for each in [p for p in found if p and p.startswith(inside)]:
                    del found[each]
        for form, count in self._forms.items():
            _missing(form, "", count, found, children)
        return found


def joined(path: str, key: str) -> str:
    """Return the path of a key; one that is no plain word is quoted."""
    if not key.isidentifier():
        return f"{path}[{key[:60]!r}]"
    return f"{path}.{key}" if path else key


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _form(value: Any, depth: int) -> Form:
    kind = KINDS.get(type(value), "string")
    if kind == "object":
        if depth == 0 or len(value) > FREE:
            return "object"
        return kind, tuple([(key, _form(inner, depth - 1)) for key, inner in value.items()])
    if kind == "array":
        return kind, frozenset([KINDS.get(type(each), "string") for each in value[:ELEMENTS]])
    return kind


def _written(form: Form) -> Any:
    if isinstance(form, str):
        return form
    kind, inside = form
    if kind == "array":
        return [kind, sorted(inside)]
    return [kind, [[key, _written(inner)] for key, inner in inside]]


def _read(plain: Any) -> Form:
    if isinstance(plain, str):
        return plain
    kind, inside = plain
    if kind == "array":
        return kind, frozenset(inside)
    return kind, tuple([(key, _read(inner)) for key, inner in inside])


def _spread(
    form: Form, path: str, count: Count, found: dict[str, Field], children: dict[str, set[str]]
) -> None:
    """Count a form at its path, and what is inside at theirs."""
    kind, inside = form if isinstance(form, tuple) else (form, ())
    found.setdefault(path, Field()).kinds.setdefault(kind, Count()).add(count.n, count.ids)
    if kind == "array":
        for each in inside:
            there = found.setdefault(f"{path}[]", Field())
            there.kinds.setdefault(each, Count()).add(count.n, count.ids)
        return
    if inside:
        names = children.setdefault(path, set())
        for key, inner in inside:
            if len(names) <= FREE:
                names.add(key)
            _spread(inner, joined(path, key), count, found, children)


def _missing(
    form: Form, path: str, count: Count, found: dict[str, Field], children: Mapping[str, set[str]]
) -> None:
    """Count where fields that others have are missing."""
    if not isinstance(form, tuple) or form[0] != "object":
        return
    here = dict(form[1])
    for key in children.get(path, ()):
        there = found.get(joined(path, key))
        if there is None:
            continue
        there.of += count.n
        if key not in here:
            there.missing.add(count.n, count.ids)
    for key, inner in form[1]:
        if joined(path, key) in found:
            _missing(inner, joined(path, key), count, found, children)
