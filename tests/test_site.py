"""The docs site: every README and example is on it, its links lead somewhere, its blocks hold."""

import importlib.util
import re
from pathlib import Path

import pytest
from docs_blocks import DOCUMENTS, ROOT

import evalkit
from evalkit.project.config import load

FENCE = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMING = sorted((ROOT / "site" / "pages").glob("from-*.md"))


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "site" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    build.documents(out)
    return out


def test_every_readme_is_a_page_and_every_page_is_in_the_menu(build, pages: Path) -> None:
    unread = {"benchmarks/README.md"}  # for who measures, not for who reads
    assert set(DOCUMENTS) - unread <= set(build.PAGES)
    menu = set(re.findall(r"[\w/-]+\.md", (ROOT / "site" / "mkdocs.yml").read_text("utf-8")))
    assert menu == {str(path.relative_to(pages)) for path in pages.rglob("*.md")}


def test_links_lead_to_pages_and_files_of_the_site(build, pages: Path) -> None:
    for path in pages.rglob("*.md"):
        for place, part in enumerate(build.CODE.split(path.read_text("utf-8"))):
            for found in build.LINK.finditer(part) if place % 2 == 0 else ():
                if found[1] and "://" not in found[1]:
                    assert (path.parent / found[1]).exists(), (path.name, found[1])


def test_a_dead_link_ends_the_build(build, tmp_path: Path) -> None:
    with pytest.raises(build.DeadLink, match="nowhere"):
        build.relinked("[x](no/such.md)", "README.md", "index.md", tmp_path)


def test_every_public_name_is_in_the_reference(pages: Path) -> None:
    text = (pages / "api.md").read_text("utf-8")
    assert [name for name in evalkit.__all__ if f"### `{name}`" not in text] == []


@pytest.mark.parametrize("page", COMING, ids=lambda path: path.stem)
def test_the_configuration_for_who_comes_from_elsewhere_is_accepted(page: Path, tmp_path) -> None:
    blocks = FENCE.findall(page.read_text("utf-8"))
    assert blocks
    for block in blocks:
        (tmp_path / "evalkit.toml").write_text(block, "utf-8")
        assert load(tmp_path).experiments


def test_they_come_from_five_tools() -> None:
    assert len(COMING) == 5
