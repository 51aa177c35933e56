"""The six examples do what their READMEs show, and the page of all names each of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from newcomer import EXAMPLES, ROOT, Newcomer, play_example

PROGRAMS = Path(sys.executable).parent


def test_there_are_six() -> None:
    page = (ROOT / "examples" / "README.md").read_text("utf-8")
    assert len(EXAMPLES) == 6
    assert [name for name in EXAMPLES if f"]({name}/README.md)" not in page] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_shows(name: str, tmp_path: Path) -> None:
    played = play_example(name, PROGRAMS, tmp_path)
    assert played.problems == []
    assert played.blocks >= 1


def test_the_recorded_runs_are_those_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "make_data.py"
    script.write_text((ROOT / "examples" / "make_data.py").read_text("utf-8"), "utf-8")
    subprocess.run([sys.executable, str(script)], check=True)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.glob("*/datasets/**/*") if p.is_file())
    assert len(made) == 14
    for path in made:
        kept = ROOT / "examples" / path
        assert kept.read_bytes() == (tmp_path / path).read_bytes(), path


def test_the_newcomer_sees_what_is_not_so(tmp_path: Path) -> None:
    text = "```console\n$ evalkit --version\nno such line\n$ evalkit check\n```\n"
    played = Newcomer(PROGRAMS, tmp_path).play(text)
    assert len(played.problems) == 2
    assert "does not print 'no such line'" in played.problems[0]
