"""Order: the records of a trace, each with the step it hangs under, as one walks the tree."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from evalkit.fetchers.assemble import Flat, assemble
from evalkit.fetchers.langsmith.convert.fields import Payload, identity

Placed = tuple[Payload, str | None]
"""A record and the id of its parent; `None` directly under the run."""


class Ordered(NamedTuple):
    """The records in pre-order, and what was wrong with their tree."""

    placed: Sequence[Placed]
    orphans: list[str]
    duplicates: list[str]


def in_order(run_id: str, root: Payload, children: Sequence[Payload]) -> Ordered:
    """Put the descendants of a root in order."""
    placed = _by_dotted_order(run_id, root, children)
    if placed is None:
        tree = assemble(run_id, [_flat(child) for child in children])
        return Ordered(tree.placed, tree.orphans, tree.duplicates)
    return Ordered(placed, [], [])


def parent_of(payload: Payload) -> str | None:
    """Return the id of the direct parent: v1 names it, v2 gives the path down to it."""
    parents = payload.get("parent_run_ids")
    parent = payload.get("parent_run_id") or (parents[-1] if parents else None)
    if parent is None:
        dotted = payload.get("dotted_order")
        segments = dotted.rsplit(".", 2) if isinstance(dotted, str) else ()
        return segments[-2][-36:] if len(segments) > 1 else None
    return parent if type(parent) is str else str(parent)


def _by_dotted_order(
    run_id: str, root: Payload, children: Sequence[Payload]
) -> list[Placed] | None:
    """Sort by dotted order, which begins with that of the parent; `None` if anything is odd."""
    placed: list[Placed] = []
    seen = {run_id}
    try:
        above = [(run_id, root["dotted_order"] + ".")]
        for child in sorted(children, key=itemgetter("dotted_order")):
            dotted, child_id, parents = child["dotted_order"], child["id"], _parents(child)
            while not dotted.startswith(above[-1][1]):
                above.pop()
            parent = above[-1][0]
            if parents[-1] != parent or type(child_id) is not str or child_id in seen:
                return None
            placed.append((child, None if parent == run_id else parent))
            above.append((child_id, dotted + "."))
            seen.add(child_id)
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    return placed


def _parents(payload: Payload) -> Sequence[str]:
    """Return the ids from the root to the direct parent, as far as the record tells."""
    parents: Sequence[str] | None = payload.get("parent_run_ids")
    if parents:
        return parents
    dotted = payload.get("dotted_order")
    if dotted and "." in dotted:
        return [segment[-36:] for segment in dotted.split(".")[:-1]]
    parent = parent_of(payload)
    return [parent] if parent else []


def _flat(payload: Payload) -> Flat[Payload]:
    # Siblings share their ancestors' segments, so the whole dotted order sorts them by start.
    order = payload.get("dotted_order") or str(payload.get("start_time") or "")
    return Flat(identity(payload), _parents(payload), order, payload)
