"""Tells runs apart: a database has checkpoints of threads, but no list of runs.

A run begins where an input was given (`source` is `input`), where an old checkpoint was taken up
again (`fork`), or where one that already has a successor got another: a branch, made by an edit.
What follows belongs to it. A run that was resumed goes on: nothing marks the resumption. With
durability "exit" only the last checkpoint of a run is kept, without its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.langgraph.snapshots import Snapshot
from evalkit.fetchers.langgraph.steps import Evidence

STATES_BYTES = 8_000_000
BEGINS = frozenset({"input", "fork"})
EDIT = "update"


@dataclass(slots=True)
class Group:
    """The checkpoints of one run in one graph, oldest first."""

    given: Any = None
    """The input, as the first checkpoint has it."""
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

    @property
    def own(self) -> list[Snapshot]:
        """The snapshots of the run itself: an edit by hand after its end is no work of it."""
        end = len(self.snapshots)
        while end and self.snapshots[end - 1].source == EDIT:
            end -= 1
        return self.snapshots[:end]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the caller said: an edit by hand carries none of it, what came after does."""
        loops = [s for s in self.own if s.source != EDIT]
        return loops[0].metadata if loops else {}


@dataclass(slots=True)
class Thread:
    """A thread's runs, the snapshots of its subgraphs by namespace, and what could not be read."""

    groups: list[Group] = field(default_factory=list)
    subgraphs: dict[str, list[Snapshot]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Channels whose values only the graph knows."""


@dataclass(slots=True)
class Grouping:
    """Sorts the snapshots of a thread's root graph into runs as they come, oldest first."""

    groups: list[Group] = field(default_factory=list)
    _steps: dict[str, tuple[Group, int]] = field(default_factory=dict)
    _followed: set[str] = field(default_factory=set)

    def add(self, snapshot: Snapshot, given: Any, size: int) -> None:
        """Put a snapshot into the run it belongs to, or begin one with it."""
        parent = snapshot.parent_id or ""
        before = self._steps.get(parent)
        if before is None or parent in self._followed or _begins(snapshot, before[1]):
            self.groups.append(Group(given))
            group = self.groups[-1]
        else:
            group = before[0]
        self._followed.add(parent)
        group.add(snapshot, size)
        self._steps[snapshot.checkpoint_id] = (group, snapshot.step)


def _begins(snapshot: Snapshot, parent_step: int) -> bool:
    # With durability "exit" the steps in between are missing: the numbers jump.
    return snapshot.source in BEGINS or snapshot.step > parent_step + 1


def evidence_of(run: Group, thread: Thread) -> Evidence:
    """Return what the database holds about one run."""
    own = run.own
    resumed = any(task.interrupts for s in own[:-1] for task in s.work)
    return Evidence(own=own, subgraphs=thread.subgraphs, resumed=resumed)


def infer(run: Group) -> str:
    """Return the status of a run, which the database does not record.

    An error was written down; an interrupt too. Work that is planned and has left neither was cut
    off, or never begun, for a reason only the application knew.
    """
    last = run.own[-1]
    if last.error is not None:
        return "error"
    if not last.work or any(task.interrupts for task in last.work):
        return "success"
    return "interrupted"
