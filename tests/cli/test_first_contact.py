"""First contact: what a beginner types, forgets or breaks is answered with what to do."""

import json
from pathlib import Path

import pytest
from command_line import evalkit

from evalkit.cli.table.sections import VERBS

BAD = """\
from evalkit import evaluator

@evaluator
def bad(outputs) -> bool:
    \"\"\"Breaks.\"\"\"
    return outputs["nope"] > 1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    assert evalkit("init", "p", cwd=folder).code == 0
    project = folder / "p"
    assert evalkit("run", "--quiet", cwd=project).code == 0
    return project


def test_evalkit_alone_shows_what_there_is(tmp_path: Path) -> None:
    ended = evalkit(cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert "Every day:" in ended.out


def test_every_verb_has_json_but_those_whose_stdout_is_something_else() -> None:
    leaves = {
        " ".join(filter(None, (name, inner))): verb
        for name, whole in VERBS.items()
        for inner, verb in (whole.inside or {"": whole}).items()
    }
    without = [n for n, v in leaves.items() if not any(p.name == "as_json" for p in v.takes)]
    assert without == ["mcp", "completion"]


def test_json_of_verbs_that_write_files(tmp_path: Path, project: Path) -> None:
    made = evalkit("init", "x", "--json", cwd=tmp_path)
    assert "x/evalkit.toml" in made.document["files"]
    new = evalkit("new", "evaluator", "kind", "--json", cwd=tmp_path / "x")
    assert new.document == {"files": ["evaluators/kind.py"]}
    out = evalkit("store", "export", "baseline", "--to", str(tmp_path / "o"), "--json", cwd=project)
    assert all(Path(each).is_file() for each in out.document["files"])
    mapped = evalkit("map", "datasets/baseline.jsonl", "--json", cwd=project).document
    assert mapped["fetcher"]
    assert mapped["written"] is None


def test_compare_takes_all_that_is_stored(project: Path, tmp_path: Path) -> None:
    ended = evalkit("compare", "--json", cwd=project)
    assert ended.document["comparison"]["experiments"] == ["baseline", "candidate"]
    assert evalkit("init", "q", cwd=tmp_path).code == 0
    ended = evalkit("compare", cwd=tmp_path / "q")
    assert ended.code == 2
    assert "There are: baseline, candidate. Name them" in ended.err


def test_a_metric_nobody_has_is_refused_with_the_nearest(project: Path) -> None:
    ended = evalkit("history", "--metric", "corect", cwd=project)
    assert ended.code == 2
    assert "a metric 'corect'. Did you mean 'correct'?" in ended.err
    assert evalkit("history", "--metric", "correct", cwd=project).code == 0


def test_stages_are_told_apart(project: Path) -> None:
    ended = evalkit("run", cwd=project)
    stages = [line.partition(":")[0] for line in ended.err.splitlines() if " in " in line]
    assert stages[-3:] == ["Figures", "Compare 2 experiments", "Page"]


def test_what_max_size_left_out_is_told(project: Path) -> None:
    ended = evalkit("report", "--max-size", "150kb", cwd=project)
    assert ended.code == 0
    assert " are whole in this page, by rule (seed " in ended.err
    assert "To hold its size, it has fewer than were chosen." in ended.err


def test_a_failed_evaluator_names_run_experiment_and_line(project: Path) -> None:
    file = project / "evaluators" / "bad.py"
    file.write_text(BAD)
    try:
        ended = evalkit("score", "baseline", cwd=project)
        assert ended.code == 4
        told = "bad failed on 20 runs of baseline: KeyError: 'nope' (evaluators/bad.py:6). Look: "
        assert told + "evalkit show baseline 01a2" in ended.err
        run_id = ended.err.partition("evalkit show baseline ")[2].split()[0]
        shown = evalkit("show", "baseline", run_id, cwd=project).out
        assert "evaluators/bad.py:6 KeyError: 'nope'" in shown
        tried = evalkit("try", "bad", "--on", "baseline", "--sample", "2", cwd=project)
        assert "evaluators/bad.py:6 KeyError: 'nope'" in tried.out
        assert tried.out.count("ERROR") == 2
    finally:
        file.unlink()


def test_a_file_without_an_evaluator_says_so(project: Path) -> None:
    folder = project / "evaluators"
    (folder / "shiny.py").write_text("def shiny(outputs):\n    return True\n")
    (folder / "helping.py").write_text("def help_out():\n    return 1\n")
    (folder / "user.py").write_text(
        "from evalkit import evaluator\nfrom .helping import help_out\n\n"
        "@evaluator\ndef used(outputs) -> bool:\n    return bool(help_out())\n"
    )
    try:
        ended = evalkit("check", "--json", cwd=project)
        (note,) = ended.document["notes"]
        assert note.startswith(
            "evaluators/shiny.py: holds no evaluator. Mark shiny with @evaluator"
        )
        ended = evalkit("try", "shiny", "--on", "baseline", cwd=project)
        assert ended.code == 2
        assert "Mark shiny with @evaluator" in ended.err
    finally:
        for name in ("shiny", "helping", "user"):
            (folder / f"{name}.py").unlink()


def test_a_marked_class_says_where_and_how(project: Path) -> None:
    file = project / "evaluators" / "near.py"
    file.write_text(
        "from evalkit import evaluator\n\n@evaluator\nclass Near:\n"
        "    def __call__(self, outputs) -> bool:\n        return True\n"
    )
    try:
        ended = evalkit("check", cwd=project)
        assert ended.code == 2
        assert "near.py:3: evaluator 'Near' is a class" in ended.err
        assert 'near = evaluator(name="near")(Near())' in ended.err
    finally:
        file.unlink()


def completions(project: Path, *words: str) -> list[str]:
    """Return what a shell would offer for the last word."""
    ended = evalkit(
        cwd=project,
        _EVALKIT_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["evalkit", *words]),
        COMP_CWORD=str(len(words)),
    )
    return [line.partition(",")[2] for line in ended.out.splitlines()]


def test_shells_complete_evaluators_metrics_and_runs(project: Path) -> None:
    assert {"correct", "tool_works", "latency_budget"} <= set(completions(project, "try", ""))
    assert completions(project, "agree", "baseline", "--metric", "cor") == ["correct"]
    ids = completions(project, "show", "baseline", "01a2")
    assert len(ids) == 20
    assert completions(project, "compare", "--baseline", "can") == ["candidate"]
    assert completions(project, "show", "nobody", "") == [""]
    assert json.dumps(completions(project, "score", "-e", "found")) == '["found"]'
