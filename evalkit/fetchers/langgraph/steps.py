"""Turns snapshots into steps: each node's turn, with its subgraph and its calls below it.

A snapshot plans tasks; the next one, its child, commits what they returned. So the steps of a run
are the tasks of the *parents* of its own snapshots: a run that resumes begins with a parent that an
earlier run left behind. Tasks that stand on the run's last snapshot were planned, and perhaps
begun, but never committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evalkit.fetchers.langgraph.inner import InnerReader
from evalkit.fetchers.langgraph.snapshots import Snapshot, Task, in_order
from evalkit.model.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a source holds about one run; everything oldest first."""

    own: Sequence[Snapshot]
    """Snapshots the run made in the root graph."""
    parents: Mapping[str, Snapshot] = field(default_factory=dict)
    """Snapshots of others that own ones start from, by id."""
    subgraphs: Mapping[str, Sequence[Snapshot]] = field(default_factory=dict)
    """Snapshots of every namespace below, of this and of other runs."""
    continued: bool = False
    """Whether a later run took up the tasks on the last snapshot: their results are its work."""
    cut_off: bool = False
    """Whether the run was stopped from outside (timeout, cancelled) while tasks were running."""
    resumed: bool = False
    """Whether the run waited for somebody in between, so that its length says nothing."""
    run_id: str | None = None
    ended_at: datetime | None = None
    """When the run stopped, for tasks that were cut off."""


@dataclass(slots=True)
class StepReader:
    """Reads the steps of one run; gaps in the chain of snapshots are kept in `gaps`."""

    evidence: Evidence
    inner: InnerReader
    gaps: int = 0

    def read(self) -> list[Step]:
        """Return all steps, in start order, each parent before its children."""
        return list(self._graph(self.evidence.own, self.evidence.parents, None))

    def _graph(
        self, own: Sequence[Snapshot], others: Mapping[str, Snapshot], parent: str | None
    ) -> Iterator[Step]:
        known = {**others, **{s.checkpoint_id: s for s in own}}
        ids = {s.checkpoint_id for s in own}
        for snapshot in own:
            if snapshot.source != "loop":
                continue  # an input, a fork or an update by hand commits no node's work
            before = known.get(snapshot.parent_id or "")
            if before is None:
                self.gaps += 1
                continue
            mine = before.checkpoint_id in ids
            for task in before.work:
                yield from self._turn(task, before, snapshot, parent, mine=mine)
        if own and own[-1].next:
            for task in own[-1].work:
                yield from self._turn(task, own[-1], None, parent, mine=True)

    def _turn(
        self,
        task: Task,
        before: Snapshot,
        after: Snapshot | None,
        parent: str | None,
        *,
        mine: bool,
    ) -> Iterator[Step]:
        """Yield a node's step and what happened inside; `after` is None if it never committed."""
        state = self._state_of(task, before, after)
        below = self._below(task)
        if state == "planned" and not below:
            return  # the run paused before it, or reached its recursion limit
        result = task.result if state in ("done", "uncommitted") else None
        step = Step(
            step_id=task.task_id,
            parent_id=parent,
            kind="node",
            name=task.name,
            inputs=self._inputs(task, before),
            outputs=self.inner.strip(result),
            error=task.error if state == "error" else None,
            started_at=before.created_at if mine else None,
            ended_at=_end(state, after, self.evidence.ended_at),
            metadata=_about(task, before, state, mine=mine),
        )
        yield step
        if below:
            yield from self._subgraph(below, task.task_id)
        yield from self.inner.steps(step, result)

    def _state_of(self, task: Task, before: Snapshot, after: Snapshot | None) -> str:
        """Say how a turn ended: `done error paused uncommitted cut_off planned`."""
        if after is not None:
            return "done"
        if task.error is not None and not (task.cancelled and task.error != before.error):
            return "error"
        if task.interrupts:
            return "paused"
        if task.result is not None and not self.evidence.continued:
            return "uncommitted"  # a sibling failed, so the superstep was never committed
        return "cut_off" if before.error or self.evidence.cut_off else "planned"

    def _inputs(self, task: Task, before: Snapshot) -> Any:
        return task.inputs if task.sent else self.inner.strip(before.values)

    def _below(self, task: Task) -> Sequence[Snapshot]:
        return self.evidence.subgraphs.get(task.namespace or "", ())

    def _subgraph(self, snapshots: Sequence[Snapshot], parent: str) -> Iterator[Step]:
        mine = (None, self.evidence.run_id)  # a database has no run ids
        own = [s for s in snapshots if s.run_id in mine]
        others = {s.checkpoint_id: s for s in snapshots if s not in own}
        return self._graph(in_order(own), others, parent)


def _end(state: str, after: Snapshot | None, run_end: datetime | None) -> datetime | None:
    if after is not None:
        return after.created_at
    return run_end if state in ("error", "paused", "cut_off") else None


def _about(task: Task, before: Snapshot, state: str, *, mine: bool) -> dict[str, Any]:
    about: dict[str, Any] = {"langgraph_step": before.step + 1}
    together = len(before.work)
    if together > 1:
        # One superstep has one beginning and one end: all its tasks show the same latency.
        about |= {"parallel": together, "shared_timing": True}
    if task.sent:
        about["send"] = task.path[1] if len(task.path) > 1 else True
    if state != "done":
        about["state"] = state
    if task.interrupts and state == "done" and not mine:
        about["resumed"] = True
    if not before.values_kept and not task.sent:
        about["inputs_omitted"] = "the run's states are too large to keep each"
    return about
