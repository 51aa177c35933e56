"""The guided fuzzer's targets read their seeds, and what it makes of them where it is there."""

import subprocess
import sys
from pathlib import Path

import pytest

from .guided import TARGETS

RUNS = 3_000


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_are_read(target):
    read, seeds = TARGETS[target]
    for seed in seeds:
        read(seed)
        read(seed[: len(seed) // 2])


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_fuzzer_makes_is_no_crash(target, tmp_path):
    pytest.importorskip("atheris", reason="atheris is not here: pip install atheris")
    script = Path(__file__).with_name("guided.py").resolve()
    command = [sys.executable, str(script), target, "--runs", str(RUNS), "--minutes", "2"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr[-2000:]
