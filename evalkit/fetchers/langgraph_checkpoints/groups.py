"""Tells runs apart: a database has checkpoints of threads, but no list of runs.

A run begins where an input was given (`source` is `input`) or an old checkpoint was taken up again
(`fork`); what follows belongs to it. A run that was resumed goes on: nothing marks the resumption.
With durability "exit" only the last checkpoint of a run is kept, without its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.fetchers.langgraph.snapshots import Snapshot
from evalkit.fetchers.langgraph.steps import Evidence

STATES_BYTES = 8_000_000
BEGINS = frozenset({"input", "fork"})


@dataclass(slots=True)
class Group:
    """The checkpoints of one run in the root graph, oldest first."""

    parent: Snapshot | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    spent: int = 0

    def add(self, snapshot: Snapshot, size: int) -> None:
        """Add the next snapshot; past a budget the states in the middle are dropped."""
        self.spent += size
        self.snapshots.append(snapshot)
        if self.spent > STATES_BYTES and len(self.snapshots) > 2:
            for place in range(1, len(self.snapshots) - 1):
                if self.snapshots[place].values_kept:
                    self.snapshots[place] = self.snapshots[place].without_values()


@dataclass(slots=True)
class Thread:
    """A thread's runs, and the snapshots of its subgraphs by namespace."""

    groups: list[Group]
    subgraphs: dict[str, list[Snapshot]]


def group(snapshots: Iterable[tuple[Snapshot, int]]) -> Thread:
    """Sort a thread's snapshots, oldest first with their sizes, into runs and subgraphs."""
    by_id: dict[str, tuple[Group, Snapshot]] = {}
    thread = Thread([], {})
    for snapshot, size in snapshots:
        if snapshot.namespace:
            thread.subgraphs.setdefault(snapshot.namespace, []).append(snapshot)
            continue
        before = by_id.get(snapshot.parent_id or "")
        if before is None or _begins(snapshot, before[1]):
            thread.groups.append(Group(before[1].without_values() if before else None))
            mine = thread.groups[-1]
        else:
            mine = before[0]
        mine.add(snapshot, size)
        by_id[snapshot.checkpoint_id] = (mine, snapshot.without_values())
    return thread


def _begins(snapshot: Snapshot, parent: Snapshot) -> bool:
    # With durability "exit" the steps in between are missing: the numbers jump.
    return snapshot.source in BEGINS or snapshot.step > parent.step + 1


def evidence_of(run: Group, thread: Thread) -> Evidence:
    """Return what the database holds about one run."""
    resumed = any(task.interrupts for s in run.snapshots[:-1] for task in s.work)
    return Evidence(own=run.snapshots, subgraphs=thread.subgraphs, resumed=resumed)


def infer(run: Group) -> str:
    """Return the status of a run, which the database does not record.

    An error was written down; an interrupt too. Work that is planned and has left neither was cut
    off, or never begun, for a reason only the application knew.
    """
    last = run.snapshots[-1]
    if last.error is not None:
        return "error"
    if not last.work or any(task.interrupts for task in last.work):
        return "success"
    return "interrupted"
