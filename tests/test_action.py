"""The GitHub action and the container file: what their steps type works, and is all there is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = [step for step in ACTION["runs"]["steps"] if "run" in step and step["name"] != "Install"]


def done(project: Path, work: Path, **inputs: str) -> tuple[list[int], dict[str, str], str]:
    """Run the action's own steps as a runner does; return their codes, outputs and summary."""
    given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
    given |= {"project": str(project), **inputs}
    output, summary = work / "output", work / "summary"
    output.touch()
    summary.touch()
    codes = []
    for step in STEPS:
        env = {
            key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: given[m[1]], value)
            for key, value in step["env"].items()
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        places = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**os.environ, **env, **places, "PATH": path, "GITHUB_ACTIONS": "true"},
            cwd=work,
            capture_output=True,
        )
        codes.append(ended.returncode)
        if ended.returncode:
            break
    lines = output.read_text("utf-8").splitlines()
    return codes, dict(line.split("=", 1) for line in lines), summary.read_text("utf-8")


def test_the_steps_score_gate_and_report(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "multi-turn", tmp_path / "good")
    config = tmp_path / "good" / "evalkit.toml"
    config.write_text(f'gates = ["error_rate <= 10%"]\n{config.read_text("utf-8")}', "utf-8")
    codes, outputs, summary = done(tmp_path / "good", tmp_path)
    assert (codes, outputs) == ([0, 0], {"exit-code": "0"})
    assert "booked" in summary
    assert (tmp_path / "good/reports/gates.xml").is_file()
    assert list((tmp_path / "good/reports").glob("*/report.html"))


def test_a_missed_gate_ends_the_second_step_and_a_mistake_the_first(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "rag", tmp_path / "missed")
    codes, outputs, summary = done(tmp_path / "missed", tmp_path)
    assert (codes, outputs) == ([0, 1], {"exit-code": "1"})
    assert "1 of 3 gates failed" in summary
    (tmp_path / "empty").mkdir()
    assert done(tmp_path / "empty", tmp_path)[0] == [2]


def test_every_input_is_used_and_nothing_of_them_is_typed_into_a_script() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    assert [n for n in ACTION["inputs"] if f"inputs.{n} " not in text] == []
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []


def test_the_container_copies_what_is_there_and_is_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [w for line in lines if line.startswith("COPY ") for w in line.split()[1:-1]]
    assert [w for w in copied if not w.startswith("-") and w != "/install"] != []
    missing = [w for w in copied if w[0] not in "-/" and not (ROOT / w).exists()]
    assert missing == []
    kept = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {f"!{w}" for w in copied if w[0] not in "-/"} <= set(kept)
    last = len(lines) - 1 - [line.split()[0] if line else "" for line in lines][::-1].index("FROM")
    assert any(line.startswith("USER ") and "root" not in line for line in lines[last:])
    assert all("slim" in line for line in lines if line.startswith("FROM"))
