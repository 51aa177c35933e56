"""Speed, as ratios taken in one run: what a call costs, and what peers take for the same work."""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evalkit.model.units import Unit
from evalkit.scoring.calls.task import make_tasks
from evalkit.scoring.calls.unit import UnitRun
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.fingerprint.fingerprint import fingerprinted
from evalkit.store.results import read_results

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def passes(run: Any) -> float:
    return 1.0


class Rows:
    """A reader of runs that are there already, so that only the calls are measured."""

    def __init__(self, runs: list[Any]) -> None:
        self.runs = runs

    def rows(self, unit: Unit) -> Any:
        return ((run, None) for run in self.runs)


def test_the_harness_adds_little_to_a_call(lab: Any) -> None:
    runs = list(read_results(lab(2000).stored).runs())
    stamped, _ = fingerprinted([as_evaluator(passes, name=f"e{n}") for n in range(5)])
    tasks, watch = make_tasks(stamped, 60.0), Watch(5)
    unit = Unit(number=0, where=None, rows=len(runs), todo=(b"\1" * len(runs),) * 5)

    def harness() -> float:
        began = time.process_time()
        for _ in UnitRun(tasks, Rows(runs), unit, watch):  # type: ignore[arg-type]
            pass
        return time.process_time() - began

    def bare() -> float:
        began = time.process_time()
        for run in runs:
            for _ in range(5):
                passes(run)
        return time.process_time() - began

    added = min(harness() for _ in range(7)) - min(bare() for _ in range(7))
    assert added / (len(runs) * 5) < 4e-6  # 0.4 to 0.7 on an idle machine


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["pydantic_evals", "openevals"])
def test_peers_take_several_times_as_much(peer: str, tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip(peer)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from measure import measure  # type: ignore[import-not-found]
    from rescore import Bench  # type: ignore[import-not-found]

    bench = Bench(tmp_path, 10_000, 1)
    ours = min(bench.full("--workers", "1").cpu for _ in range(2))
    script = str(BENCHMARKS / "peers.py")
    theirs = measure([sys.executable, script, peer, *map(str, bench.files)]).cpu
    shutil.rmtree(tmp_path)
    assert theirs > 4 * ours
