"""Every Python block of `evaluators/README.md` runs, and the cases in it hold."""

import re
from pathlib import Path
from typing import Any

import pytest

from evalkit.scoring.definition.evaluator import marked
from evalkit.scoring.definition.proving import run_cases

README = Path(__file__).parents[2] / "evaluators" / "README.md"
BLOCK = re.compile(r"^### (\d+)\. (.+?)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEXT = README.read_text("utf-8")
SECTIONS = [(number, title, PYTHON.findall(body)) for number, title, body in BLOCK.findall(TEXT)]


def run(code: str) -> tuple[int, int]:
    """Run a block; return how many cases and asserts it has."""
    space: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, str(README), "exec"), space)
    cases = 0
    for value in space.values():
        found = marked(value)
        for result in run_cases(found) if found is not None else ():
            assert result.passed, (found and found.name, result)
            cases += 1
    return cases, code.count("assert ")


@pytest.mark.parametrize(("number", "title", "blocks"), SECTIONS, ids=[s[1] for s in SECTIONS])
def test_example(number: str, title: str, blocks: list[str]) -> None:
    assert blocks, title
    for code in blocks:
        assert sum(run(code)) > 0, f"{number}: {title} proves nothing"


def test_there_are_ten_and_the_four_guides_of_langsmith_are_among_them() -> None:
    assert [int(number) for number, _, _ in SECTIONS] == list(range(1, 11))
    assert sum(title.startswith("LangSmith's guide") for _, title, _ in SECTIONS) == 4


def test_every_other_block_runs_too() -> None:
    inside = {code for _, _, blocks in SECTIONS for code in blocks}
    others = [code for code in PYTHON.findall(TEXT) if code not in inside]
    assert len(others) == 1
    assert sum(run(others[0])) > 0


def test_every_file_of_the_folder_is_listed() -> None:
    files = {path.name for path in README.parent.glob("*.py")}
    assert set(re.findall(r"^\| \[(\w+\.py)\]", TEXT, re.MULTILINE)) == files
