"""Reports on different experiments never share a folder."""

from itertools import combinations
from types import SimpleNamespace

from evalkit.pipeline.reporting import LONGEST, folder_of


def test_no_two_lists_of_experiments_share_a_folder(tmp_path):
    names = ["a", "b", "a-b", "b-a", "a-b-a", "x" * 100, f"{'x' * 99}y", "a b", "a+b"]
    project = SimpleNamespace(reports_folder=tmp_path, experiments=dict.fromkeys(names))
    lists = [each for n in (1, 2, 3) for each in combinations(names, n)]
    folders = [folder_of(project, each) for each in lists]
    assert len(set(folders)) == len(lists)
    assert max(len(folder.name) for folder in folders) <= LONGEST
    plain = SimpleNamespace(reports_folder=tmp_path, experiments={"old": None, "new": None})
    assert folder_of(plain, ["old", "new"]).name == "old-new"
