"""The plugin beside others people use: random order, reruns, asyncio, xdist, and two projects."""

import json
import shutil

import pytest

from evalkit.pipeline.running import run
from evalkit.project.config import load

pytest_plugins = ["pytester"]
for name in ("pytest_randomly", "pytest_rerunfailures", "pytest_asyncio", "xdist"):
    pytest.importorskip(name)

CONFIG = 'gates = ["ok >= 0.5", "ok >= 0.9"]\n[experiments.one]\nfetcher = "evalkit"\n'
EVALUATOR = """
from evalkit import evaluator

@evaluator
def ok(outputs) -> bool:
    return outputs["answer"] == "yes"
"""
TESTS = """
import asyncio
import pytest

def test_one_more(evalkit_run):
    assert evalkit_run.outputs["answer"] in ("yes", "no")

@pytest.mark.asyncio
async def test_async(evalkit_scores):
    await asyncio.sleep(0)
    assert evalkit_scores["ok"].score in (True, False)

def test_right(evalkit_scores):
    assert evalkit_scores["ok"].score
"""


def make(folder, right):
    """Write and score a project of four runs, so many of them right."""
    folder.mkdir(exist_ok=True)
    lines = [
        {
            "run_id": f"r{n}",
            "example_id": f"e{n}",
            "status": "success",
            "outputs": {"answer": "yes" if n < right else "no"},
        }
        for n in range(4)
    ]
    (folder / "runs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "evalkit.toml").write_text(CONFIG + 'path = "runs.jsonl"\n')
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "e.py").write_text(EVALUATOR)
    run(load(folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make two projects; before pytester, which forgets what was imported after it began."""
    folder = tmp_path_factory.mktemp("projects")
    make(folder / "here", 3)
    make(folder / "there", 4)
    return folder


@pytest.fixture
def project(made, pytester):
    shutil.copytree(made, pytester.path, dirs_exist_ok=True)
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def outcomes(result):
    return {k: v for k, v in result.parseoutcomes().items() if k not in ("warnings", "warning")}


EXPECTED = {"passed": 4 + 4 + 3 + 1, "failed": 1 + 1}


@pytest.mark.parametrize(
    "more",
    [
        ("-p", "no:randomly"),
        ("-p", "randomly"),
        ("-n", "2"),
        ("--reruns", "1"),
    ],
    ids=["plain", "randomly", "xdist", "reruns"],
)
def test_the_same_verdict_beside_other_plugins(project, more):
    result = project.runpytest_subprocess("--evalkit", "here", *more)
    found = outcomes(result)
    reruns = found.pop("rerun", 0)
    assert found == EXPECTED
    assert reruns == (2 if "--reruns" in more else 0)
    assert result.ret == 1


def test_two_projects_in_one_session(project):
    result = project.runpytest_subprocess("--evalkit", "here", "--evalkit", "there", "-v")
    found = outcomes(result)
    assert found == {"passed": 12 + 12 + 2, "failed": 2}
    result.stdout.fnmatch_lines_random(
        ["*gate here one: ok >= 0*FAILED*", "*gate there one: ok >= 0*PASSED*"]
    )
