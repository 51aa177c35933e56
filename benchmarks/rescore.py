"""Re-scoring stored runs, side by side with the hand-written floor for the same work.

    python benchmarks/rescore.py --runs 10000
    python benchmarks/rescore.py --runs 100000 --repeat 5 --json

Data and the store are made once in `--folder`; every figure is the median of whole processes.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generate import write
from measure import Cost, measure, median

HERE = Path(__file__).parent
EVALUATORS = HERE / "rescore_evaluators.py"
NAME = "bench"
CONFIG = """\
[experiments.bench]
fetcher = "langsmith-files"
path = "{runs}"
dataset = "{examples}"
"""


class Bench:
    """A project in a folder, with its experiment fetched."""

    def __init__(self, folder: Path, runs: int, repeat: int) -> None:
        self.data, self.runs, self.repeat = folder, runs, repeat
        self.project = folder / f"project-{runs}"
        self.files = write(folder, runs)
        self.module = self.project / "evaluators" / "work.py"
        self.scores = self.project / ".evalkit" / NAME / "scores"
        self._prepare()

    def _prepare(self) -> None:
        self.module.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EVALUATORS, self.module)
        config = CONFIG.format(runs=self.files[0].resolve(), examples=self.files[1].resolve())
        (self.project / "evalkit.toml").write_text(config)
        if not (self.project / ".evalkit" / NAME / "manifest.json").exists():
            measure(self._evalkit("fetch", NAME), cwd=self.project)

    def floor(self, variant: str) -> Cost:
        """Measure the hand-written program."""
        script, sink = str(HERE / "floor.py"), str(self.data / "floor-scores.jsonl")
        command = [sys.executable, script, variant, *map(str, self.files), sink]
        return measure(command)

    def full(self, *options: str) -> Cost:
        """Score everything with nothing cached, summary included."""
        shutil.rmtree(self.scores, ignore_errors=True)
        return self._score(*options)

    def unchanged(self) -> Cost:
        """Score again when nothing changed."""
        return self._score()

    def one_changed(self) -> Cost:
        """Score again when one evaluator changed."""
        text = self.module.read_text()
        found = re.search(r"BUDGET_S = ([\d.]+)", text)
        assert found is not None
        other = f"BUDGET_S = {float(found[1]) + 0.01:.2f}"
        self.module.write_text(text.replace(found[0], other))
        return self._score()

    def _score(self, *options: str) -> Cost:
        return measure(self._evalkit("score", NAME, "--quiet", *options), cwd=self.project)

    def _evalkit(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from evalkit.cli.main import entry; entry()", *arguments]

    def table(self) -> dict[str, Cost]:
        """Measure all, alternating, and return the medians."""
        cases: dict[str, Callable[[], Cost]] = {
            "floor": lambda: self.floor("lean"),
            "plain": lambda: self.floor("plain"),
            "all": lambda: self.full("--workers", "1"),
            "all, 2 workers": lambda: self.full("--workers", "2"),
            "outputs only": lambda: self.full("--workers", "1", "-e", "exact_match"),
            "steps only": lambda: self.full("--workers", "1", "-e", "retriever_recall"),
        }
        costs: dict[str, list[Cost]] = {name: [] for name in cases}
        costs |= {"nothing changed": [], "one changed": []}
        for _ in range(self.repeat):
            for name, case in cases.items():
                costs[name].append(case())
            self.full()
            costs["nothing changed"].append(self.unchanged())
            costs["one changed"].append(self.one_changed())
        return {name: median(each) for name, each in costs.items()}


def report(runs: int, table: dict[str, Cost]) -> dict[str, Any]:
    """Return the figures with their ratios to the floor and to plain json."""
    floor, plain = table["floor"], table["plain"]
    rows = {
        name: cost.to_dict()
        | {"cpu / floor": round(cost.cpu / floor.cpu, 2)}
        | {"cpu / plain": round(cost.cpu / plain.cpu, 2)}
        for name, cost in table.items()
    }
    facts = {"python": platform.python_version(), "machine": platform.processor() or "unknown"}
    wall = table["all, 2 workers"].wall / table["all"].wall
    return {"runs": runs, **facts, "figures": rows, "wall of 2 workers / 1": round(wall, 2)}


def print_table(said: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{said['runs']:,} runs, 5 evaluators; whole processes, medians")
    print(f"{'':18s}{'CPU s':>8s}{'wall s':>8s}{'MB':>7s}{'/ floor':>9s}{'/ plain':>9s}")
    for name, row in said["figures"].items():
        figures = f"{row['cpu']:8.2f}{row['wall']:8.2f}{row['memory']:7.0f}"
        print(f"{name:18s}{figures}{row['cpu / floor']:9.2f}{row['cpu / plain']:9.2f}")
    print(f"wall of two workers / one: {said['wall of 2 workers / 1']}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE / ".data")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    said = report(given.runs, Bench(given.folder, given.runs, given.repeat).table())
    if given.json:
        print(json.dumps(said, indent=1))
    else:
        print_table(said)


if __name__ == "__main__":
    main()
