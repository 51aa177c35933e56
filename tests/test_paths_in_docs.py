"""A path that a README names is there."""

import re
from pathlib import Path

import pytest
from docs_blocks import DOCUMENTS

ROOT = Path(__file__).parents[1]
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml|j2|js|css|sh|lark))`")
DOCS = [*DOCUMENTS, *(str(p.relative_to(ROOT)) for p in (ROOT / "findings").glob("*.md"))]
OF_USERS = re.compile(r"^(?:\.evalkit|reports|datasets|evaluators)/|NAME|\*")
"""Files of a user's project, which examples name."""


def missing(document: Path) -> list[str]:
    roots = (ROOT, ROOT / "evalkit", document.parent)
    found = PATH.findall(document.read_text("utf-8"))
    return [p for p in found if not OF_USERS.search(p) and not any((r / p).exists() for r in roots)]


@pytest.mark.parametrize("name", DOCS)
def test_a_path_that_is_named_is_there(name: str) -> None:
    assert missing(ROOT / name) == []


def test_the_test_sees_a_stale_path(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("See `cli/main.py` and `cli/work.py`.")
    assert missing(page) == ["cli/work.py"]
