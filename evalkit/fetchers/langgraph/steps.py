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

from evalkit.fetchers.langgraph.inner import READ_FROM, InnerReader
from evalkit.fetchers.langgraph.pauses import Standing, Turn, base_of, committer_of, standing
from evalkit.fetchers.langgraph.snapshots import Snapshot, Task, in_order, next_call
from evalkit.fetchers.langgraph.updates import difference, read_update
from evalkit.model.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a source holds about one run; everything oldest first."""

    own: Sequence[Snapshot]
    """Snapshots the run made in the root graph."""
    base: Snapshot | None = None
    """The snapshot of others that a run stood on which resumed and committed nothing."""
    parents: Mapping[str, Snapshot] = field(default_factory=dict)
    """Snapshots of others that own ones start from, by id."""
    subgraphs: Mapping[str, Sequence[Snapshot]] = field(default_factory=dict)
    """Snapshots of every namespace below, of this and of other runs."""
    turns: Sequence[Turn] = ()
    """All runs of the thread, this one too, where there are others."""
    committer: str | None = None
    """The later run that took up the tasks on the last snapshot: their results are its work."""
    joins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Nodes that wait for several others, with those; asked for where a task seems to be hidden."""
    waits: bool = False
    """Whether the thread says that this run, its last, waits for somebody."""
    unreadable: bool = False
    """Whether the server refused the history, so that there are no steps to be had."""
    cut_off: bool = False
    """Whether the run was stopped from outside (timeout, cancelled) while tasks were running."""
    resumed: bool = False
    """Whether the run waited for somebody in between, so that its length says nothing."""
    run_id: str | None = None
    ended_at: datetime | None = None
    """When the run stopped, for tasks that were cut off."""

    @property
    def paused(self) -> bool:
        """Whether work was left that somebody may take up, or took up later."""
        last = self.last
        return last is not None and bool(last.next or self.waits or self.committer)

    @property
    def last(self) -> Snapshot | None:
        """The snapshot on which the run's last word stands."""
        return self.own[-1] if self.own else self.base

    def calls(self, task: Task) -> Iterator[Sequence[Snapshot]]:
        """Yield the snapshots of each call of a subgraph by this task."""
        namespace = task.namespace or ""
        while found := self.subgraphs.get(namespace):
            yield found
            namespace = next_call(namespace)

    def waited_for(self) -> list[Any]:
        """Return the questions that stood open where the run began."""
        begun = [*self.parents.values(), *([self.base] if self.base else [])]
        return [item for s in begun for task in s.work for item in task.interrupts]

    def asked(self) -> list[Any]:
        """Return the questions that were open when the run stopped, in their own words."""
        return list(self._asked(self.last, self.committer)) if self.last else []

    def _asked(self, snapshot: Snapshot, committer: str | None) -> Iterator[Any]:
        how = standing(snapshot, self.run_id, self.turns, committer)
        for task in snapshot.work:
            below = [item for inner in self.calls(task) for item in self._asked_in(inner)]
            yield from below or how.interrupts(task)

    def _asked_in(self, inner: Sequence[Snapshot]) -> Iterator[Any]:
        last = self.last_in(inner)
        if last is not None and last.next:
            yield from self._asked(last, committer_of(last, inner))

    def last_in(self, inner: Sequence[Snapshot]) -> Snapshot | None:
        """Return the snapshot of a subgraph on which the run's last word stands."""
        own = [s for s in inner if s.run_id in (None, self.run_id)]
        return own[-1] if own else base_of(inner, self.ended_at)


@dataclass(frozen=True, slots=True)
class _Level:
    """What a run did in one graph: the root, or one call of a subgraph."""

    own: Sequence[Snapshot]
    others: Mapping[str, Snapshot]
    last: Snapshot | None
    committer: str | None = None
    committed: Snapshot | None = None
    """The caller's snapshot that committed what is planned on the last one here."""


