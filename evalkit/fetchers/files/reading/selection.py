"""Which parts of a file are records: the `records` expression, cut so that it can stream.

`a.b[?ok].spread(@, 'x')[]` is a place to walk to (`a.b`), the kind of thing there (a list) and what
to do with each element, so no more than one element is ever held. An expression that needs all of
the document at once (a slice, a sort, a pipe) is applied to all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from evalkit.fetchers.files.reading.expression import (
    Evaluate,
    Expression,
    Node,
    Path,
    compile_node,
    evaluated,
    plain_path,
)
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.places import NOWHERE

IDENTITY: Node = {"type": "identity", "children": []}
Holds = Literal["any", "list", "object"]
LIST_NODES = ("projection", "filter_projection", "flatten")


class Selection:
    """The records of a document, of one of its elements, or of a line."""

    def __init__(self, expression: Expression | None) -> None:
        self.who = expression.who if expression else "records"
        self.is_default = expression is None or plain_path(expression.node) == ()
        """Whether every line or element is a record as it stands."""
        self._whole: Evaluate = expression or (lambda value: value)
        self._placed = expression is not None and expression.placed
        self._places: Mapping[str, Any] = NOWHERE
        cut = _cut(expression.node) if expression else Cut((), "any", IDENTITY)
        self.streams = cut is not None
        """Whether elements can be handled one by one."""
        self.path: Path = cut.path if cut else ()
        """Where in the document the elements lie."""
        self.holds: Holds = cut.holds if cut else "any"
        """What must lie there; with `any`, a lone object is itself the one record."""
        self._keyed = cut is not None and cut.keyed
        self._rest = None if cut is None or cut.rest is IDENTITY else compile_node(cut.rest)

    def stand(self, file: SourceFile, line: int | None = None) -> None:
        """Say where what is looked at next stands, for expressions that ask."""
        if self._placed:
            self._places = {"_path": file.shown, "_filename": file.name, "_line": line}

    def of_document(self, value: Any) -> Iterator[tuple[str | None, Any]]:
        """Yield `(key, record)` of a whole parsed document."""
        if not self.streams:
            yield from ((None, record) for record in self._all(value))
            return
        for name in self.path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, list) and self.holds != "object":
            for item in value:
                yield from self.of_element(None, item)
        elif isinstance(value, dict) and self.holds == "object":
            for key, item in value.items():
                yield from self.of_element(key, item)
        elif value is not None and self.holds == "any":
            yield None, value

    def of_element(self, key: str | None, item: Any) -> Iterator[tuple[str | None, Any]]:
        """Yield the records one element of the list or object at `path` gives."""
        if self._rest is None:
            yield key, item
            return
        found = evaluated(self._rest, {key: item} if self._keyed else [item], self._places)
        yield from ((key, record) for record in _many(found))

    def of_line(self, value: Any) -> Iterator[tuple[str | None, Any]]:
        """Yield the records of one line; lists of the expression then mean the list of lines."""
        if self.streams and not self.path and self.holds == "list":
            yield from self.of_element(None, value)
        elif self.streams and not self.path and self.holds == "object":
            yield from self.of_document(value)
        else:
            yield from ((None, record) for record in self._all(value))

    def _all(self, value: Any) -> list[Any]:
        return _many(evaluated(self._whole, value, self._places))


def _many(found: Any) -> list[Any]:
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


class Cut(NamedTuple):
    """An expression taken apart."""

    path: Path
    holds: Holds
    rest: Node
    """What remains to be done, given a list of one element, or with `keyed` an object of one."""
    keyed: bool = False


def _cut(node: Node) -> Cut | None:
    """Take an expression apart; None when it needs the whole document."""
    path = plain_path(node)
    if path is not None:
        return Cut(path, "any", IDENTITY)
    kind, children = node["type"], node["children"]
    if kind == "function_expression" and node["value"] == "values":
        path = plain_path(children[0])
        return None if path is None else Cut(path, "object", IDENTITY)
    if kind == "subexpression":
        return _cut_member(node)
    if kind not in (*LIST_NODES, "value_projection"):
        return None
    inner = _cut(children[0])
    if inner is None:
        return None
    values = kind == "value_projection"
    holds: Holds = inner.holds if inner.holds != "any" else "object" if values else "list"
    if kind in ("projection", "value_projection") and {inner.rest["type"], children[1]["type"]} == {
        "identity"
    }:
        return Cut(inner.path, holds, IDENTITY)  # `[*]` and `*` do nothing to an element
    keyed = inner.keyed if inner.holds != "any" else values
    return Cut(inner.path, holds, node | {"children": [inner.rest, *children[1:]]}, keyed)


def _cut_member(node: Node) -> Cut | None:
    *before, last = node["children"]
    path: Path = ()
    for part in before:
        names = plain_path(part)
        if names is None:
            return None
        path += names
    inner = _cut(last)
    return None if inner is None else inner._replace(path=path + inner.path)
