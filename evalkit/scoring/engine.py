"""Engine: finds out which cells are missing, has them made, and keeps them as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from evalkit.errors import Interrupted
from evalkit.model.score import EvaluatorInfo
from evalkit.model.units import Plan, ScoreSource
from evalkit.scoring.calls.task import Task, make_tasks
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.fingerprint.fingerprint import Causes, changed, fingerprinted
from evalkit.scoring.session.ledger import Ledger
from evalkit.scoring.session.settings import Loader, Settings
from evalkit.scoring.session.tally import EvaluatorWork, Listener, ScoreOutcome
from evalkit.scoring.shares.executor import Executor
from evalkit.scoring.shares.packages import packages_of
from evalkit.scoring.shares.share import Errand, Report, Share
from evalkit.scoring.shares.spread import Spread
from evalkit.scoring.workers.inline import score_inline
from evalkit.scoring.workers.job import Job
from evalkit.scoring.workers.packed import Packed
from evalkit.scoring.workers.pool import Pool, jobs_of
from evalkit.scoring.workers.resources import memory_for, worker_count

SHARES = 4
"""Units for each worker, at least: so that they end at about the same time."""


def score(
    source: ScoreSource,
    evaluators: Sequence[Evaluator],
    *,
    root: Path | None = None,
    workers: int | None = None,
    timeout: float | None = 60.0,
    memory: int | None = None,
    concurrency: int = 16,
    fresh: bool = False,
    retry_errors: bool = False,
    fail_fast: bool = False,
    max_errors: int | None = None,
    keep_others: bool = False,
    loader: Loader | None = None,
    executor: Executor[Share, Report] | None = None,
    progress: Listener | None = None,
) -> ScoreOutcome:
    """Make the missing cells of `evaluators` and keep them in `source`.

    `workers` is the number of processes: `None` takes one for small work and all processors for
    large; 0 calls evaluators in this process, where one that hangs or crashes takes it along.
    `timeout` (seconds a call) and `memory` (bytes a worker may add) hold in workers. `root` is the
    project's folder, see `fingerprint`. `loader` makes the evaluators anew where processes cannot
    be forked. `fresh` ignores the cells there are, `retry_errors` those that ended in an error.
    With `keep_others`, evaluators not given here stay current. `executor` has evaluators of runs
    called on other machines, but for judges, whose money one process counts.

    Raises `TooManyEvaluatorErrors` after `max_errors` (or the first, with `fail_fast`) and
    `Interrupted` after Ctrl-C; what was made until then is kept.
    """
    stamped, causes = fingerprinted(evaluators, root)
    tasks = make_tasks(stamped, timeout)
    settings = Settings(
        workers=workers,
        memory=memory,
        concurrency=concurrency,
        max_errors=0 if fail_fast else max_errors,
        loader=loader,
        root=root,
    )
    return Scoring(source, stamped, causes, tasks, settings, executor).go(
        fresh=fresh, retry_errors=retry_errors, keep_others=keep_others, listener=progress
    )


class Scoring:
    """One call of `score`."""

    def __init__(
        self,
        source: ScoreSource,
        evaluators: Sequence[Evaluator],
        causes: dict[str, Causes],
        tasks: list[Task],
        settings: Settings,
        executor: Executor[Share, Report] | None = None,
    ) -> None:
        self._source, self._evaluators, self._causes = source, evaluators, causes
        self._tasks, self._settings, self._executor = tasks, settings, executor

    def go(
        self, *, fresh: bool, retry_errors: bool, keep_others: bool, listener: Listener | None
    ) -> ScoreOutcome:
        """Plan, work, and remember what is current now."""
        began = monotonic()
        plan = self._plan(fresh, retry_errors)
        outcome = ScoreOutcome(evaluators=self._works(plan), runs=plan.runs)
        ledger = Ledger(self._source, outcome, plan, self._settings.max_errors, listener)
        infos = [each.info() for each in self._evaluators]
        self._source.save_evaluators(infos, self._causes, keep_others=keep_others)
        stopped = False
        try:
            if plan.units or plan.whole:
                stopped = self._work(plan, ledger)
        finally:
            outcome.infos = [_with_keys(info, ledger.keys) for info in infos]
            self._source.save_evaluators(outcome.infos, self._causes, keep_others=keep_others)
            outcome.seconds = monotonic() - began
        if stopped:
            raise Interrupted(
                f"stopped after {ledger.progress.done:,} of {ledger.progress.total:,} calls. "
                "They are kept: run the same command again to go on."
            )
        return outcome

    def _plan(self, fresh: bool, retry_errors: bool) -> Plan:
        wants = [task.wanted for task in self._tasks]
        if retry_errors:
            wants = [replace(each, retry_errors=True) for each in wants]
        shares = SHARES * max(self._settings.workers or 2, 1)
        return self._source.plan(wants, fresh=fresh, shares=shares)

    def _works(self, plan: Plan) -> dict[str, EvaluatorWork]:
        before = self._source.causes()
        works = {}
        for task in self._tasks:
            name, why = task.name, plan.why.get(task.name)
            if why and before.get(name) and (differs := changed(before[name], self._causes[name])):
                why = f"{why}: {', '.join(differs)}"
            works[name] = EvaluatorWork(
                name=name, missing=plan.missing[name], reused=plan.reused[name], why=why
            )
        return works

    def _work(self, plan: Plan, ledger: Ledger) -> bool:
        """Make the cells; return whether somebody interrupted it."""
        reader, tasks, settings = self._source.reader(), self._tasks, self._settings
        workers = worker_count(plan, tasks, settings)
        if workers == 0 and self._executor is None:
            return score_inline(reader, tasks, plan, settings, ledger)
        jobs = jobs_of(plan, tasks)
        if self._executor is not None:
            there, jobs = _parted(jobs, tasks)
            if there and self._spread(there, self._executor, ledger):
                return True
            workers = max(workers, 1)
        settings = replace(settings, memory=memory_for(workers, settings.memory))
        return bool(jobs) and Pool(reader, tasks, jobs, settings, ledger, workers).work()

    def _spread(self, jobs: list[Job], executor: Executor[Share, Report], ledger: Ledger) -> bool:
        """Have jobs done on other machines; return whether somebody interrupted it."""
        errand = Errand(
            reader=Packed.of(self._source.reader().for_units()),
            tasks=tuple(task.facts() for task in self._tasks),
            settings=replace(self._settings, workers=1),
            packages=packages_of(self._evaluators),
        )
        return Spread(errand, jobs, executor, ledger).work()


def _parted(jobs: Sequence[Job], tasks: Sequence[Task]) -> tuple[list[Job], list[Job]]:
    """Return what other machines do, and what stays here: judges, and calls for everything."""
    judges = {task.number for task in tasks if task.evaluator.kind == "judge"}
    others = {task.number for task in tasks} - judges
    there = [job.dropping(judges) for job in jobs if job.unit is not None]
    here = [job if job.unit is None else job.dropping(others) for job in jobs]
    return [job for job in there if job.calls], [job for job in here if job.calls]


def _with_keys(info: EvaluatorInfo, seen: Mapping[str, Mapping[str, None]]) -> EvaluatorInfo:
    keys = tuple(seen.get(info.name, ()))
    return replace(info, keys=keys) if keys else info


def _located(info: EvaluatorInfo, root: Path | None) -> EvaluatorInfo:
    """Name the evaluator's file as the project sees it: other people open the store too."""
    if root is None or info.file is None:
        return info
    path = Path(info.file)
    inside = path.is_relative_to(root.resolve())
    return replace(info, file=str(path.relative_to(root.resolve()) if inside else path.name))
