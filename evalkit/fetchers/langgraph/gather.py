"""Gathers what the server holds about one run: its snapshots, their parents, its subgraphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.fetchers.http.answers import HttpError
from evalkit.fetchers.langgraph.client import LangGraphClient
from evalkit.fetchers.langgraph.discover import Found
from evalkit.fetchers.langgraph.facts import Facts, turn_of
from evalkit.fetchers.langgraph.histories import Histories
from evalkit.fetchers.langgraph.snapshots import Snapshot, in_order, next_call
from evalkit.fetchers.langgraph.steps import Evidence
from evalkit.model.timing import parse_time

STATES_BYTES = 8_000_000
"""States of one run that are kept as inputs of its nodes, in bytes of JSON; see `_Own.add`."""


@dataclass(slots=True)
class Gathered:
    """A run's snapshots, and the runs that others of the thread's snapshots name."""

    evidence: Evidence
    strangers: set[str] = field(default_factory=set)
    refused: str | None = None
    """What the server said when it was asked for the history, if it refused that."""


@dataclass(slots=True)
class _Own:
    """Snapshots of one run as they arrive, newest first, in bounded memory.

    Each repeats the whole state. Past a budget only the newest keeps its own: it is the output.
    That of the oldest, which tells what was there before the run, is asked for again.
    """

    run_id: str
    snapshots: list[Snapshot] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    spent: int = 0

    def add(self, page: Iterable[Snapshot], size: int) -> None:
        self.spent += size
        for snapshot in page:
            if snapshot.run_id == self.run_id:
                self.snapshots.append(snapshot)
            elif snapshot.run_id:
                self.strangers.add(snapshot.run_id)
        if self.spent > STATES_BYTES:
            for place in range(len(self.snapshots) - 1, 0, -1):
                if not self.snapshots[place].values_kept:
                    break
                self.snapshots[place] = self.snapshots[place].without_values()


@dataclass(slots=True)
class Gatherer:
    """Gathers runs one by one, from any thread."""

    client: LangGraphClient
    subgraphs: bool
    histories: Histories = field(init=False)
    _known_joins: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.histories = Histories(self.client)

    def gather(self, found: Found) -> Gathered:
        """Fetch the snapshots of a run, and those of others that it went on from."""
        thread_id = str(found.raw["thread_id"])
        own = _Own(found.run_id)
        for page in self.histories.of_run(thread_id, found.run_id, found.siblings):
            own.add(page.snapshots, page.size)
        ordered = in_order(own.snapshots)
        if ordered and not ordered[0].values_kept:
            again = self.client.snapshot(thread_id, ordered[0].checkpoint_id)
            ordered[0] = replace(ordered[0], values=again.values) if again else ordered[0]
        base = None if ordered else self._base(found)
        parents = self._parents(found, ordered)
        hidden = _hides_a_task(ordered, parents)
        shown = [*ordered, *parents.values(), *([base] if base else [])]
        evidence = Evidence(
            own=ordered,
            base=base,
            parents=parents,
            subgraphs=self._below(thread_id, shown) if self.subgraphs else {},
            turns=[turn_of(raw) for raw in found.siblings] if len(found.siblings) > 1 else (),
            committer=self._committer(found, ordered[-1] if ordered else base),
            joins=self._joins(str(found.raw.get("assistant_id"))) if hidden else {},
            waits=found.newest and found.thread.get("status") == "interrupted",
        )
        return Gathered(evidence, own.strangers)

    def from_the_thread(self, found: Found, refused: str) -> Gathered:
        """Return what the thread says of its last run, where its history is refused."""
        thread_id = str(found.raw["thread_id"])
        own: list[Snapshot] = []
        if found.newest:
            thread = self.client.thread(thread_id)
            state = self.latest(thread_id)
            if state is not None and state.run_id not in (None, found.run_id):
                state = None  # the run made no snapshot: what stands there is another's
            elif state is None:
                state = _state_of(thread, found.run_id)
            if state is not None:
                told = thread.get("values")
                own = [state if told is None else replace(state, values=told)]
        return Gathered(Evidence(own=own, unreadable=True), refused=refused)

    def _joins(self, assistant_id: str) -> Mapping[str, frozenset[str]]:
        if assistant_id not in self._known_joins:
            try:
                self._known_joins[assistant_id] = self.client.joins(assistant_id)
            except HttpError:
                self._known_joins[assistant_id] = {}
        return self._known_joins[assistant_id]

    def latest(self, thread_id: str) -> Snapshot | None:
        """Return the newest snapshot of a thread, or None where the server cannot show it."""
        try:
            return self.client.latest(thread_id)
        except HttpError:
            return None

    def _parents(self, found: Found, own: list[Snapshot]) -> dict[str, Snapshot]:
        """Fetch the snapshots of other runs that this one went on from."""
        known = {s.checkpoint_id for s in own}
        parents: dict[str, Snapshot] = {}
        for snapshot in own:
            parent = snapshot.parent_id
            if snapshot.source == "loop" and parent and parent not in known:
                other = self.client.snapshot(str(found.raw["thread_id"]), parent)
                if other is not None:
                    parents[parent] = other
        return parents

    def _base(self, found: Found) -> Snapshot | None:
        """Return the snapshot that a run which resumed and committed nothing stood on."""
        facts = Facts(found.raw)
        if not facts.resumes or facts.status not in ("success", "interrupted"):
            return None
        thread_id, ended = str(found.raw["thread_id"]), parse_time(found.raw.get("updated_at"))
        for page in self.histories.of_thread(thread_id, found.siblings):
            for snapshot in page.snapshots:
                if ended is None or snapshot.created_at is None or snapshot.created_at <= ended:
                    return snapshot if snapshot.next else None
        return None

    def _below(self, thread_id: str, snapshots: Iterable[Snapshot]) -> dict[str, list[Snapshot]]:
        """Fetch the snapshots of every subgraph that was called, and of theirs, and so on.

        A node may call a subgraph more than once: the later calls bear the number of the call.
        """
        found: dict[str, list[Snapshot]] = {}
        waiting = [task.namespace for s in snapshots for task in s.work if task.namespace]
        while waiting:
            namespace = waiting.pop()
            if namespace in found:
                continue
            pages = self.histories.of_namespace(thread_id, namespace)
            inner = in_order([s for page in pages for s in page.snapshots])
            if inner or "|" not in namespace or not namespace.rpartition("|")[2].isdigit():
                found[namespace] = inner
            if inner:
                waiting.append(next_call(namespace))
            waiting += [t.namespace for s in inner for t in s.work if t.namespace]
        return found

    def _committer(self, found: Found, last: Snapshot | None) -> str | None:
        """Return the later run that took up the work still planned on this snapshot."""
        if found.newest or last is None or not (last.next or found.resumed):
            return None
        pages = self.histories.children(str(found.raw["thread_id"]), last.step + 1, found.siblings)
        for page in pages:
            for s in page.snapshots:
                if s.source == "loop" and s.parent_id == last.checkpoint_id:
                    return s.run_id
        return None


def _hides_a_task(own: list[Snapshot], parents: Mapping[str, Snapshot]) -> bool:
    """Whether a step was committed of which the snapshot before it says nothing."""
    known = {**parents, **{s.checkpoint_id: s for s in own}}
    before = (known.get(s.parent_id or "") for s in own if s.source == "loop")
    return any(s is not None and not s.tasks and s.source != "input" for s in before)


def _state_of(thread: Mapping[str, Any], run_id: str) -> Snapshot | None:
    """Return a thread's own word of its state as a snapshot, as far as it goes."""
    if thread.get("values") is None:
        return None
    waits = thread.get("status") == "interrupted"
    return Snapshot(
        checkpoint_id="",
        parent_id=None,
        source="loop",
        step=0,
        run_id=run_id,
        graph_id=None,
        created_at=None,
        next=("not known",) if waits else (),
        values=thread["values"],
        tasks=(),
    )
