"""The verbs about a project, driven as people and scripts drive them."""

from pathlib import Path

import pytest
from command_line import evalkit

GOOD = """\
from evalkit import case, evaluator

@evaluator(cases=[case(outputs={"answer": "thanks"}, expect=True)])
def polite(outputs):
    "The answer thanks."
    return "thanks" in outputs["answer"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "tone.py").write_text(GOOD)
    (tmp_path / "runs.jsonl").write_text('{"run_id": "1", "outputs": {"answer": "thanks"}}\n')
    (tmp_path / "evalkit.toml").write_text('[experiments.one]\npath = "runs.jsonl"\n')
    return tmp_path


def test_check_runs_the_cases(project: Path) -> None:
    ended = evalkit("check", "--json", cwd=project)
    assert ended.code == 0
    assert ended.document["cases"] == [{"evaluator": "polite", "case": 1, "passed": True}]


def test_check_names_a_failing_case_and_ends_with_4(project: Path) -> None:
    (project / "evaluators" / "tone.py").write_text(GOOD.replace("expect=True", "expect=False"))
    ended = evalkit("check", cwd=project)
    assert ended.code == 4
    line = "evaluators/tone.py:3: evaluator 'polite', case 1: said True, expected False."
    assert line in ended.err


def test_a_misspelt_parameter_stops_before_anything_is_fetched(project: Path) -> None:
    (project / "evaluators" / "tone.py").write_text(
        GOOD.replace("polite(outputs)", "polite(output)")
    )
    ended = evalkit("run", cwd=project)
    assert ended.code == 2
    assert "evaluators/tone.py:3: evaluator 'polite' asks for 'output'" in ended.err
    assert "Did you mean 'outputs'?" in ended.err
    assert not (project / ".evalkit").exists()


def test_three_mistakes_in_the_configuration_come_together(project: Path) -> None:
    (project / "evalkit.toml").write_text(
        'gatse = []\n[experiments.one]\nfetcher = "record"\n[experiments.two]\npaht = "x"\n'
    )
    ended = evalkit("check", cwd=project)
    assert ended.code == 2
    assert ended.err.startswith("error[config]: evalkit.toml: ")
    for line in ("evalkit.toml:1: ", "evalkit.toml:3: ", "evalkit.toml:5: "):
        assert f"\n  {line}" in ended.err
    assert ended.err.count("Did you mean") == 3


@pytest.mark.parametrize("kind", ["experiments", "evaluators", "fetchers", "datasets"])
@pytest.mark.parametrize("form", [[], ["--long"], ["--json"]])
def test_list(project: Path, kind: str, form: list[str]) -> None:
    ended = evalkit("list", kind, *form, cwd=project)
    assert ended.code == 0, ended.err
    name = {"experiments": "one", "evaluators": "polite", "fetchers": "records"}.get(kind, "")
    assert name in ended.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["rnu"], "has no verb 'rnu'. Did you mean 'run'?"),
        (["list", "evaluatos"], "'evaluatos' is not one of"),
        (["check", "--jsno"], "--jsno"),
        (["check", "-C", "nowhere"], "no such folder"),
        (["show", "on"], "Did you mean 'one'?"),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_2(project: Path, argv: list[str], said: str) -> None:
    ended = evalkit(*argv, cwd=project)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error[")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_init_writes_a_project_that_checks_and_never_overwrites(tmp_path: Path) -> None:
    ended = evalkit("init", "mine", cwd=tmp_path)
    assert ended.code == 0
    written = ended.out.split()
    assert "mine/evalkit.toml" in written
    assert all((tmp_path / path).is_file() for path in written)
    checked = evalkit("check", "--json", cwd=tmp_path / "mine")
    assert checked.code == 0
    assert checked.document["cases"]
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    again = evalkit("init", "mine", cwd=tmp_path)
    assert again.code == 2
    assert "there already" in again.err
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize("scope", ["run", "step", "experiment"])
def test_a_new_evaluator_proves_itself(project: Path, scope: str) -> None:
    ended = evalkit("new", "evaluator", "kind", "--scope", scope, cwd=project)
    assert (ended.code, ended.out) == (0, "evaluators/kind.py\n")
    assert evalkit("check", cwd=project).code == 0
    assert evalkit("new", "evaluator", "kind", cwd=project).code == 2


def test_a_new_evaluator_needs_a_python_name(project: Path) -> None:
    ended = evalkit("new", "evaluator", "very-polite", cwd=project)
    assert ended.code == 2
    assert "'very_polite'" in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(project: Path, shell: str) -> None:
    assert "_EVALKIT_COMPLETE" in evalkit("completion", shell, cwd=project).out


@pytest.mark.parametrize(("words", "given"), [("evalkit ch", "check"), ("evalkit show o", "one")])
def test_completion_knows_verbs_and_experiments(project: Path, words: str, given: str) -> None:
    env = {
        "_EVALKIT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    assert f"plain,{given}" in evalkit(cwd=project, **env).out.splitlines()
