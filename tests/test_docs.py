"""The READMEs say what the code does: no verb, key, error or column is missing, no link is dead."""

import re
from pathlib import Path

import pytest
from docs_blocks import BLOCK, BLOCKS, DOCUMENTS, ROOT, renewed

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]*)(#[^)\s]*)?\)")
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")


def texts() -> dict[str, str]:
    return {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_blocks_are_as_the_code_has_them(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert renewed(text) == text, "run `python tests/docs_blocks.py`"


def test_every_block_stands_somewhere() -> None:
    there = {found[2] for text in texts().values() for found in BLOCK.finditer(text)}
    assert there == set(BLOCKS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    folder, text = (ROOT / name).parent, (ROOT / name).read_text("utf-8")
    targets = [link[1] for link in LINK.finditer(text)]
    targets += [one or other for one, other in PICTURE.findall(text)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (folder / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_anchors_exist(name: str) -> None:
    for target, anchor in LINK.findall((ROOT / name).read_text("utf-8")):
        path = (ROOT / name).parent / target if target else ROOT / name
        if anchor and path.suffix == ".md":
            assert anchor[1:] in anchors(path), f"{target}{anchor}"


def anchors(path: Path) -> set[str]:
    """Return the anchors of a Markdown file: its headings as GitHub names them, and its ids."""
    text = path.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
    return named | set(re.findall(r'<a id="([^"]+)"', text))


def test_the_two_lines_of_the_readme_stand_alone() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    setups = [line for line in lines if line.startswith("python3 -m venv .venv && ")]
    assert len(setups) == 2
    assert setups[0].endswith("evalkit run")
    assert "pytest" in setups[1]
