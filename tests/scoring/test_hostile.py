"""Evaluators that crash, hang, eat, fork, print and break things: only their cells suffer."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BAD = 7


def good(outputs: Any) -> bool:
    return bool(json.loads(json.dumps(outputs))["answer"] >= 0)


def hangs(outputs: Any) -> bool:
    while outputs["answer"] == BAD:
        pass
    return True


def hangs_in_c(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 30))
        ctypes.CDLL(None).pause()
    return True


def segfaults(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        ctypes.string_at(0)
    return True


def exits(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        os._exit(3)
    return True


def raises_exit(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        sys.exit("enough")
    return True


def eats(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        bytearray(1 << 40)
    return True


def forks_and_goes_on(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        os.fork()
    return True


def forks_a_sleeper(outputs: Any) -> bool:
    if outputs["answer"] == BAD and os.fork() == 0:
        time.sleep(600)
    return True


def prints_much(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        for _ in range(100):
            print("x" * 1_000_000)
        os.write(1, b"y" * 10_000_000)
    return True


def closes_stdout(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        sys.stdout.close()
        os.close(1)
        os.close(2)
    print("still there")
    return True


def closes_everything(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        os.closerange(0, 1000)
    return True


def breaks_json(outputs: Any) -> bool:
    if outputs["answer"] == BAD:
        json.loads = json.dumps = None  # type: ignore[assignment]
    return True


def recurses(outputs: Any) -> bool:
    return recurses(outputs) if outputs["answer"] == BAD else True


def changes_folder(outputs: Any) -> bool:
    os.chdir("/")
    return True


FATAL = [hangs, hangs_in_c, segfaults, exits, raises_exit, eats, recurses, closes_everything]
HARMLESS = [forks_and_goes_on, prints_much, closes_stdout, breaks_json, changes_folder]


@pytest.mark.parametrize("workers", [1, 2])
def test_only_the_cells_of_bad_evaluators_suffer(lab: Any, workers: int) -> None:
    place = lab(30)
    outcome = place.score(good, *FATAL, *HARMLESS, workers=workers, timeout=0.3)
    failed = {
        (cell["evaluator"], cell["run_id"]): cell["error_message"]
        for cell in place.cells()
        if cell["outcome"] != "scored"
    }
    assert failed.keys() == {(each.__name__, f"run-{BAD:05d}") for each in FATAL}, failed
    assert len(place.cells()) == 30 * len([good, *FATAL, *HARMLESS])
    assert outcome.errors == len(FATAL)
    assert len(outcome.printed) < 200_000


def test_the_reason_is_told(lab: Any) -> None:
    place = lab(10)
    place.score(hangs, segfaults, exits, raises_exit, eats, workers=1, timeout=0.3)
    failed = {c["evaluator"]: c for c in place.cells() if c["outcome"] == "evaluator_error"}
    assert failed["hangs"]["timed_out"]
    assert failed["hangs"]["error_message"] == "did not return within 0.3 s"
    assert "SIGSEGV" in failed["segfaults"]["error_message"]
    assert "exit 3" in failed["exits"]["error_message"]
    assert failed["raises_exit"]["error_type"] == "SystemExit"
    assert failed["eats"]["error_type"] == "MemoryError"
    assert not failed["eats"]["timed_out"]


def test_no_process_is_left(lab: Any) -> None:
    before = _descendants()
    lab(10).score(forks_a_sleeper, forks_and_goes_on, hangs, workers=2, timeout=0.3)
    assert _descendants() == before
    assert not _processes_of_this_test()


def test_a_call_that_hangs_is_relieved_by_another_worker(lab: Any) -> None:
    def hangs_thrice(outputs: Any) -> bool:
        while outputs["answer"] in (100, 200, 300):
            pass
        return True

    place = lab(400)
    began = time.monotonic()
    place.score(hangs_thrice, workers=2, timeout=2.0)
    assert time.monotonic() - began < 2 * 3  # one after the other they would take longer
    assert place.outcomes("hangs_thrice") == {"scored": 397, "evaluator_error": 3}


def test_an_evaluator_that_always_kills_its_worker_is_given_up(lab: Any) -> None:
    def always_exits(outputs: Any) -> bool:
        os._exit(9)

    place = lab(200)
    outcome = place.score(always_exits, good, workers=2)
    assert place.outcomes("good") == {"scored": 200}
    work = outcome.evaluators["always_exits"]
    assert "not called any more" in work.given_up
    assert place.outcomes("always_exits")["evaluator_error"] < 60


def test_a_hanging_evaluator_of_the_whole_experiment_is_killed(lab: Any) -> None:
    def never(runs: Any) -> float:
        while True:
            pass

    def count(runs: Any) -> float:
        return len(runs)

    place = lab(20)
    place.score(never, count, workers=1, timeout=0.3)
    assert place.outcomes("never") == {"evaluator_error": 1}
    assert place.cells("never")[0]["timed_out"]
    assert place.cells("count")[0]["score"] == 20


def test_inline_survives_what_python_can_survive(lab: Any) -> None:
    place = lab(20)
    place.score(good, raises_exit, eats, recurses, closes_stdout, breaks_json, workers=0)
    for name in ("raises_exit", "eats", "recurses"):
        assert place.outcomes(name) == {"scored": 19, "evaluator_error": 1}
    assert place.outcomes("good") == {"scored": 20}
    os.write(1, b"")  # still open


def _descendants() -> set[int]:
    command = ["ps", "-eo", "pid=,ppid="]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ps:
        lines = ps.communicate()[0].splitlines()
    pairs = [tuple(map(int, line.split())) for line in lines]
    return {pid for pid, parent in pairs if parent == os.getpid()} - {ps.pid}


def _processes_of_this_test() -> list[str]:
    """Processes with this test's memory, whoever their parent is now."""
    mine = Path("/proc/self/cmdline").read_text()
    same = []
    for each in os.listdir("/proc"):
        if each.isdigit() and int(each) != os.getpid():
            try:
                if Path(f"/proc/{each}/cmdline").read_text() == mine and _parent(each) == 1:
                    same.append(each)
            except OSError:
                continue
    return same


def _parent(pid: str) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
