"""Every script under `benchmarks/` says what it measures, and is in the table of their README."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(
    each for each in FOLDER.glob("*.py") if '__name__ == "__main__"' in each.read_text("utf-8")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.stem)
def test_help_is_printed_and_nothing_measured(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, script, "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.name in done.stdout
    assert len(done.stdout.split()) > 12
    assert list(tmp_path.iterdir()) == []


def test_each_is_in_the_table() -> None:
    table = re.findall(r"^\| (`.*?) \|", (FOLDER / "README.md").read_text("utf-8"), re.M)
    listed = set(re.findall(r"`(\w+\.py)`", " ".join(table)))
    assert {each.name for each in SCRIPTS} - listed == set()
