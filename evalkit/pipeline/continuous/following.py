"""Following: an experiment polled, scored as its runs come, its page and its gates kept current."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evalkit.errors import (
    AuthenticationFailed,
    EvalkitError,
    ExitCode,
    FetchError,
    IncompleteExperiment,
    NoRunsError,
    StoreError,
)
from evalkit.model.kept.replacing import replace_text
from evalkit.pipeline.concluding import conclude, errors_in
from evalkit.pipeline.fetching import fetch, stamp_of
from evalkit.pipeline.scoring import ScoreSettings, score_experiment, settings_of
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.project.rules import refuse_rules
from evalkit.store.care import collect_stale
from evalkit.store.cells.parts import part_names
from evalkit.store.disk.files import open_files

VERSION = 1
MOST_PARTS = 50
"""Files of scores an experiment may have before they are gathered."""
STATE = "follow.json"
"""In `reports/NAME/`: what the last poll found, and what somebody was last told."""
KEPT: dict[str, Any] = {
    **{"polls": int, "runs": int, "pending": int},
    **{"told": str | None, "down_since": str | None},
}
"""What the next follower goes on from, by type; the rest is made anew."""
Tell = Callable[[Mapping[str, Any]], None]
"""Tells somebody of the gates; raises `OSError` or `EvalkitError` when that failed."""


@dataclass(slots=True, kw_only=True)
class Poll:
    """What one look at the source came to; `to_dict` is what `follow.json` holds."""

    experiment: str
    at: str
    polls: int = 0
    runs: int = 0
    new: int = 0
    """Runs that were new or had changed."""
    scored: int = 0
    """Cells that were made."""
    errors: int = 0
    """Cells that are evaluator errors now."""
    pending: int = 0
    changed: bool = False
    """Whether page and figures were made anew."""
    state: str = "unknown"
    """`passed`, `missed`, or `unknown` where the gates cannot be held against anything."""
    window: str | None = None
    window_runs: int | None = None
    gates: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None
    """Why the source, the store or the window could not say more."""
    down_since: str | None = None
    told: str | None = None
    """The state somebody was last told of."""
    untold: str | None = None
    """Why telling failed; it is tried again with the next poll."""
    error: EvalkitError | None = field(default=None, compare=False, repr=False)

    @property
    def exit_code(self) -> ExitCode:
        """What a single poll ends with."""
        if self.error is not None:
            return self.error.exit_code
        return ExitCode.GATE_MISSED if self.state == "missed" else ExitCode.GOOD

    def to_dict(self) -> dict[str, Any]:
        """Return the poll as a document."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values.pop("error")
        return {"type": "evalkit.follow", "version": VERSION, **values}


