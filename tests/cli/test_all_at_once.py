"""Every way to misbehave in one experiment at once: only the cells of those that do it suffer."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit

from evalkit.store.results import read_results
from evalkit.store.store import Store

GOOD = """
import asyncio
import json

from evalkit import Score, evaluator


@evaluator
def plain(outputs):
    return json.loads(json.dumps(outputs))["answer"] / 7


@evaluator
def wordy(outputs):
    return Score(score=outputs["answer"] % 2 == 0, comment=f"said {outputs['answer']}")


@evaluator
def stepwise(step):
    return step.name == "search"


@evaluator
async def awaited(outputs):
    await asyncio.sleep(0.0001)
    return outputs["answer"]


@evaluator
def whole(runs):
    return len(runs)
"""

BAD = r"""
import asyncio
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

from evalkit import evaluator
from evalkit.store.results import read_results

LIBC = ctypes.CDLL(None)


def detaches():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


def eats():
    held = []
    while True:
        held.append(bytearray(10_000_000))


def closes_stdout():
    sys.stdout.close()
    os.close(1)
    os.close(2)


def breaks_json():
    json.loads = json.dumps = None


def changes_surroundings():
    os.chdir("/")
    sys.path.clear()
    os.environ.clear()
    os.umask(0o777)


def loops():
    while True:
        pass


def prints():
    for _ in range(100):
        print("x" * 1_000_000)
    os.write(1, b"y" * 1_000_000)


def raises(error):
    raise error


def recurses():
    return recurses()


def sleeps_deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    LIBC.sleep(600)


def writes_into_pipes():
    for handle in range(3, 300):
        try:
            os.write(handle, b"garbage" * 100)
        except OSError:
            pass


DEEDS = {
    "ends_everything": lambda: os._exit(3),
    "eats": eats,
    "exits": lambda: sys.exit(0),
    "backtracks": lambda: re.match(r"(a+)+$", "a" * 64 + "b"),
    "closes_all": lambda: os.closerange(0, 65536),
    "interrupts": lambda: raises(KeyboardInterrupt()),
    "kills_its_group": lambda: os.killpg(0, signal.SIGKILL),
    "loops_a": loops,
    "loops_b": loops,
    "loops_c": loops,
    "raises_base": lambda: raises(BaseException("no")),
    "recurses": recurses,
    "segfaults": lambda: ctypes.string_at(0),
    "sleeps_deaf": sleeps_deaf,
    "stops": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "writes_into_pipes": writes_into_pipes,
}
HARMLESS = {
    "breaks_json": breaks_json,
    "changes_surroundings": changes_surroundings,
    "closes_stdout": closes_stdout,
    "detaches": detaches,
    "forks": os.fork,
    "leaves_a_child": lambda: subprocess.Popen(["sleep", "600"], start_new_session=True),
    "leaves_a_thread": lambda: threading.Thread(target=time.sleep, args=(600,)).start(),
    "prints": prints,
}


def made(name, deed, number):
    def call(outputs):
        if outputs["answer"] == number:
            deed()
        return True

    call.__name__ = call.__qualname__ = name
    return evaluator(call)


for number, (name, deed) in enumerate((DEEDS | HARMLESS).items()):
    same = number if not name.startswith("loops") else 100  # three hang on the same run
    globals()[name] = made(name, deed, same)


@evaluator
async def stops_the_loop(outputs):
    if outputs["answer"] == 150:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
    return True
"""
SUFFER = {
    *("ends_everything", "eats", "exits", "backtracks", "closes_all", "interrupts"),
    *("kills_its_group", "loops_a", "loops_b", "loops_c", "raises_base", "recurses", "segfaults"),
    *("sleeps_deaf", "stops", "writes_into_pipes"),
}
RUNS = 200


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "good.py").write_text(GOOD)
    rows = [
        {
            "run_id": f"r{n:05d}",
            "outputs": {"answer": n},
            "steps": [{"step_id": "s", "kind": "tool", "name": "search"}] * (n % 2),
        }
        for n in range(RUNS)
    ]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "evalkit.toml").write_text('[experiments.one]\npath = "runs.jsonl"\n')
    assert evalkit("fetch", cwd=tmp_path).code == 0
    return tmp_path


def cells(project: Path) -> list[dict[str, Any]]:
    table = read_results(Store(project / ".evalkit").experiment("one")).table("cells")
    return table.drop_columns(["duration_ms", "fingerprint"]).to_pylist()


def processes(project: Path) -> list[str]:
    """Return the processes that began in the project's folder or were started for it."""
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if each.name.isdigit() and int(each.name) != os.getpid():
                line = (each / "cmdline").read_text()
                if str(project) in line or (each / "cwd").readlink() == project:
                    found.append(line.replace("\0", " "))
    return found


@pytest.mark.parametrize("workers", ["1", "2"])
def test_only_the_cells_of_those_that_misbehave_suffer(project: Path, workers: str) -> None:
    assert evalkit("score", "--workers", "1", cwd=project).code == 0
    undisturbed = cells(project)
    (project / "evaluators" / "bad.py").write_text(BAD)
    options = ("--fresh", "--workers", workers, "--timeout", "1.5", "--memory", "400")
    ended = evalkit("-C", str(project), "score", *options, cwd=project)
    assert ended.code == 4, ended.err
    assert processes(project) == []
    after = cells(project)
    good = {cell["evaluator"] for cell in undisturbed}
    assert [cell for cell in after if cell["evaluator"] in good] == undisturbed
    failed = [cell["evaluator"] for cell in after if cell["outcome"] == "evaluator_error"]
    assert sorted(failed) == sorted(SUFFER)
    assert evalkit("store", "verify", cwd=project).code == 0
