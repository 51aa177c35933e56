"""Gathers what the server holds about one run: its snapshots, their parents, its subgraphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.langgraph.client import LangGraphClient
from evalkit.fetchers.langgraph.snapshots import Snapshot, in_order
from evalkit.fetchers.langgraph.steps import Evidence

STATES_BYTES = 8_000_000
"""States of one run that are kept as inputs of its nodes, in bytes of JSON; see `_Own.add`."""


@dataclass(slots=True)
class Gathered:
    """A run's snapshots, and the runs that others of the thread's snapshots name."""

    evidence: Evidence
    strangers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Own:
    """Snapshots of one run as they arrive, newest first, in bounded memory.

    Each repeats the whole state. Past a budget only the first and the last keep theirs: one is the
    output, the other tells which messages were there before.
    """

    run_id: str
    snapshots: list[Snapshot] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    others: dict[str, Snapshot] = field(default_factory=dict)
    spent: int = 0

    def add(self, page: Iterable[Snapshot], size: int) -> None:
        self.spent += size
        for snapshot in page:
            if snapshot.run_id == self.run_id:
                self.snapshots.append(snapshot)
            elif snapshot.run_id:
                self.strangers.add(snapshot.run_id)
        if self.spent > STATES_BYTES and len(self.snapshots) > 2:
            middle = [s.without_values() for s in self.snapshots[1:-1]]
            self.snapshots[1:-1] = middle


def gather(
    client: LangGraphClient,
    raw: Mapping[str, Any],
    *,
    alone: bool,
    newest: bool,
    subgraphs: bool,
) -> Gathered:
    """Fetch the snapshots of the run `raw`.

    `alone`: it is the only run known on its thread, so the whole history is read, which costs the
    same and shows when other runs were left out. `newest`: no run came after it.
    """
    thread_id, run_id = str(raw["thread_id"]), str(raw["run_id"])
    own = _Own(run_id)
    wanted = {} if alone else {"run_id": run_id}
    for page in client.history(thread_id, **wanted):
        own.add(page.snapshots, page.size)
    ordered = in_order(own.snapshots)
    parents = _parents(client, thread_id, ordered)
    evidence = Evidence(
        own=ordered,
        parents=parents,
        subgraphs=_below(client, thread_id, [*ordered, *parents.values()]) if subgraphs else {},
        continued=not newest and _continued(client, thread_id, ordered),
    )
    return Gathered(evidence, own.strangers)


def _parents(client: LangGraphClient, thread_id: str, own: list[Snapshot]) -> dict[str, Snapshot]:
    """Fetch the snapshots of other runs that this one went on from."""
    known = {s.checkpoint_id for s in own}
    found: dict[str, Snapshot] = {}
    for snapshot in own:
        parent = snapshot.parent_id
        if snapshot.source == "loop" and parent and parent not in known:
            other = client.snapshot(thread_id, parent)
            if other is not None:
                found[parent] = other
    return found


def _below(
    client: LangGraphClient, thread_id: str, snapshots: Iterable[Snapshot]
) -> dict[str, list[Snapshot]]:
    """Fetch the snapshots of every subgraph that was called, and of theirs, and so on."""
    found: dict[str, list[Snapshot]] = {}
    waiting = [task.namespace for s in snapshots for task in s.work if task.namespace]
    while waiting:
        namespace = waiting.pop()
        if namespace in found:
            continue
        pages = client.history(thread_id, namespace=namespace)
        found[namespace] = in_order([s for page in pages for s in page.snapshots])
        waiting += [t.namespace for s in found[namespace] for t in s.work if t.namespace]
    return found


def _continued(client: LangGraphClient, thread_id: str, own: list[Snapshot]) -> bool:
    """Whether a later run took up the work that was still planned on this run's last snapshot."""
    if not own or not own[-1].next:
        return False
    last = own[-1]
    pages = client.history(thread_id, step=last.step + 1, source="loop")
    return any(s.parent_id == last.checkpoint_id for page in pages for s in page.snapshots)
