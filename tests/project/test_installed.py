"""What is read of installed packages at once is what `importlib.metadata` finds."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.metadata import PathDistribution, entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import ConfigError
from evalkit.project import plugins
from evalkit.project.installed import points_of

GROUP = "evalkit.fetchers"
NAMES = st.sampled_from(["alpha", "Alpha", "al_pha", "al-pha", "be.ta", "beta", ""])
KINDS = st.sampled_from([".dist-info", ".DIST-INFO", ".egg-info", ".egg", ".dist"])
LINES = st.lists(
    st.sampled_from(
        [
            "[evalkit.fetchers]", " [evalkit.fetchers] ", "[console_scripts]", "x = a:F",
            "x=b:F", "  y =  a.b : F.G", "y = a.b:F.G", "# x = c:F", "", "z = a:F [more]", "z",
            "z = é:F", "= a:F", "x = y = a:F", "[[evalkit.fetchers]]", "[evalkit.fetchers",
        ]
    ),
    max_size=6,
)  # fmt: skip
PACKAGES = st.dictionaries(st.tuples(NAMES, st.sampled_from(["-1", "-2", ""]), KINDS), LINES)


def put(folder: Path, packages: dict[tuple[str, str, str], list[str]]) -> None:
    """Write what installed packages say of themselves."""
    for (name, version, kind), lines in packages.items():
        info = folder / f"{name}{version}{kind}"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name or 'none'}\n")
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


@settings(deadline=None)
@given(one=PACKAGES, other=PACKAGES)
def test_what_is_found_is_what_python_finds(
    one: dict[tuple[str, str, str], list[str]], other: dict[tuple[str, str, str], list[str]]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folders = [Path(name, each) for each in ("one", "other")]
        for folder, packages in zip(folders, (one, other), strict=True):
            folder.mkdir()
            put(folder, packages)
        patch.setattr(sys, "path", [*map(str, folders), str(Path(name, "nowhere"))])
        found = points_of(GROUP)
        if found is None:
            return
        try:
            points = {(p.name, p.value) for p in entry_points(group=GROUP)}
        except TypeError:  # Python ends at a line of anybody's that is no pair
            return
        assert set(found.items()) == points


ALONE = """
from evalkit.project import plugins
from evalkit.project.installed import points_of

found = points_of("evalkit.fetchers")
assert found == {name: point.value for name, point in plugins.fetchers().items()}, found
"""


def test_this_installation_is_plain() -> None:
    """In a process of its own: packages of other tests bring ways of finding packages along."""
    subprocess.run([sys.executable, "-c", ALONE], check=True, timeout=60)


def test_a_packed_file_on_the_path_is_for_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("alpha-1.dist-info/entry_points.txt", "[evalkit.fetchers]\nx = a:F\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    assert points_of(GROUP) is None


class Elsewhere(MetaPathFinder):
    """Finds packages in a way of its own."""

    def find_distributions(self, *_: object) -> Iterator[PathDistribution]:
        return iter(())


def test_another_way_of_finding_packages_is_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Elsewhere()])
    assert points_of(GROUP) is None


def test_a_fetcher_that_does_not_load_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {("alpha", "-1", ".dist-info"): ["[evalkit.fetchers]", "x = nowhere_at_all:F"]})
    monkeypatch.syspath_prepend(str(tmp_path))
    for each in (plugins._plain_points, plugins._installed):
        each.cache_clear()
    try:
        with pytest.raises(ConfigError, match="nowhere_at_all:F does not load"):
            plugins.fetcher("x")
    finally:
        for each in (plugins._plain_points, plugins._installed):
            each.cache_clear()
