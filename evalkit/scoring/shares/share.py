"""Share: some units of work as another machine gets them, and what it answers.

Everything here can be pickled and none of it is user code: the evaluators are loaded by the worker
process that calls them, from the project where that machine has it, and refused when they are not
those the fingerprints stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar

from evalkit.errors import EvaluatorError, StoreError
from evalkit.scoring.calls.task import Facts
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.session.tally import Tally
from evalkit.scoring.shares.place import Place
from evalkit.scoring.workers.channel import Closed
from evalkit.scoring.workers.job import Broken, Idle, Job, Look
from evalkit.scoring.workers.packed import Packed
from evalkit.scoring.workers.pool import Pool
from evalkit.scoring.workers.process import Agency, WorkerProcess, end, start

SECONDS = 10.0
"""A share is answered after so long with what was done: a machine that is lost loses no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What all shares of one scoring have in common."""

    reader: Packed
    tasks: tuple[Facts, ...]
    settings: Settings
    packages: Mapping[str, str] = field(default_factory=dict)
    """Version by name of what the evaluators import that is not of the project."""
    look_at: Job | None = None
    """Some work, to find out whether its runs can be read."""
    what: ClassVar[str] = "call the evaluators"

    def for_shares(self) -> Errand:
        """Return it without what only a look needs."""
        return replace(self, look_at=None)

    def moved(self, old: Path, new: Path) -> Errand:
        """Return it for machines that have the project in another folder."""
        loader, root = self.settings.loader, self.settings.root
        moved = getattr(loader, "moved", None)
        settings = replace(
            self.settings,
            loader=loader if moved is None else moved(old, new),
            root=new if root == old else root,
        )
        return replace(self, settings=settings, reader=self.reader.moved(old, new))

    def refusal(self, place: Place) -> str:
        """Say why the evaluators cannot be called here, or nothing."""
        return refusal(self, memory=place.memory, agency=place.agency)

    def do(self, share: Share, place: Place) -> Report:
        """Do a share."""
        return do_share(
            self, share, stopped=place.stopped, memory=place.memory, agency=place.agency
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Some jobs for one worker process."""

    number: int
    jobs: tuple[Job, ...]
    deaths: Mapping[int, int] = field(default_factory=dict)
    """By evaluator, how many processes it has taken along until now, anywhere."""
    seconds: float = SECONDS

    @property
    def rows(self) -> int:
        """How many runs it is about."""
        return sum(job.unit.rows for job in self.jobs if job.unit is not None)

    def lost(self, why: str) -> Report:
        """Return the report of a share that nobody could do."""
        return Report(number=self.number, lost=why)

    def undone(self) -> Report:
        """Return the report of a share that somebody else has to do."""
        return Report(number=self.number, left=self.jobs)


@dataclass(frozen=True, slots=True)
class Made:
    """A part of cells, as the ledger takes it."""

    part: bytes
    tallies: Mapping[str, Tally]
    calls: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of a share: every one of its calls is either made or left."""

    number: int
    made: list[Made] = field(default_factory=list)
    left: tuple[Job, ...] = ()
    deaths: Mapping[int, int] = field(default_factory=dict)
    """By evaluator, the processes it took along in this share."""
    given_up: dict[str, str] = field(default_factory=dict)
    output: str = ""
    """The beginning of what evaluators printed."""
    broken: Broken | None = None
    """Why nothing could be done: not user code, but ours, the store or the project there."""
    lost: str = ""
    """Why the worker did not answer, time and again; filled in by the executor."""

    @property
    def refused(self) -> str:
        """Why the worker should get no more: its evaluators are others."""
        broken = self.broken
        return broken.message if broken is not None and broken.kind == "evaluators" else ""

    def commit(self, part: bytes, tallies: Mapping[str, Tally], calls: int) -> None:
        """Keep a part of cells."""
        self.made.append(Made(part, dict(tallies), calls))

    def tell(self) -> None:
        """Nobody listens here: a share is short."""

    def give_up(self, name: str, why: str) -> None:
        """Note that an evaluator is not called any more."""
        self.given_up[name] = why

    def printed(self, text: str) -> None:
        """Keep what evaluators printed."""
        self.output = (self.output + text)[:65_536]


def do_share(
    errand: Errand,
    share: Share,
    *,
    stopped: Callable[[], bool],
    memory: int | None,
    agency: Agency | None = None,
) -> Report:
    """Do what a share says in one worker process that can be killed; never raises.

    `stopped` says whether somebody wants it to end with what it has, `memory` how many bytes the
    worker process may add where the settings do not say, `agency` where it comes from.
    """
    report = Report(number=share.number)
    if stopped():
        report.left = share.jobs
        return report
    until = monotonic() + share.seconds
    try:
        pool = Pool(
            errand.reader,
            errand.tasks,
            share.jobs,
            placed(errand.settings, memory),
            report,
            1,
            until=lambda: monotonic() > until or stopped(),
            deaths=share.deaths,
            agency=agency,
        )
        pool.work()
        report.left = pool.left
        before = share.deaths
        report.deaths = {n: new for n, d in pool.deaths.items() if (new := d - before.get(n, 0))}
    except BaseException as error:  # SystemExit would end the machine's worker
        return Report(number=share.number, left=share.jobs, broken=_broken(error))
    return report


def placed(settings: Settings, memory: int | None) -> Settings:
    """Return the settings for a worker process of a machine that is not the project's own."""
    root = settings.root
    folder = root if root is not None and root.is_dir() else None
    return replace(settings, memory=settings.memory or memory, folder=folder)


def refusal(errand: Errand, *, memory: int | None = None, agency: Agency | None = None) -> str:
    """Load the evaluators in a worker process; say why they cannot be called here, or nothing."""
    root = errand.settings.root
    if root is not None and not Path(root).is_dir():
        return f"has no project at {root}"
    begin = partial(start, errand.tasks, errand.reader, placed(errand.settings, memory))
    process = begin() if agency is None else agency.take(begin)
    said = _answer(process, Look(None if errand.look_at is None else errand.look_at.unit))
    if agency is not None and isinstance(said, Idle):
        agency.give_back(process)
        return ""
    code = _ended(process) if said is None else None
    end(process)
    if said is None:
        return f"a worker process ended with {code}"
    return said.message if isinstance(said, Broken) else ""


def _answer(process: WorkerProcess, look: Look) -> Idle | Broken | None:
    """Return what a worker process says; None: it ended."""
    with suppress(Closed):
        process.channel.send(look)
    try:
        said = process.channel.receive()
    except Closed:
        return None
    return said if isinstance(said, Idle | Broken) else None


def _ended(process: WorkerProcess) -> int | None:
    until = monotonic() + 5.0
    while (code := process.exit_code()) is None and monotonic() < until:
        sleep(0.01)
    return code


def _broken(error: BaseException) -> Broken:
    if isinstance(error, StoreError):
        return Broken(str(error), kind="store")
    if isinstance(error, EvaluatorError):
        return Broken(str(error), kind="evaluators")
    return Broken(f"{type(error).__name__}: {error}", kind="bug")