@dataclass(slots=True)
class StepReader:
    """Reads the steps of one run; gaps in the chain of snapshots are kept in `gaps`."""

    evidence: Evidence
    inner: InnerReader
    gaps: int = 0
    _visited: set[str] = field(default_factory=set)

    def read(self) -> list[Step]:
        """Return all steps, in start order, each parent before its children."""
        evidence = self.evidence
        level = _Level(evidence.own, evidence.parents, evidence.last, evidence.committer)
        return list(self._graph(level, None))

    def _graph(self, level: _Level, parent: str | None) -> Iterator[Step]:
        known = {**level.others, **{s.checkpoint_id: s for s in level.own}}
        ids = {s.checkpoint_id for s in level.own}
        for snapshot in level.own:
            if snapshot.source != "loop":
                continue  # an input, a fork or an update by hand commits no node's work
            before = known.get(snapshot.parent_id or "")
            if before is None:
                self.gaps += 1
                continue
            mine = before.checkpoint_id in ids
            self.gaps += before.incomplete
            how = Standing() if mine else self._standing(before, self.evidence.run_id)
            if not before.tasks and before.source != "input":
                yield from self._hidden(before, snapshot, parent, mine=mine)
            for task in before.work:
                if task.task_id not in how.before:
                    yield from self._turn(task, before, snapshot, parent, how, mine=mine)
        if level.last is not None and level.last.next:
            mine = level.last.checkpoint_id in ids
            how = self._standing(level.last, level.committer)
            for task in level.last.work:
                if task.task_id not in how.before:
                    after = level.committed
                    yield from self._turn(task, level.last, after, parent, how, mine=mine)

    def _hidden(
        self, before: Snapshot, after: Snapshot, parent: str | None, *, mine: bool
    ) -> Iterator[Step]:
        """Yield the step of a task that the server does not list, told by what it changed.

        langgraph-api 0.16 shows no task at a snapshot whose next node waits for several others.
        """
        name = self._joined()
        changed = difference(before.values, after.values)
        step = Step(
            step_id=f"{after.checkpoint_id}:{name}",
            parent_id=parent,
            kind="node",
            name=name,
            inputs=self.inner.strip(before.values),
            outputs=self.inner.strip(changed),
            started_at=before.created_at if mine else None,
            ended_at=after.created_at,
            metadata={"langgraph_step": after.step, READ_FROM: "difference of states"},
        )
        if changed is None or name == "unnamed":
            self.gaps += 1
        yield step
        yield from self.inner.steps(step, changed)

    def _joined(self) -> str:
        """Return the node that had everything it waits for, if there is one such node only."""
        joins = {n: s for n, s in self.evidence.joins.items() if n not in self._visited}
        ready = [name for name, sources in joins.items() if sources <= self._visited]
        names = ready or list(joins)  # a resumed run did not visit what came before it
        return names[0] if len(names) == 1 else "unnamed"

    def _standing(self, snapshot: Snapshot, committer: str | None) -> Standing:
        return standing(snapshot, self.evidence.run_id, self.evidence.turns, committer)

    def _turn(
        self,
        task: Task,
        before: Snapshot,
        after: Snapshot | None,
        parent: str | None,
        how: Standing,
        *,
        mine: bool,
    ) -> Iterator[Step]:
        """Yield a node's step and what happened inside; `after` is None if it never committed."""
        state = self._state_of(task, before, after, how)
        below = list(self.evidence.calls(task))
        if state == "planned" and not below:
            return  # the run paused before it, or reached its recursion limit
        result = read_update(task.result if state in ("done", "uncommitted") else None)
        step = Step(
            step_id=task.task_id,
            parent_id=parent,
            kind="node",
            name=task.name,
            inputs=self._inputs(task, before),
            outputs=self.inner.strip(result.value),
            error=task.error if state == "error" else None,
            started_at=before.created_at if mine else None,
            ended_at=_end(state, after, self.evidence.ended_at),
            metadata=_about(task, before, state, mine=mine) | result.about,
        )
        self._visited.add(task.name)
        yield step
        for called in task.calls:
            yield from self._turn(called, before, after, task.task_id, how, mine=mine)
        for call in below:
            yield from self._graph(self._inside(call, after), task.task_id)
        yield from self.inner.steps(step, result.value)

    def _state_of(self, task: Task, before: Snapshot, after: Snapshot | None, how: Standing) -> str:
        """Say how a turn ended: `done error paused uncommitted cut_off planned`."""
        if after is not None:
            return "done"
        if task.error is not None and not (task.cancelled and task.error != before.error):
            return "error"
        if task.task_id in how.ended:
            return "uncommitted"  # a sibling failed or waits, so the superstep was not committed
        if how.interrupts(task):
            return "paused"
        if task.result is not None and self.evidence.committer is None:
            return "uncommitted"
        return "cut_off" if before.error or self.evidence.cut_off else "planned"

    def _inside(self, call: Sequence[Snapshot], after: Snapshot | None) -> _Level:
        """Return what this run did in one call of a subgraph.

        Where the caller's work was committed, so was what still stands planned inside: a node that
        hands a Command to the parent graph ends its own graph without a snapshot.
        """
        mine = (None, self.evidence.run_id)  # a database has no run ids
        own = in_order([s for s in call if s.run_id in mine])
        others = {s.checkpoint_id: s for s in call if s.run_id not in mine}
        last = own[-1] if own else None
        if last is None and after is None:
            last = self.evidence.last_in(call)
        committer = committer_of(last, call) if last else None
        return _Level(own, others, last, committer, None if committer else after)

    def _inputs(self, task: Task, before: Snapshot) -> Any:
        sent = task.sent or task.inputs is not None
        return task.inputs if sent else self.inner.strip(before.values)


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
