"""Flat run records, in any order and from any page, become traces: a root and its descendants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from evalkit.fetchers.langsmith.convert.fields import Payload, identity
from evalkit.fetchers.langsmith.convert.order import parent_of


class Trace(NamedTuple):
    """A root record with everything recorded below it, in no particular order."""

    root: Payload
    children: list[Payload]


class Grouped(NamedTuple):
    """What a flat list held."""

    traces: list[Trace]
    """In the order in which their roots came."""
    rootless: dict[str, list[Payload]]
    """Records by the id of a trace whose root was not among them."""
    duplicates: int
    """Records that came more than once; of two, the one that has ended is kept."""


def group(records: Iterable[Payload]) -> Grouped:
    """Sort records into traces by `trace_id`, or up their parents where that is missing."""
    kept: dict[str, Payload] = {}
    duplicates = 0
    for record in records:
        record_id = identity(record)
        before = kept.get(record_id)
        if before is not None:
            duplicates += 1
            if before.get("end_time") and not record.get("end_time"):
                continue
        kept[record_id] = record
    roots: dict[str, Trace] = {}
    below: dict[str, list[Payload]] = {}
    for record_id, record in kept.items():
        parent = parent_of(record)
        if parent is None:
            roots[record_id] = Trace(record, [])
        else:
            below.setdefault(_trace_of(record, parent, kept), []).append(record)
    rootless = {}
    for trace_id, children in below.items():
        if trace_id in roots:
            roots[trace_id].children.extend(children)
        else:
            rootless[trace_id] = children
    return Grouped(list(roots.values()), rootless, duplicates)


def flatten(root: Payload) -> Trace:
    """Take apart a record whose descendants are nested under `child_runs` (an SDK dump)."""
    return Trace(root, list(_below(root)))


def _below(root: Payload) -> Iterator[Payload]:
    pending = [(child, identity(root)) for child in root.get("child_runs") or ()]
    while pending:
        record, parent = pending.pop()
        if parent_of(record) is None:
            record = {**record, "parent_run_id": parent}
        pending += [(child, identity(record)) for child in record.get("child_runs") or ()]
        yield record


def _trace_of(record: Payload, parent: str, kept: dict[str, Payload]) -> str:
    stated = record.get("trace_id")
    if stated:
        return str(stated)
    ancestors = record.get("parent_run_ids")
    if ancestors:
        return str(ancestors[0])
    seen = {parent}
    while (above := kept.get(parent)) is not None:
        higher = parent_of(above)
        if higher is None or higher in seen:
            break
        seen.add(higher)
        parent = higher
    return parent
