"""From an empty folder to an own evaluator's column: init, new, check, try, watch, run."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from command_line import SCRIPT, evalkit


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    assert evalkit("init", "mine", cwd=folder).code == 0
    assert evalkit("fetch", cwd=folder / "mine").code == 0
    return folder / "mine"


def test_from_a_template_to_a_column(project: Path) -> None:
    made = evalkit("new", "evaluator", "tool_ok", "--scope", "step", cwd=project)
    assert (made.code, made.out.strip()) == (0, "evaluators/tool_ok.py")
    assert "evalkit try tool_ok" in made.err
    assert evalkit("check", cwd=project).code == 0
    ended = evalkit("run", "baseline", "--json", cwd=project)
    assert ended.code == 0, ended.err
    assert ended.document["scores"]["tool_ok"]["n"] > 0
    page = Path(ended.document["report"])
    assert "tool_ok" in (project / page).read_text("utf-8")


def test_a_second_one_of_the_name_is_refused(project: Path) -> None:
    assert evalkit("new", "evaluator", "answers", cwd=project).code == 2


def test_try_shows_what_was_said_and_keeps_nothing(project: Path) -> None:
    before = sorted(path for path in (project / ".evalkit").rglob("*"))
    ended = evalkit("try", "correct", "--on", "baseline", "--sample", "5", "--json", cwd=project)
    assert ended.code == 0, ended.err
    rows = ended.document["rows"]
    assert len(rows) == 5
    assert {row["scores"][0]["score"] for row in rows} <= {True, False}
    told = evalkit("try", "correct", "--on", "baseline", "--sample", "5", cwd=project)
    assert re.match(r"correct on baseline: 5 calls in \d", told.out)
    assert sorted(path for path in (project / ".evalkit").rglob("*")) == before


def test_try_of_a_name_that_is_not_there(project: Path) -> None:
    ended = evalkit("try", "corect", "--on", "baseline", cwd=project)
    assert ended.code == 2
    assert "Did you mean 'correct'" in ended.err


@pytest.mark.timeout(120)
def test_watch_tells_at_every_save(project: Path) -> None:
    file = project / "evaluators" / "watched.py"
    text = "from evalkit import evaluator\n\n\n@evaluator\ndef watched(run):\n    return {}\n"
    file.write_text(text.format(1))
    watching = subprocess.Popen(
        [str(SCRIPT), "try", "watched", "--on", "baseline", "--sample", "4", "--watch"],
        cwd=project,
        env={**os.environ, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        heads = (line for line in watching.stdout if "watched" in line)
        assert "watched 1.000 (n=4)" in next(heads)
        file.write_text(text.format(2))
        assert "watched 2.000 (n=4)" in next(heads)
        file.write_text(text.format("outputs["))
        assert "watched.py:6" in next(heads)
        file.write_text(text.format(3))
        assert "watched 3.000 (n=4)" in next(heads)
        watching.send_signal(signal.SIGINT)
        assert watching.wait() == 0
    finally:
        watching.kill()
        watching.communicate()
        file.unlink()
