"""The figures that the README shows are those that its first line prints."""

import shutil
from pathlib import Path

from command_line import evalkit

ROOT = Path(__file__).parents[2]


def test_the_first_line_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in ("datasets", "evaluators"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shown = (ROOT / "README.md").read_text("utf-8").partition("It prints the figures")[2]
    lines = shown.split("```")[1].strip().splitlines()
    assert len(lines) > 6
    ended = evalkit("run", cwd=tmp_path, COLUMNS="80")
    assert ended.code == 0, ended.err
    printed = {line.rstrip() for line in ended.out.splitlines()}
    assert [line for line in lines if line.rstrip() not in printed | {"..."}] == []
