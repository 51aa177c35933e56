"""A `run` that is killed at any moment leaves what the next one makes whole."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import SCRIPT, evalkit

from evalkit.pipeline.stored import results
from evalkit.project.config import load

LINE = '{"run_id": "r%d", "example_id": "%d", "outputs": {"answer": "%s"}, "duration_s": %d}\n'
OWN = """
from evalkit import evaluator


@evaluator
def fine(outputs):
    return outputs["answer"] == "a"


@evaluator
def long(run):
    return run.latency
"""
MOMENTS = 20


def project(folder: Path) -> Path:
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evaluators/own.py").write_text(OWN)
    lines = [LINE % (n, n % 50, "ab"[n % 2], n % 9) for n in range(1500)]
    (folder / "runs.jsonl").write_text("".join(lines))
    (folder / "evalkit.toml").write_text(
        '[experiments.one]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    )
    return folder


def left(folder: Path) -> Any:
    """Return what a run leaves: runs, scores and the traces of the page, without times of day."""
    read = results(load(folder), "one")
    cells = read.table("cells", ["run_id", "evaluator", "key", "outcome", "score"])
    rows = sorted(map(repr, cells.to_pylist()))
    names = ["run_id", "content_hash", "repetition", "outcome", "latency_s"]
    return read.table("runs", names).to_pylist(), rows, read.manifest.complete


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_what_the_next_run_makes_whole(tmp_path: Path) -> None:
    whole = project(tmp_path / "whole")
    began = time.monotonic()
    assert evalkit("run", "one", "--quiet", cwd=whole).code == 0
    took = time.monotonic() - began
    expected = left(whole)
    rng = random.Random(18)
    broken = project(tmp_path / "broken")
    for _ in range(MOMENTS):
        process = subprocess.Popen(
            [str(SCRIPT), "run", "one", "--quiet"],
            cwd=broken, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(rng.uniform(0.1, 1.0) * took)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if rng.random() < 0.3:  # now and then from the beginning
            shutil.rmtree(broken / rng.choice([".evalkit", "reports"]), ignore_errors=True)
    ended = evalkit("run", "one", "--quiet", cwd=broken)
    assert ended.code == 0, ended.err
    assert left(broken) == expected
    page = (broken / "reports/one/report.html").read_bytes()
    assert b"</html>" in page[-400:]
    assert not list((broken / "reports").rglob("*.tmp"))
