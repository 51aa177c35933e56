"""Tells what each run did at a checkpoint where work waited for somebody, and who asked what.

A run that resumes and stops again in the same superstep commits nothing: the tasks of the snapshot
it started from take their results and questions anew, over those of the run before. So several runs
stand on one snapshot, which shows the end of the last; what the others left is worked out from the
interrupts that each of them answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evalkit.fetchers.langgraph.snapshots import Snapshot, Task

NOTHING = object()
ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a thread, as far as its neighbours need to know it."""

    run_id: str
    ended_at: datetime | None = None
    resume: Any = NOTHING
    """What it answered: one value, or a mapping of interrupt ids; `NOTHING` for no answer."""
    began_anew: bool = False
    """Whether it was given an input, which leaves waiting work where it is."""
    failed: bool = False


@dataclass(slots=True)
class Standing:
    """How one run left the tasks of a snapshot that it and others worked at."""

    before: set[str] = field(default_factory=set)
    """Tasks that had ended before the run."""
    ended: set[str] = field(default_factory=set)
    """Tasks that ended in the run, without the superstep being committed."""
    waiting: set[str] = field(default_factory=set)
    """Ids of the interrupts that were open when the run stopped."""
    lost: set[str] = field(default_factory=set)
    """Of those, interrupts that a later run asked again in other words: the question is gone."""

    def interrupts(self, task: Task) -> list[Any]:
        """Return what a task asked in this run; a question that was overwritten has no value."""
        asked = [item for item in task.interrupts if interrupt_id(item) in self.waiting]
        return [
            {**item, "value": None} if interrupt_id(item) in self.lost else item for item in asked
        ]


def standing(
    snapshot: Snapshot, run_id: str | None, turns: Sequence[Turn], committer: str | None
) -> Standing:
    """Return how the run `run_id` left `snapshot`; `committer` is the run that went on from it."""
    here = _turns_at(snapshot, turns, committer)
    place = next((n for n, turn in enumerate(here) if turn.run_id == run_id), None)
    ids = {interrupt_id(item) for task in snapshot.work for item in task.interrupts}
    quiet = {t.task_id for t in snapshot.work if _ended_quietly(t)} if snapshot.stopped else set()
    if place is None:
        return _alone(snapshot, quiet)
    open_after = _open_after(snapshot, here, ids, committer)
    asked_again = _asked_again(here, open_after)
    now, earlier = open_after[place], open_after[place - 1] if place else ids
    by_task = {t.task_id: {interrupt_id(i) for i in t.interrupts} for t in snapshot.work}
    answered = {name for name, its in by_task.items() if its and not its & now}
    waited = {name for name, its in by_task.items() if its & earlier}
    return Standing(
        before=(quiet if place else set()) | (answered - waited),
        ended=(answered & waited) if place else quiet | answered,
        waiting=now,
        lost={name for name in now if asked_again.get(name, 0) > place},
    )


def _alone(snapshot: Snapshot, quiet: set[str]) -> Standing:
    """Return how the tasks stand now, where nothing is known of other runs."""
    asking = [task for task in snapshot.work if task.interrupts]
    answered = {task.task_id for task in asking if task.result is not None}
    waiting = {interrupt_id(i) for t in asking if t.task_id not in answered for i in t.interrupts}
    return Standing(ended=quiet | answered, waiting=waiting)


def interrupt_id(item: Any) -> str:
    """Return what an interrupt is known by; old servers give none."""
    found = item.get("id", item.get("interrupt_id")) if isinstance(item, Mapping) else None
    return str(found) if found is not None else ""


def base_of(snapshots: Sequence[Snapshot], ended_at: datetime | None) -> Snapshot | None:
    """Return the snapshot that a run without one of its own stood on: the newest before its end."""
    found = [s for s in snapshots if _by(s, ended_at)]
    return max(found, key=lambda s: s.checkpoint_id, default=None)


def committer_of(snapshot: Snapshot, snapshots: Sequence[Snapshot]) -> str | None:
    """Return the run that committed the work planned at a snapshot, if one of these shows it."""
    found = (s for s in snapshots if s.parent_id == snapshot.checkpoint_id and s.source == "loop")
    return next((s.run_id for s in found), None)


def _by(snapshot: Snapshot, moment: datetime | None) -> bool:
    return moment is None or snapshot.created_at is None or snapshot.created_at <= moment


def _ended_quietly(task: Task) -> bool:
    return task.result is not None and task.error is None and not task.interrupts


def _turns_at(snapshot: Snapshot, turns: Sequence[Turn], committer: str | None) -> list[Turn]:
    """Return the runs that worked at a snapshot: its owner, and those that resumed there."""
    names = [turn.run_id for turn in turns]
    if snapshot.run_id in names:
        start = names.index(snapshot.run_id)
        here = [turns[start]]
    else:  # made by hand, or copied with its thread: nobody here paused at it
        here = [Turn("")]
        start = sum(not (t.ended_at and _by(snapshot, t.ended_at)) for t in turns) - 1
    for turn in turns[start + 1 :]:
        if turn.began_anew:
            break
        here.append(turn)
        if turn.run_id == committer:
            break
    return here


def _open_after(
    snapshot: Snapshot, here: Sequence[Turn], ids: set[str], committer: str | None
) -> list[set[str]]:
    """Return the interrupts open after each run, found from the last run backwards."""
    left = {interrupt_id(item) for t in snapshot.work if t.result is None for item in t.interrupts}
    after: list[set[str]] = [set() for _ in here]
    after[-1] = set() if committer is not None and here[-1].run_id == committer else left & ids
    for place in range(len(here) - 1, 0, -1):
        after[place - 1] = after[place] | _answered(here[place], here[1:place], after[place], ids)
    after[0] = ids  # whoever comes first asked everything
    return after


def _answered(turn: Turn, earlier: Sequence[Turn], left: set[str], ids: set[str]) -> set[str]:
    """Return the interrupts a run answered."""
    if turn.resume is NOTHING:
        return set()
    if (named := _named(turn.resume)) is not None:
        return named & ids
    if turn.failed and left:
        return set()  # it failed over the very answer, or before it was asked again
    if left:
        return left  # one answer without a name goes to the one question there is
    taken = {name for other in earlier for name in _named(other.resume) or ()}
    return (ids - taken) or ids


def _named(resume: Any) -> set[str] | None:
    """Return the interrupts that an answer names, or None for one answer to whatever is open.

    LangGraph tells the two apart by the keys: ids of interrupts are 32 hexadecimal digits.
    """
    if isinstance(resume, Mapping) and resume and all(ID.fullmatch(str(key)) for key in resume):
        return {str(key) for key in resume}
    return None


def _asked_again(here: Sequence[Turn], after: Sequence[set[str]]) -> dict[str, int]:
    """Return the last run that asked each question, by interrupt: that one's words are kept."""
    last: dict[str, int] = {}
    for place in range(1, len(here)):
        ids = set() if here[place].failed else after[place]
        for name in _answered(here[place], here[1:place], ids, after[place - 1]) & ids:
            last[name] = place
    return last
