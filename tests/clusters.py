"""Clusters: real schedulers and workers on this machine, and projects for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from evalkit.store.results import read_results
from evalkit.store.store import Store

EVALUATORS = """
import time

from evalkit import evaluator

SLOW = 0.0


@evaluator
def half(outputs) -> float:
    time.sleep(SLOW)
    return outputs["a"] / 2


@evaluator
async def said(outputs, inputs) -> str:
    return f"{inputs['q']} {outputs['a']}"


@evaluator(scope="experiment")
def total(outputs) -> float:
    return float(sum(each["a"] for each in outputs))
"""
CONFIG = """
[score]
max_errors = 10000
timeout = 10.0  # a busy machine is no hang

[experiments.x]
fetcher = "records"
path = "runs.jsonl"

[experiments.x.fields]
run_id = "id"
inputs = "{q: q}"
outputs = "{a: a}"
"""


class Cluster:
    """A scheduler and its workers; every process is ended by its id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.nannies: list[int] = []
        place = folder / "scheduler.json"
        ports = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.scheduler = self._start("scheduler", *ports, "--scheduler-file", str(place))
        self.tcp = json.loads(awaited(lambda: place.is_file() and place.read_text()))["address"]
        self.address = self.tcp.replace("tcp", "dask")

    def _start(self, *what: str, before: tuple[str, ...] = (), **env: str) -> Any:
        log = (self.folder / f"{what[0]}-{len(self.processes)}.log").open("wb")
        command = [*before, sys.executable, "-m", "dask", *what]
        with log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env={**os.environ, **env}
            )
        self.processes.append(process)
        return process

    def worker(self, before: tuple[str, ...] = (), **env: str) -> Any:
        """Start a worker and return its nanny's process; it may not be there yet."""
        place = str(self.folder / f"space-{len(self.processes)}")
        how = ("--nthreads", "1", "--no-dashboard", "--local-directory", place)
        return self._start("worker", self.tcp, *how, before=before, **env)

    def heard(self, text: str) -> int:
        """Return how many workers have said something."""
        logs = [path.read_text() for path in self.folder.glob("worker-*.log")]
        return sum(text in log for log in logs)

    def close(self) -> None:
        """End everything."""
        for process in reversed(self.processes):
            for pid in [*descendants(process.pid), process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def awaited(look: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait until something is true, and return it."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"not after {seconds} s"
        time.sleep(0.05)
    return found


def children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    return [each for child in children(pid) for each in (*descendants(child), child)]


def callers(nanny: int) -> list[int]:
    """Return the processes in which a worker calls evaluators."""
    found = []
    for pid in descendants(nanny):
        with suppress(OSError):
            if b"evalkit.scoring.workers.spawned" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def make_project(folder: Path, runs: int, evaluators: str = EVALUATORS, more: str = "") -> Path:
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evaluators" / "mine.py").write_text(evaluators)
    (folder / "evalkit.toml").write_text(more + CONFIG)
    rows = ({"id": f"r{n:05d}", "q": n % 50, "a": n} for n in range(runs))
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def cells(store: Path | str, name: str = "x") -> list[str]:
    """Return all cells but for how long they took, in an order of their own."""
    found = []
    for row in read_results(Store(store).experiment(name)).table("cells").to_pylist():
        del row["duration_ms"]
        found.append(repr(sorted(row.items())))
    return sorted(found)


def mounted(source: Path, over: Path) -> dict[str, Any]:
    """Return how to start a worker that sees one folder in place of another."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("mounts need root here")
    script = f"mount --bind '{source}' '{over}' && cd / && exec \"$@\""
    return {"before": ("unshare", "-m", "sh", "-c", script, "sh")}
