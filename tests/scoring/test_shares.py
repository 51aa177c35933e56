"""Shares of the work: each is counted once, whatever an executor does with it on the way."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import ExecutorError
from evalkit.model.experiment import Manifest
from evalkit.model.units import Plan, Unit, Wanted
from evalkit.scoring.calls.failure import Failure
from evalkit.scoring.calls.task import Facts
from evalkit.scoring.session.ledger import Ledger
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.session.tally import EvaluatorWork, ScoreOutcome, Tally
from evalkit.scoring.shares.share import Errand, Report, Share
from evalkit.scoring.shares.spread import Spread
from evalkit.scoring.workers.job import Broken, Job
from evalkit.store.cells.score_source import StoredReader
from evalkit.store.disk.files import LocalFiles, RemoteFiles
from evalkit.store.disk.parts import Part
from evalkit.store.disk.state import State

ROWS = 8
NAMES = ("first", "second")


class Tray:
    """A source that keeps what is committed."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def commit(self, part: bytes) -> None:
        self.parts.append(part)


class Odd:
    """An executor of some workers that are slow, answer twice, get lost, or stop half way."""

    def __init__(self, seed: int, *, always_lost: Sequence[int] = (), kills: int = -1) -> None:
        self.runs, self.width, self.refused = 20, 2, []
        self._random, self._lost, self._kills = Random(seed), always_lost, kills
        self._shares: list[Share] = []
        self.lost = 0
        self._late: list[Report] = []

    def begin(self, errand: Errand) -> None:
        self.tasks = errand.tasks

    @property
    def room(self) -> int:
        return 4 - len(self._shares)

    def give(self, share: Share) -> None:
        self._shares.append(share)

    def reports(self, seconds: float) -> Iterator[Report]:
        self._random.shuffle(self._shares)
        for share in [self._shares.pop() for _ in range(min(2, len(self._shares)))]:
            yield from self._done(share)
        if self._late and self._random.random() < 0.5:
            yield self._late.pop()

    def _done(self, share: Share) -> Iterator[Report]:
        numbers = [job.unit.number for job in share.jobs if job.unit]
        if {*self._lost} & {*numbers} or (len(share.jobs) > 1 and self._random.random() < 0.2):
            self.lost += len(share.jobs) == 1
            yield Report(number=share.number, lost="the worker ended")
            return
        if self._random.random() < 0.2:  # the worker was refused: somebody else has to do it
            why = Broken("changed", kind="evaluators")
            yield Report(number=share.number, left=share.jobs, broken=why)
            return
        report = self._report(share, self._random.randint(0, len(share.jobs)))
        yield report
        if self._random.random() < 0.5:  # and once more, from a worker thought lost
            self._late.append(self._report(share, len(share.jobs)))

    def _report(self, share: Share, done: int) -> Report:
        report = Report(number=share.number, left=share.jobs[done:])
        for job in share.jobs[:done]:
            assert job.unit is not None
            name = f"{job.unit.number}".encode()
            report.commit(name, {"first": Tally(cells=job.calls)}, job.calls)
            if job.unit.number == self._kills:
                report.deaths, report.given_up = {1: 30}, {"second": "it kills"}
        return report

    def stop(self) -> None: ...

    def close(self) -> None: ...


def work(units: int) -> tuple[list[Job], Errand, Ledger, Tray, ScoreOutcome]:
    todo = (b"\1" * ROWS, b"\1" * ROWS)
    jobs = [Job(Unit(number=n * ROWS, where=None, rows=ROWS, todo=todo)) for n in range(units)]
    tasks = tuple(
        Facts(number=n, wanted=Wanted(name=name, fingerprint=name), is_async=False, timeout=1.0)
        for n, name in enumerate(NAMES)
    )
    outcome = ScoreOutcome(evaluators={name: EvaluatorWork(name=name) for name in NAMES})
    plan = Plan(units=(), runs=0, missing=dict.fromkeys(NAMES, units * ROWS), reused={}, why={})
    tray: Any = Tray()
    reader: Any = None
    errand = Errand(reader=reader, tasks=tasks, settings=Settings())
    return jobs, errand, Ledger(tray, outcome, plan, None, None), tray, outcome


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_every_share_counts_once(seed: int, units: int) -> None:
    jobs, errand, ledger, tray, _ = work(units)
    assert Spread(errand, jobs, Odd(seed), ledger).work() is False
    assert sorted(tray.parts, key=int) == [str(n * ROWS).encode() for n in range(units)]
    assert ledger.progress.done == ledger.progress.total == 2 * units * ROWS


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_what_ends_every_worker_is_named_and_costs_its_own_cells(seed: int) -> None:
    jobs, errand, ledger, tray, _ = work(9)
    named = r"runs (33 to 40|9 to 16): the worker ended; runs .*: the worker ended.*are kept"
    with pytest.raises(ExecutorError, match=named):
        Spread(errand, jobs, Odd(seed, always_lost=(8, 32)), ledger).work()
    assert {int(part) for part in tray.parts} == {n * ROWS for n in range(9)} - {8, 32}
    assert len(tray.parts) == 7


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_where_nearly_all_end_their_workers_the_rest_is_left(seed: int) -> None:
    jobs, errand, ledger, tray, _ = work(9)
    odd = Odd(seed, always_lost=range(0, 72, ROWS))
    with pytest.raises(ExecutorError, match="are kept"):
        Spread(errand, jobs, odd, ledger).work()
    assert tray.parts == []
    assert odd.lost == 3


@given(st.integers(0, 10_000))
def test_an_evaluator_that_kills_everywhere_is_given_up_everywhere(seed: int) -> None:
    jobs, errand, ledger, tray, outcome = work(30)
    failure = Failure(error_type="WorkerDied", message="it kills")
    jobs[29] = jobs[29].blaming(3, 1, failure)  # a call known to fail keeps its cell
    Spread(errand, jobs, Odd(seed, kills=0), ledger).work()
    assert outcome.evaluators["second"].given_up == "it kills"
    assert outcome.evaluators["first"].given_up is None
    assert len(tray.parts) == 30
    assert ledger.progress.done < ledger.progress.total


def test_what_is_sent_with_each_share_does_not_grow_with_the_store(tmp_path: Path) -> None:
    """Nor does it hold the keys of a store: another machine takes its own."""
    part = Part(name="runs/part-000001-0123456789abcdef.parquet", rows=4096, size=9, footer=9)
    state = State(
        manifest=Manifest(experiment="x", query={"k": "v" * 9000}), parts=(part,) * 25_000
    )
    assert len(pickle.dumps(StoredReader(LocalFiles(tmp_path), state).for_units())) < 2000
    system = fsspec.filesystem("memory", token="secret")
    files = RemoteFiles("memory://place/x", system, "/place/x")
    sent = pickle.dumps(StoredReader(files, state).for_units())
    assert b"secret" not in sent
    assert str(pickle.loads(sent)._files) == "memory://place/x"
