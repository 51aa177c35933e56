"""Whoever calls the evaluators, in whatever order and whoever is lost: one result, to the byte."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from clusters import EVALUATORS, awaited, callers, cells, children, make_project
from command_line import evalkit

pytestmark = pytest.mark.slow

MOMENTS = int(os.environ.get("EVALKIT_KILLS", "2"))
"""Random moments at which a worker is killed; `EVALKIT_KILLS=20` tries more."""
SLOWLY = EVALUATORS.replace("SLOW = 0.0", 'import os\nSLOW = float(os.environ.get("SLOWLY", "0"))')
HEAD = """
baseline = "x"
executor = { runs = 200 }
"""
TAKEN = re.compile(
    r'"seconds": ?[\d.e-]+|(?<![\d.])[\d.,]+ (?:µs|ms|s)\b|[0-9a-f]{64}|"files": ?"[0-9a-f]{32}"'
)
"""What is of the time it took: seconds, and hashes of documents that hold some."""
AT = re.compile(r"20\d\d-\d\d-\d\d[T ][\d:+.Z]+")


def two_experiments(folder: Path, runs: int = 1600) -> Path:
    """Return a project with two fetched experiments that differ in a third of their runs."""
    project = make_project(folder, runs, SLOWLY)
    text = (project / "evalkit.toml").read_text()
    x = text[text.index("[experiments.x]") :]
    y = x.replace("experiments.x", "experiments.y").replace("runs.jsonl", "other.jsonl")
    (project / "evalkit.toml").write_text(f"{HEAD}{text}{y}")
    rows = [json.loads(line) for line in (project / "runs.jsonl").read_text().splitlines()]
    other = ({**row, "a": row["a"] + row["q"] % 3} for row in rows)
    (project / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in other))
    assert evalkit("fetch", cwd=project).code == 0
    return project


def made_of(project: Path, *how: str) -> dict[str, Any]:
    """Run all of it, and return what it says but for the time it took."""
    ended = evalkit("run", "--offline", *how, cwd=project)
    assert ended.code == 0, ended.err
    compared = evalkit("compare", "x", "y", "--json", cwd=project).out
    page = (project / "reports" / "x-y" / "report.html").read_text()
    found = {name: (project / "reports" / name / "summary.json").read_text() for name in "xy"}
    found = {name: re.sub(r'"guard": "\w+"', "", text) for name, text in found.items()}
    texts = found | {"compared": compared, "page": page}
    said = {name: AT.sub("", TAKEN.sub("", text)) for name, text in texts.items()}
    return said | {f"cells of {name}": cells(project / ".evalkit", name) for name in "xy"}


def test_summaries_comparisons_and_pages(cluster: Any, tmp_path: Path) -> None:
    """One local worker, four, and those of a cluster, of which one is slow and none in order."""
    project = two_experiments(tmp_path / "p")
    cluster.worker(SLOWLY="0.004")
    cluster.worker()
    ways = {"one": ("--workers", "1"), "four": ("--workers", "4")}
    found = {}
    for name, how in (ways | {"cluster": ("--executor", cluster.address)}).items():
        copy = Path(shutil.copytree(project, tmp_path / name / "p"))
        found[name] = made_of(copy, *how)
    for what in found["one"]:
        assert found["four"][what] == found["one"][what], what
        assert found["cluster"][what] == found["one"][what], what


@pytest.mark.timeout(300 + 120 * MOMENTS)
def test_workers_are_killed_at_random_moments(cluster: Any, tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", 1600, EVALUATORS.replace("SLOW = 0.0", "SLOW = 0.001"))
    (project / "evalkit.toml").write_text(
        "executor = { runs = 100 }\n" + (project / "evalkit.toml").read_text()
    )
    assert evalkit("fetch", cwd=project).code == 0
    assert evalkit("score", "--workers", "1", cwd=project).code == 0
    wanted, random = cells(project / ".evalkit"), Random(os.urandom(8))
    nannies = [cluster.worker().pid for _ in range(2)]
    command = [sys.executable, "-m", "evalkit", "score", "x", "--executor", cluster.address]
    for moment in range(MOMENTS):
        shutil.rmtree(project / ".evalkit" / "x" / "scores")
        running = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
        awaited(lambda: any(callers(nanny) for nanny in nannies))
        time.sleep(wait := random.uniform(0, 3))
        victim = random.choice(nannies)
        if found := [pid for pid in children(victim) if pid not in callers(victim)]:
            os.kill(found[-1], signal.SIGKILL)
        _, err = running.communicate(timeout=300)
        assert running.returncode == 0, f"moment {moment}, after {wait:.2f} s: {err}"
        assert cells(project / ".evalkit") == wanted, f"moment {moment}, after {wait:.2f} s"
        awaited(lambda: all(children(nanny) for nanny in nannies))