class Follower:
    """Polls one experiment; what it knows lies on the disk, and a new one goes on from there."""

    def __init__(
        self,
        project: Project,
        name: str,
        *,
        window: timedelta | None = None,
        gates: Sequence[str] = (),
        allow_incomplete: bool = False,
        settings: ScoreSettings | None = None,
        tell: Tell | None = None,
        **page: Any,
    ) -> None:
        self.project, self.name, self.window = project, name, window
        self._gates, self._partial, self._tell, self._page = gates, allow_incomplete, tell, page
        self._settings = settings or settings_of(project)
        load_evaluators(project, self._settings.evaluators or project.experiment(name).evaluators)
        refuse_rules(project, [name], gates)
        self._files = open_files(project.reports_folder / name)
        self._last = self._read()
        self._stamp: str | None = None
        self._whole = False
        self._moves_at: datetime | None = None

    def poll(self) -> Poll:
        """Look once: fetch, score what is new, renew page and figures, hold the gates, tell."""
        now = datetime.now(UTC)
        last = self._last
        poll = replace(
            last, at=now.isoformat(timespec="seconds"), polls=last.polls + 1, new=0, scored=0,
            changed=False, problem=None, untold=None, error=None,
            window=None if self.window is None else shown_span(self.window),
        )  # fmt: skip
        try:
            self._look(poll, now)
            poll.down_since = None
        except (FetchError, StoreError, NoRunsError) as error:
            if isinstance(error, AuthenticationFailed) and not last.runs:
                raise
            self._whole = False
            poll.error, poll.problem, poll.state = error, str(error), "unknown"
            poll.down_since = last.down_since or poll.at
        self._told(poll)
        try:
            self._write(poll)
        except StoreError as error:  # a disk that is full for an hour ends nobody's watch
            poll.error, poll.problem, poll.state = error, str(error), "unknown"
        self._last = poll
        return poll

    def _look(self, poll: Poll, now: datetime) -> None:
        stamp = stamp_of(self.project, self.name)
        if self._whole and stamp is not None and stamp == self._stamp and not poll.pending:
            self._held_again(poll, now)
            return
        partial: IncompleteExperiment | None = None
        try:
            fetched = fetch(self.project, self.name)
            poll.new, manifest = fetched.new, fetched.manifest
        except IncompleteExperiment as error:
            partial, manifest = error, fetched_experiment(self.project, self.name).manifest
            if not manifest.received:
                raise
        same = self._whole and not poll.new and manifest.received == poll.runs
        poll.runs, poll.pending = manifest.received, manifest.pending
        if same and partial is None:
            self._held_again(poll, now)
        else:
            outcome = score_experiment(self.project, self.name, settings=self._settings)
            poll.scored = outcome.done
            self._gather()
            self._conclude(poll, now)
        self._stamp, self._whole = stamp, partial is None
        if partial is not None and not self._partial:
            raise partial

    def _gather(self) -> None:
        """Put the many small parts of scores that polls leave into few."""
        stored = fetched_experiment(self.project, self.name)
        if len(part_names(stored.files)) > MOST_PARTS:
            collect_stale(stored)

    def _held_again(self, poll: Poll, now: datetime) -> None:
        """Nothing came: only the window may have moved on."""
        if self.window is not None and self._moves_at is not None and now >= self._moves_at:
            self._conclude(poll, now)
        else:
            poll.problem = self._last.problem

    def _conclude(self, poll: Poll, now: datetime) -> None:
        since = None if self.window is None else now - self.window
        ran = conclude(
            self.project, [self.name], gates=self._gates, since=since,
            allow_incomplete=self._partial, daily=True, **self._page,
        )  # fmt: skip
        poll.changed, poll.errors = True, errors_in(ran.summaries)
        poll.gates = [each.to_dict() for each in ran.gates]
        seen = ran.windows.get(self.name)
        poll.window_runs = None if seen is None else seen.n
        self._moves_at = None
        if seen is not None and self.window is not None and seen.oldest is not None:
            self._moves_at = seen.oldest + self.window
        decided = [each.passed for each in ran.gates if each.passed is not None]
        poll.state = "unknown" if not decided else "passed" if all(decided) else "missed"
        if seen is not None and not seen.n:
            poll.problem = f"no run began in the last {poll.window}"

    def _told(self, poll: Poll) -> None:
        """Tell of gates that are missed, and of those that hold again; once each."""
        if self._tell is None or poll.state == "unknown" or poll.state == poll.told:
            return
        if poll.told is None and poll.state == "passed":
            return
        try:
            self._tell({**poll.to_dict(), "text": _sentence(poll)})
            poll.told = poll.state
        except (OSError, EvalkitError) as error:
            poll.untold = str(error)

    def _read(self) -> Poll:
        """Return what an earlier follower left; its figures are made anew with the first poll."""
        fresh = Poll(experiment=self.name, at="")
        try:
            document = dict(json.loads(self._files.read(STATE)))
        except (OSError, ValueError, TypeError):
            return fresh
        if document.get("experiment") != self.name:
            return fresh
        found = {name: document[name] for name in KEPT if name in document}
        if not all(isinstance(value, KEPT[name]) for name, value in found.items()):
            return fresh
        return replace(fresh, **found)

    def _write(self, poll: Poll) -> None:
        """Write the state; it waits for the disk only where somebody was told."""
        text = json.dumps(poll.to_dict(), indent=2, allow_nan=False, default=str) + "\n"
        if poll.told != self._last.told:
            self._files.write(STATE, text.encode("utf-8", "replace"))
        else:
            replace_text(self.project.reports_folder / self.name / STATE, text)


def shown_span(span: timedelta) -> str:
    """Return a length of time as people write it: `90s`, `24h`, `7d`."""
    seconds = span.total_seconds()
    for unit, size, least in (("d", 86400, 2), ("h", 3600, 1), ("m", 60, 2)):
        if seconds >= least * size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _sentence(poll: Poll) -> str:
    """Return one line for people: which gates are missed, or that they hold again."""
    if poll.state == "passed":
        return f"{poll.experiment}: all gates hold again."
    missed = [str(each.get("rule")) for each in poll.gates if each.get("passed") is False]
    window = f" over the last {poll.window}" if poll.window else ""
    return f"{poll.experiment}: missed{window}: {'; '.join(missed)}."
