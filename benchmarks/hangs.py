"""What evaluators that hang cost: the same work with and without a busy loop on some runs.

    python benchmarks/hangs.py
    python benchmarks/hangs.py --runs 1000 --hanging 3 --timeout 1 --workers 1 2 --json

"Shared" is the time of the hanging calls divided by the workers: `hanging * timeout / workers`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import Cost, measure, median

CONFIG = '[experiments.one]\npath = "runs.jsonl"\n'
EVALUATORS = """\
import os

from evalkit import evaluator

HANGING = frozenset(map(int, os.environ.get("HANGING", "").split()))


@evaluator
def exact(outputs):
    return outputs["answer"] == "answer %d" % outputs["number"]


@evaluator
def loops(outputs):
    while outputs["number"] in HANGING:
        pass
    return True


@evaluator
def words(outputs):
    return len(outputs["answer"].split())
"""


class Bench:
    """A project in a folder, with its experiment fetched."""

    def __init__(self, folder: Path, runs: int, hanging: int, timeout: float) -> None:
        self.project, self.timeout = folder, timeout
        step = runs // (hanging + 1)
        self.hanging = " ".join(str(step * each) for each in range(1, hanging + 1))
        (folder / "evaluators").mkdir()
        (folder / "evaluators" / "own.py").write_text(EVALUATORS)
        (folder / "evalkit.toml").write_text(CONFIG)
        rows = [
            {"run_id": f"r{n}", "outputs": {"number": n, "answer": f"answer {n}"}}
            for n in range(runs)
        ]
        (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self._evalkit("fetch")

    def cost(self, workers: int, hanging: str) -> Cost:
        """Score everything with nothing stored."""
        shutil.rmtree(self.project / ".evalkit" / "one" / "scores", ignore_errors=True)
        options = ("--workers", str(workers), "--timeout", str(self.timeout))
        return self._evalkit("score", *options, hanging=hanging)

    def _evalkit(self, *arguments: str, hanging: str = "") -> Cost:
        command = [sys.executable, "-c", "from evalkit.cli.main import entry; entry()"]
        env = {**os.environ, "HANGING": hanging}
        return measure([*command, *arguments, "--quiet"], cwd=self.project, env=env)

    def row(self, workers: int, repeat: int) -> dict[str, Any]:
        """Measure, alternating, and return the medians with what hanging added."""
        pairs = [(self.cost(workers, ""), self.cost(workers, self.hanging)) for _ in range(repeat)]
        plain, hung = (median(each) for each in zip(*pairs, strict=True))
        shared = len(self.hanging.split()) * self.timeout / workers
        extra = hung.wall - plain.wall
        return {
            "workers": workers,
            "wall without": round(plain.wall, 2),
            "wall with": round(hung.wall, 2),
            "extra": round(extra, 2),
            "shared": round(shared, 2),
            "extra / shared": round(extra / shared, 2),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--hanging", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.runs, given.hanging, given.timeout)
        rows = [bench.row(workers, given.repeat) for workers in given.workers]
    if given.json:
        print(json.dumps({"runs": given.runs, "rows": rows}, indent=1))
        return
    print(f"{given.runs:,} runs, {given.hanging} that hang, timeout {given.timeout:g} s; medians")
    print("".join(f"{name:>15s}" for name in rows[0]))
    for row in rows:
        print("".join(f"{value:15}" for value in row.values()))


if __name__ == "__main__":
    main()
