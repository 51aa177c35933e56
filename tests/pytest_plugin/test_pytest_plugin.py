"""The pytest plugin: gates as tests, fixtures over stored runs, -k and xdist."""

import json
import shutil

import pytest
from command_line import evalkit

from evalkit.pipeline.running import run
from evalkit.project.config import load

pytest_plugins = ["pytester"]
ALONE = "-p no:randomly -p no:asyncio"
"""Without the plugins that `test_beside_other_plugins.py` tries."""

CONFIG = """
gates = ["correct >= 0.5", "correct >= 0.9", "correct not worse than baseline"]

[experiments.nightly]
fetcher = "evalkit"
path = "runs.jsonl"
"""
EVALUATORS = '''
from evalkit import evaluator

@evaluator
def correct(outputs, reference_outputs) -> bool:
    """The answer is the expected one."""
    return outputs["answer"] == reference_outputs["answer"]
'''
TESTS = """
def test_answer(evalkit_run, evalkit_example, evalkit_scores):
    assert evalkit_run.outputs["answer"] in ("yes", "no")
    assert evalkit_example.reference_outputs == {"answer": "yes"}
    assert evalkit_scores["correct"].score is (evalkit_run.outputs["answer"] == "yes")

def test_figures(evalkit_summary):
    assert evalkit_summary.scores["correct"].n == 8

def test_only_right_ones(evalkit_scores):
    assert evalkit_scores["correct"].score
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a project with one experiment, four examples twice, three quarters of them right."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "evalkit.toml").write_text(CONFIG)
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS)
    lines = [
        {"kind": "example", "example_id": f"e{i}", "reference_outputs": {"answer": "yes"}}
        for i in range(4)
    ]
    lines += [
        {
            "run_id": f"r{i}-{n}",
            "example_id": f"e{i}",
            "repetition": n,
            "status": "success",
            "outputs": {"answer": "no" if i == 3 else "yes"},
        }
        for i in range(4)
        for n in range(2)
    ]
    (folder / "runs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    run(load(folder))
    return folder


@pytest.fixture
def project(made, pytester):
    """Copy the project to where pytester works."""
    shutil.copytree(made, pytester.path, dirs_exist_ok=True)
    (pytester.path / "pytest.ini").write_text(f"[pytest]\naddopts = {ALONE}\n")
    return pytester


def outcomes(result):
    return {k: v for k, v in result.parseoutcomes().items() if k != "warnings"}


@pytest.mark.parametrize("path", [".", "reports/nightly", "reports/nightly/summary.json"])
def test_gates_are_tests(project, path):
    result = project.runpytest_inprocess("--evalkit", path, "-rs")
    assert outcomes(result) == {"passed": 1, "failed": 1, "skipped": 1}
    result.stdout.fnmatch_lines(["*correct is 75.00%*asked >= 90.00%*"])
    assert result.ret == 1


def test_k_chooses_among_gates(project):
    result = project.runpytest_inprocess("--evalkit", "reports/nightly", "-k", "0.5")
    assert outcomes(result) == {"passed": 1, "deselected": 2}
    assert result.ret == 0


def test_fixtures_go_over_runs_named_by_example(project):
    project.makepyfile(TESTS)
    result = project.runpytest_inprocess("--evalkit", ".", "-v", "-k", "not gate")
    assert outcomes(result) == {"passed": 8 + 1 + 6, "failed": 2, "deselected": 3}
    result.stdout.fnmatch_lines(["*test_only_right_ones?e3-1? FAILED*"])


def test_k_chooses_an_example(project):
    project.makepyfile(TESTS)
    result = project.runpytest_inprocess("--evalkit", ".", "-k", "test_answer and e2")
    assert outcomes(result) == {"passed": 2, "deselected": 18}


def test_xdist_workers_agree(project):
    project.makepyfile(TESTS)
    result = project.runpytest_subprocess("--evalkit", "reports/nightly", "-n", "2")
    assert outcomes(result) == {"passed": 8 + 1 + 6 + 1, "failed": 2 + 1, "skipped": 1}


def test_without_a_path_such_tests_are_skipped_and_others_run(project):
    project.makepyfile(TESTS + "\ndef test_plain():\n    pass\n")
    result = project.runpytest_inprocess("-rs")
    assert outcomes(result) == {"passed": 1, "skipped": 3}
    result.stdout.fnmatch_lines(["*pass --evalkit PATH*"])


@pytest.mark.parametrize("path", ["nowhere", "evalkit.toml/x"])
def test_a_path_that_is_none_stops_the_session(project, path):
    result = project.runpytest_inprocess("--evalkit", path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is not there. Name a project*"])


TWO = """
baseline = "main"
gates = ["ok not worse than baseline by 0.05"]
"""


def test_a_rule_against_the_baseline_is_missed_as_gate_misses_it(pytester):
    (pytester.path / "pytest.ini").write_text(f"[pytest]\naddopts = {ALONE}\n")
    text = TWO
    for name in ("main", "branch"):
        lines = [
            {
                "run_id": f"{name}-{i}",
                "example_id": f"e{i}",
                "inputs": {"q": i},
                "outputs": {"answer": "yes" if name == "main" or i % 2 else "no"},
                "status": "success",
            }
            for i in range(40)
        ]
        (pytester.path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
        text += f'[experiments.{name}]\nfetcher = "evalkit"\npath = "{name}.jsonl"\n'
    (pytester.path / "evalkit.toml").write_text(text)
    (pytester.path / "evaluators").mkdir()
    (pytester.path / "evaluators" / "e.py").write_text(
        "from evalkit import evaluator\n\n\n@evaluator\ndef ok(outputs) -> bool:\n"
        '    return outputs["answer"] == "yes"\n'
    )
    run(load(pytester.path))
    for more in ([], ["--evalkit-experiment", "branch"]):
        result = pytester.runpytest_inprocess("--evalkit", ".", "-v", *more)
        assert outcomes(result)["failed"] == 1
        assert result.ret == 1
        result.stdout.fnmatch_lines(["*gate branch: ok not worse than baseline*FAILED*"])
    again = pytester.runpytest_inprocess("--evalkit", ".", "--lf")
    assert outcomes(again)["failed"] == 1


# A project without rules: pytest says what `evalkit gate` says, that nothing was checked.

WITHOUT = CONFIG.partition("[experiments")[1:]
SAID = "has no gates for nightly, so nothing was checked. Add for example `gates = "


@pytest.fixture(params=["evalkit.toml", "pyproject.toml"])
def ungated(project, request):
    """Take the gates out of the configuration."""
    config = "".join(WITHOUT)
    if request.param == "pyproject.toml":
        (project.path / "evalkit.toml").unlink()
        config = config.replace("[experiments", "[tool.evalkit.experiments")
    (project.path / request.param).write_text(config)
    return project, request.param


def test_nothing_to_check_is_a_mistake_in_both(ungated):
    project, file = ungated
    where = " under [tool.evalkit]" if file == "pyproject.toml" else ""
    told = evalkit("gate", cwd=project.path)
    assert told.code == 2
    assert f"{file}: {SAID}" in told.err
    assert f"{where}, or give --gate RULE." in told.err
    ended = project.runpytest("--evalkit", ".", "-q")
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--evalkit: {file}: {SAID}" in ended.stderr.str()
    assert f"`{where}.\n" in ended.stderr.str()
    project.makepyfile(test_other="def test_other(): pass")
    assert project.runpytest("--evalkit", ".", "-q").ret == pytest.ExitCode.USAGE_ERROR


def test_tests_over_runs_go_on_and_the_header_says_it(ungated):
    project, file = ungated
    project.makepyfile(test_runs="def test_run(evalkit_run): pass")
    ended = project.runpytest("--evalkit", ".")
    ended.assert_outcomes(passed=8)
    ended.stdout.fnmatch_lines([f"--evalkit: *{file}: has no gates for nightly*"])


def test_a_gate_of_the_call_is_enough(ungated):
    project, _ = ungated
    assert evalkit("gate", "--gate", "correct >= 0.5", cwd=project.path).code == 0
