"""`.ci/run` ends as its stages did, and leaves nothing behind."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
# A signal between a fork and what it starts is lost: the background says when it is there.
STILL = (
    '{ : >"$work/up"; exec sleep 60; } & coming=$!; until [ -e "$work/up" ]; do sleep 0.01; done'
)
pytestmark = pytest.mark.skipif(not RUN.exists(), reason="no .ci beside these tests")


@pytest.mark.parametrize(("ends", "code"), [("true", 0), ("false", 1), ("exit 3", 3)])
@pytest.mark.parametrize(
    "before",
    ["", 'sleep 0 & coming=$!; wait "$coming"', STILL],
    ids=["nothing in the background", "it has ended", "it still runs"],
)
def test_leaving_says_what_the_stages_said(
    before: str, ends: str, code: int, tmp_path: Path
) -> None:
    lines = RUN.read_text("utf-8").splitlines()
    head = [line for line in lines if line.startswith(("set -", "trap "))]
    work = tmp_path / "work"
    work.mkdir()
    assert [line.partition(" ")[0] for line in head] == ["set", "trap"]
    script = "\n".join([head[0], f'work="{work}"', head[1], before, ends])
    left = subprocess.run(["bash", "-c", script], capture_output=True, timeout=30)
    assert (left.returncode, left.stderr, work.exists()) == (code, b"", False)


def again(runs: int, tests: int, tmp_path: Path) -> tuple[int, str]:
    """Tests that fail in their first `runs` runs, by the function that runs them again."""
    (tmp_path / "test_it.py").write_text(
        f"""import pathlib, pytest
@pytest.mark.parametrize("n", [f"no {{n}}" for n in range({tests})])
def test_it(n):
    seen = pathlib.Path(f"seen-{{n}}")
    seen.write_text(seen.read_text() + "." if seen.exists() else ".")
    assert len(seen.read_text()) > {runs}
"""
    )
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    text = RUN.read_text("utf-8")
    function = text[text.index("few=") : text.index("\n}\n", text.index("suite()")) + 3]
    script = f"set -euo pipefail\nstage() {{ echo; }}\n{function}\n"
    script += 'suite "not slow" .venv/bin/python -m pytest -q -p no:xdist\necho "once:${once[*]}"\n'
    ended = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    ("runs", "tests", "code", "said"),
    [
        (0, 1, 0, "once:\n"),
        (1, 1, 0, "once:test_it.py::test_it[no 0]\n"),
        (2, 1, 1, "failed: test_it.py::test_it[no 0]\n"),
        (1, 9, 1, "failed: test_it.py::test_it[no 8]\n"),
    ],
    ids=["passes", "fails once", "fails twice", "more than a few fail"],
)
def test_a_few_that_failed_run_again(
    runs: int, tests: int, code: int, said: str, tmp_path: Path
) -> None:
    returned, out = again(runs, tests, tmp_path)
    assert (returned, said in out) == (code, True), out
