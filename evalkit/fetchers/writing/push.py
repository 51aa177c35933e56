"""Gives scores back: planned first, written only when told, withdrawn without a trace.

Ids are made from what a score is about, so pushing again changes nothing, a push that broke off
goes on where it stopped, and a changed score replaces the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import FetchError, SourceUnavailable
from evalkit.fetchers.base import Progress, no_progress
from evalkit.fetchers.writing.cells import row_of
from evalkit.fetchers.writing.contract import Item, Keep, Writer


@dataclass(slots=True)
class PushPlan:
    """What a push would do; nothing has been written."""

    experiment: str
    """The experiment's name in the store."""
    create: list[Item] = field(default_factory=list)
    update: list[tuple[Item, Item]] = field(default_factory=list)
    replace: list[tuple[Item, Item]] = field(default_factory=list)
    """Errors that became scores, or the other way round: removed and written again."""
    stale: list[Item] = field(default_factory=list)
    """What evalkit wrote that no cell says any more: of an evaluator it still has, or that
    scored these runs and says nothing now. Taken away when the plan is applied."""
    foreign: int = 0
    """What evalkit wrote for evaluators that are not here: somebody else's, left alone."""
    taken: int = 0
    """Scores whose name somebody else has given a score: left as that one is."""
    left: int = 0
    """Scores that are there already, as they are here."""
    unknown_runs: list[str] = field(default_factory=list)
    """Runs that have scores here and are not in the store."""
    notes: list[str] = field(default_factory=list)
    writer: Writer | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan's figures, as `--json` prints them."""
        return {
            "experiment": self.experiment,
            "created": len(self.create),
            "updated": len(self.update) + len(self.replace),
            "left": self.left,
            "stale": len(self.stale),
            "foreign": self.foreign,
            "taken": self.taken,
            "unknown_runs": self.unknown_runs,
            "notes": self.notes,
        }


@dataclass(slots=True)
class PushReport:
    """What a push did."""

    experiment: str
    created: int = 0
    updated: int = 0
    left: int = 0
    withdrawn: int = 0
    """Scores removed: all of evalkit's when told so, else those that nothing says any more."""
    foreign: int = 0
    taken: int = 0
    unknown_runs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def plan(writer: Writer, cells: Iterable[Any], keep: Keep | None = None) -> PushPlan:
    """Compare the cells (rows of the `cells` table, or Feedback) with what the store has.

    Only reads. Raises what fetching raises, and closes the writer then.
    """
    try:
        return _plan(writer, [row_of(cell) for cell in cells], keep)
    except BaseException:
        writer.close()
        raise


def _plan(writer: Writer, every: list[Mapping[str, Any]], keep: Keep | None) -> PushPlan:
    everything, unknown = writer.wanted(every, None)
    there = writer.there(everything)
    made = PushPlan(writer.experiment, writer=writer, unknown_runs=sorted(unknown))
    wanted = everything
    if keep is None:
        _find_stale(made, there, everything, {str(cell.get("evaluator")) for cell in every})
    else:
        wanted, _ = writer.wanted(every, keep)
    taken = writer.taken(wanted)
    made.taken = len(taken)
    for item in wanted:
        before = there.get(item.id)
        if item.id in taken:
            continue
        if before is None:
            made.create.append(item)
        elif item.turned(before) and not writer.turns_in_place:
            made.replace.append((item, before))
        elif item.differs(before):
            made.update.append((item, before))
        else:
            made.left += 1
    made.notes = writer.notes()
    return made


def apply(plan: PushPlan, progress: Progress = no_progress) -> PushReport:
    """Write what the plan says, many at a time; what broke off goes on when pushed again."""
    if (writer := plan.writer) is None:
        raise FetchError(f"{plan.experiment}: this plan was applied already. Make a new one.")
    report = PushReport(
        plan.experiment,
        left=plan.left,
        foreign=plan.foreign,
        taken=plan.taken,
        unknown_runs=plan.unknown_runs,
        notes=plan.notes,
    )
    total = len(plan.create) + len(plan.update) + len(plan.replace)
    try:
        report.withdrawn = sum(writer.remove(plan.stale))
        for item, before in plan.replace:
            sum(writer.remove([before]))
            report.updated += sum(writer.create([item]))
        for done in writer.update(plan.update):
            report.updated += done
            progress("scores", report.updated, total)
        for done in writer.create(plan.create):
            report.created += done
            progress("scores", report.created + report.updated, total)
        if plan.create:
            report.withdrawn += sum(writer.remove(writer.doubled(plan.create)))
    except SourceUnavailable as error:
        done = report.created + report.updated
        raise SourceUnavailable(
            f"{plan.experiment}: pushed {done} of {total} scores, then: {error} "
            "Push again to go on; nothing is written twice."
        ) from None
    finally:
        close(plan)
    return report


def close(plan: PushPlan) -> None:
    """Drop the plan's connection; a plan that is applied closes itself."""
    if plan.writer is not None:
        plan.writer.close()
        plan.writer = None


def withdraw(
    writer: Writer,
    cells: Iterable[Any] = (),
    *,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> PushReport:
    """Remove every score of the experiment that evalkit wrote, and nothing else.

    A store that lists only what it is asked for is asked about what `cells` hold.
    """
    try:
        wanted, _ = writer.wanted(cells, None)
        ours = writer.there(wanted)
        report = PushReport(writer.experiment, notes=writer.notes())
        if dry_run:
            report.withdrawn = len(ours)
            return report
        for done in writer.remove([ours[each] for each in sorted(ours)]):
            report.withdrawn += done
            progress("scores withdrawn", report.withdrawn, len(ours))
        return report
    finally:
        writer.close()


def _find_stale(
    made: PushPlan, there: Mapping[str, Item], wanted: Iterable[Item], known: set[str]
) -> None:
    """Sort what evalkit wrote and no cell says: stale where the evaluator is here, else foreign."""
    said = {item.id for item in wanted}
    for each, item in there.items():
        if each in said:
            continue
        if item.evaluator in known:
            made.stale.append(item)
        else:
            made.foreign += 1
