"""Names that installed packages bring are unique, or both packages are named."""

from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest

from evalkit.errors import ConfigError
from evalkit.project import plugins


def installed(folder: Path, distribution: str, line: str) -> list[EntryPoint]:
    """Write the metadata of an installed distribution and return its entry points."""
    info = folder / f"{distribution}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[evalkit.fetchers]\n{line}\n")
    return list(PathDistribution(info).entry_points)


def test_one_name_from_two_distributions_names_both(tmp_path: Path) -> None:
    points = installed(tmp_path, "alpha", "x = a:F") + installed(tmp_path, "beta", "x = b:F")
    with pytest.raises(ConfigError, match=r"'x': both alpha \(a:F\) and beta \(b:F\)"):
        plugins.unique(points)


def test_a_distribution_seen_twice_is_no_clash(tmp_path: Path) -> None:
    points = installed(tmp_path, "alpha", "x = a:F")
    assert list(plugins.unique(points * 2)) == ["x"]


def test_one_that_does_not_load_names_its_distribution(tmp_path: Path) -> None:
    (point,) = installed(tmp_path, "alpha", "x = nowhere_at_all:F")
    with pytest.raises(ConfigError, match="of alpha: nowhere_at_all:F does not load"):
        plugins.load(point)


def test_an_unknown_fetcher_offers_the_closest() -> None:
    with pytest.raises(ConfigError, match=r"'langsmth'.* Did you mean 'langsmith'\?"):
        plugins.fetcher("langsmth")
