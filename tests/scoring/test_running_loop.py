"""Scoring from inside an event loop that runs already: notebooks, web servers, async tests."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evalkit import Run, as_evaluator, case, evaluator, score_runs, summarise
from evalkit.scoring.definition.proving import run_cases


@evaluator
async def waits(outputs: Any) -> bool:
    await asyncio.sleep(0.001)
    return outputs == {"answer": 1}


async def _equal(outputs: Any) -> bool:
    await asyncio.sleep(0)
    return outputs == {"answer": 1}


@evaluator
def plain_but_awaitable(outputs: Any) -> Any:
    return _equal(outputs)


@evaluator(cases=[case(outputs={"answer": 1}, expect=True), case(outputs={}, expect=False)])
async def proven(outputs: Any) -> bool:
    await asyncio.sleep(0)
    return outputs == {"answer": 1}


RUNS = [Run(run_id=f"r{n}", status="success", outputs={"answer": n % 2}) for n in range(6)]


def means(workers: int) -> list[float]:
    results = score_runs(RUNS, [waits, plain_but_awaitable], workers=workers)
    figures = summarise(results).scores
    return [figures[name].mean for name in ("waits", "plain_but_awaitable")]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loop_that_runs_changes_nothing_and_goes_on(workers: int) -> None:
    async def inside() -> list[float]:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        beside = asyncio.create_task(asyncio.sleep(0.01, "still here"))
        found = means(workers)
        assert asyncio.get_running_loop() is loop
        assert asyncio.current_task() is task
        assert await beside == "still here"
        return found

    assert asyncio.run(inside()) == means(workers) == [0.5, 0.5]


def test_cases_run_there_too() -> None:
    async def inside() -> list[bool]:
        return [each.passed for each in run_cases(as_evaluator(proven))]

    assert asyncio.run(inside()) == [True, True]


SCRIPT = """
import asyncio
from evalkit import Run, evaluator, score_runs

@evaluator
async def endless(outputs):
    open("called", "w").close()
    await asyncio.sleep(3600)

async def main():
    score_runs([Run(run_id="r", status="success")], [endless], timeout=None)

asyncio.run(main())
"""


@pytest.mark.timeout(60)
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        while not (tmp_path / "called").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) != 0
    finally:
        process.kill()
        process.communicate()
