"""Flat records with parent ids become ordered steps; orphans find their nearest known ancestor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

Record = TypeVar("Record")


class Flat(NamedTuple, Generic[Record]):
    """One record of a tree, as flat as its source sent it."""

    id: str
    ancestors: Sequence[str]
    """Ids from the root to the direct parent; one that knows only its parent gives that alone."""
    order: Any
    """Where it stands among its siblings, such as its start time; equal ones keep input order."""
    record: Record


class Placed(NamedTuple, Generic[Record]):
    """A record and the step it hangs under; `parent_id` is `None` directly under the run."""

    record: Record
    parent_id: str | None


class Tree(NamedTuple, Generic[Record]):
    """Records in pre-order, siblings in order, and the ids that were not where they belong."""

    placed: list[Placed[Record]]
    orphans: list[str]
    """Records whose direct parent is not there; each hangs under its nearest known ancestor."""
    duplicates: list[str]
    """Ids that came more than once; the last one is kept."""


def assemble(root_id: str, flats: Iterable[Flat[Record]]) -> Tree[Record]:
    """Order the descendants of `root_id` as one walks them, whatever order they came in.

    The root itself is not among `flats`. Records that only point at each other (a circle of
    parents) hang under the run and count as orphans: nothing that was recorded is lost.
    """
    known: dict[str, Flat[Record]] = {}
    duplicates: list[str] = []
    for flat in flats:
        if flat.id in known:
            duplicates.append(flat.id)
        known[flat.id] = flat
    orphans: list[str] = []
    children: dict[str, list[Flat[Record]]] = {}
    for flat in known.values():
        ancestors = flat.ancestors
        parent = ancestors[-1] if ancestors else root_id
        if parent != root_id and (parent not in known or parent == flat.id):
            orphans.append(flat.id)
            parent = _nearest(flat, known, root_id)
        siblings = children.get(parent)
        if siblings is None:
            children[parent] = [flat]
        else:
            siblings.append(flat)
    placed = _walk(children.get(root_id, ()), children)
    if len(placed) < len(known):
        placed += _circles(known, children, placed, orphans)
    return Tree(placed, orphans, duplicates)


def _nearest(flat: Flat[Any], known: dict[str, Flat[Any]], root_id: str) -> str:
    for ancestor in reversed(flat.ancestors):
        if ancestor in known and ancestor != flat.id:
            return ancestor
    return root_id


def _walk(
    tops: Iterable[Flat[Record]], children: dict[str, list[Flat[Record]]]
) -> list[Placed[Record]]:
    """Walk without recursion: a trace may be thousands of levels deep."""
    placed: list[Placed[Record]] = []
    pending: list[tuple[Flat[Record], str | None]] = []
    _push(pending, tops, None)
    while pending:
        flat, parent = pending.pop()
        placed.append(Placed(flat.record, parent))
        below = children.get(flat.id)
        if below is not None:
            _push(pending, below, flat.id)
    return placed


def _push(
    pending: list[tuple[Flat[Record], str | None]],
    siblings: Iterable[Flat[Record]],
    parent: str | None,
) -> None:
    ordered = sorted(siblings, key=_order)
    ordered.reverse()
    pending.extend((flat, parent) for flat in ordered)


def _order(flat: Flat[Any]) -> Any:
    return flat.order


def _circles(
    known: dict[str, Flat[Record]],
    children: dict[str, list[Flat[Record]]],
    placed: list[Placed[Record]],
    orphans: list[str],
) -> list[Placed[Record]]:
    """Break each circle at the record that started first, and walk what hangs below it."""
    seen = {id(entry.record) for entry in placed}
    found: list[Placed[Record]] = []
    for flat in sorted(known.values(), key=_order):
        if id(flat.record) in seen:
            continue
        parent = flat.ancestors[-1]
        children[parent] = [child for child in children[parent] if child.id != flat.id]
        branch = _walk([flat], children)
        seen.update(id(entry.record) for entry in branch)
        orphans.append(flat.id)
        found += branch
    return found
