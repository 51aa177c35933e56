"""GitHub looks files up from the root of the repository, wherever a step ran."""

from evalkit.report.renderers.github import in_repository


def test_files_are_named_from_the_root_of_the_repository(tmp_path, monkeypatch):
    step = tmp_path / "services" / "desk"
    step.mkdir(parents=True)
    monkeypatch.chdir(step)
    from_workspace = in_repository("evalkit.toml", {"GITHUB_WORKSPACE": str(tmp_path)})
    assert from_workspace == "services/desk/evalkit.toml"
    assert in_repository(str(step / "evalkit.toml"), {"GITHUB_WORKSPACE": str(tmp_path)}) == (
        "services/desk/evalkit.toml"
    )
    elsewhere = str(tmp_path / "other")
    (tmp_path / ".git").mkdir()
    assert in_repository("evalkit.toml", {"GITHUB_WORKSPACE": elsewhere}) == from_workspace
    assert in_repository("evalkit.toml", {}) == from_workspace
