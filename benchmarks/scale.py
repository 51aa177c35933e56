"""What every stage takes a run, at ten times as many runs each time: CPU, wall and peak memory.

    python benchmarks/scale.py
    python benchmarks/scale.py --sizes 10000 100000 1000000 --folder /somewhere --json

Ratios of one run are what counts: a stage that grows more than tenfold does not last. Runs and
stores are made once in `--folder` (1 GB for 100,000 runs). `--without report` leaves a stage out;
`--cluster` also scores the largest size on a Dask cluster of two workers, started here, beside two
local ones; its processes have the settings README recommends, or (`--as-dask-comes`) none.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generate import write
from measure import AS_INSTALLED, Cost, measure

HERE = Path(__file__).parent
NAME = "bench"
CONFIG = """\
[report]
max_size = "2000 MB"

[experiments.bench]
fetcher = "langsmith-files"
path = "{runs}"
dataset = "{examples}"
"""
TICKS = os.sysconf("SC_CLK_TCK")
QUIET = {
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "1s",
}
"""What README recommends for schedulers and workers: Dask looks at itself less often."""


class Scale:
    """A project with one size of experiment, and what each stage of it takes."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.runs, self.project = runs, folder / f"scale-{runs}"
        files = write(folder, runs)
        (self.project / "evaluators").mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "rescore_evaluators.py", self.project / "evaluators" / "work.py")
        config = CONFIG.format(runs=files[0].resolve(), examples=files[1].resolve())
        (self.project / "evalkit.toml").write_text(config)
        self.store = self.project / ".evalkit" / NAME

    def call(self, *arguments: str) -> Cost:
        """Measure one command."""
        entry = "from evalkit.cli.main import entry; entry()"
        return measure([sys.executable, "-c", entry, *arguments], cwd=self.project)

    def fetch(self) -> Cost:
        """Fetch everything anew."""
        shutil.rmtree(self.store, ignore_errors=True)
        return self.call("fetch", NAME)

    def score(self, *options: str) -> Cost:
        """Score with nothing cached, as `evalkit score` does: the summary is part of it."""
        shutil.rmtree(self.store / "scores", ignore_errors=True)
        return self.call("score", NAME, "--quiet", *options)

    def stages(self, without: Sequence[str]) -> dict[str, Cost]:
        """Measure one stage after the other; one that needs an earlier one finds it done."""
        fetched = (self.store / "manifest.json").exists()
        stages: dict[str, Callable[[], Cost]] = {
            "fetch": self.fetch,
            "score": lambda: self.score("--workers", "2"),
            "show": lambda: self.call("show", NAME),
            "gc": lambda: self.call("store", "gc", NAME),
            "report": lambda: self.call("report", NAME),
        }
        skipped = set(without) - (set() if fetched else {"fetch"})
        return {name: stage() for name, stage in stages.items() if name not in skipped}

    def side_by_side(self, settings: Mapping[str, str]) -> dict[str, Cost]:
        """Score with two local workers and with two of a cluster."""
        local = self.score("--workers", "2")
        with Cluster(self.project, settings) as cluster:
            before, began = cluster.seconds(), time.perf_counter()
            driver = self.score("--executor", cluster.address)
            wall, there = time.perf_counter() - began, cluster.seconds() - before
        return {"local": local, "cluster": Cost(driver.cpu + there, wall, driver.memory)}


class Cluster:
    """A scheduler and two workers on this machine."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder, self._processes = folder, []
        self._environment = {**AS_INSTALLED, **settings}

    def __enter__(self) -> Cluster:
        place = self._folder / "scheduler.json"
        place.unlink(missing_ok=True)
        own = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self._start("scheduler", *own, "--scheduler-file", str(place))
        while not place.exists() or not place.read_text():
            time.sleep(0.1)
        tcp = json.loads(place.read_text())["address"]
        self.address = tcp.replace("tcp", "dask")
        for number in range(2):
            space = ("--local-directory", str(self._folder / f"space-{number}"))
            self._start("worker", tcp, "--nthreads", "1", "--no-dashboard", *space)
        from distributed import Client  # an extra: no other stage needs it

        with Client(tcp, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=300)  # what their start takes is not counted
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            process.wait()

    def _start(self, *what: str) -> None:
        command = [sys.executable, "-m", "dask", *what]
        quiet = subprocess.DEVNULL
        self._processes.append(
            subprocess.Popen(command, stdout=quiet, stderr=quiet, env=self._environment)
        )

    def seconds(self) -> float:
        """Return the CPU seconds of all processes, and of those that have ended below them."""
        return sum(_seconds(each.pid) for each in self._processes)


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    threads = Path(f"/proc/{pid}/task").iterdir()
    below = [each for thread in threads for each in (thread / "children").read_text().split()]
    return sum(map(int, fields[11:15])) / TICKS + sum(_seconds(int(child)) for child in below)


def growth(costs: Sequence[dict[str, Cost]]) -> dict[str, dict[str, list[float]]]:
    """Return by stage how many times as much the next size takes, CPU and memory."""
    return {
        name: {
            what: [
                round(getattr(two[name], what) / getattr(one[name], what), 2)
                for one, two in itertools.pairwise(costs)
                if name in one and name in two
            ]
            for what in ("cpu", "memory")
        }
        for name in costs[-1]
    }


def print_table(sizes: Sequence[int], costs: Sequence[dict[str, Cost]]) -> None:
    """Print the figures for people."""
    print(f"{'':8s}{'runs':>10s}{'CPU s':>9s}{'us a run':>10s}{'wall s':>9s}{'MB':>7s}")
    for name in costs[-1]:
        for runs, found in zip(sizes, costs, strict=True):
            if name in found:
                cost = found[name]
                each = f"{cost.cpu:9.2f}{cost.cpu / runs * 1e6:10.1f}{cost.wall:9.2f}"
                print(f"{name:8s}{runs:10,d}{each}{cost.memory:7.0f}")
    for name, grown in growth(costs).items():
        print(f"{name}: CPU times {grown['cpu']}, memory times {grown['memory']}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--folder", type=Path, default=HERE / ".data")
    parser.add_argument("--without", nargs="*", default=[], metavar="STAGE")
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--as-dask-comes", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    made = [Scale(given.folder, runs) for runs in given.sizes]
    costs = [each.stages(given.without) for each in made]
    said: dict[str, Any] = {
        "load": os.getloadavg(),
        "sizes": given.sizes,
        "stages": [{name: cost.to_dict() for name, cost in each.items()} for each in costs],
        "growth": growth(costs),
    }
    if given.cluster:
        pair = made[-1].side_by_side({} if given.as_dask_comes else QUIET)
        said["cluster"] = {name: cost.to_dict() for name, cost in pair.items()}
    if given.json:
        print(json.dumps(said, indent=1))
        return
    print_table(given.sizes, costs)
    print(f"load {said['load'][0]:.1f}")
    if given.cluster:
        print(f"cluster beside local: {said['cluster']}")


if __name__ == "__main__":
    main()
