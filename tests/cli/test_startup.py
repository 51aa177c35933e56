"""What a command loads: on ten runs the start is nearly all it takes, so it may not grow unseen."""

import subprocess
import sys
from pathlib import Path

import pytest

LINE = '{"run_id": "%s", "example_id": "%s", "outputs": {"answer": "a"}, "duration_s": 1.5}\n'
OWN = """\
from evalkit import evaluator

@evaluator
def right(outputs) -> bool:
    return outputs["answer"] == "a"
"""
PROBE = """\
import atexit, gc, sys
from evalkit.cli.main import entry

def tell():
    print("\\n", gc.isenabled(), gc.get_freeze_count() > 10_000, *sys.modules)

atexit.register(tell)
entry()
"""
NEVER = {
    "pandas",
    "scipy",
    "numpy.ma",
    "httpx",
    "asyncio",
    "multiprocessing",
    "lark",
    "pydoc",  # Arrow's scraper of help texts
    "pyarrow.acero",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.substrait",
    "evalkit.metrics.comparing.compare",
    "evalkit.fetchers.langgraph",
}
PAGE = {"jinja2", "evalkit.report.page.html", "evalkit.report.page.embed"}
CHECKS = {"pydantic", "pydantic_core", "importlib.metadata", "evalkit.project.explained"}
WORK = {"webbrowser", "evalkit.fetchers", "evalkit.scoring", "evalkit.metrics.documents.comparison"}
BODIES = {"evalkit.pipeline", "evalkit.project", "evalkit.store", "evalkit.model", "numpy"}
"""What verbs do their work with; help lists what they take without it."""
UNUSED = {"numpy", "pyarrow.compute", "pyarrow._s3fs", "cloudpickle", "dateutil"}
STEPS = {"evalkit.metrics.summaries.steps", "evalkit.metrics.slicing.slicing"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ten")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "own.py").write_text(OWN)
    (folder / "runs.jsonl").write_text("".join(LINE % (n, n) for n in range(10)))
    (folder / "evalkit.toml").write_text(
        '[score]\ntimeout = 5\n[experiments.one]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    )
    return folder


def loaded(project: Path, *arguments: str) -> tuple[list[str], set[str]]:
    """Return how garbage is collected at the end of a command, and what it had loaded."""
    command = [sys.executable, "-c", PROBE, *arguments]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    *collecting, modules = ended.stdout.splitlines()[-1].split(maxsplit=2)
    return collecting, set(modules.split())


def test_each_command_loads_what_it_needs_and_no_more(project: Path) -> None:
    unwanted = {
        "fetch": NEVER | PAGE | CHECKS | STEPS | UNUSED | {"rich", "evalkit.scoring.engine"},
        "score": NEVER | PAGE | CHECKS | STEPS | {"rich", "jmespath", "evalkit.fetchers.base"},
        "show": NEVER | PAGE | CHECKS | WORK,
    }
    for verb, names in unwanted.items():
        collecting, modules = loaded(project, verb, "one")
        assert (verb, sorted(names & modules)) == (verb, [])
        assert collecting == ["True", "True"]  # from when work began, without what was loaded


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["store", "gc", "--help"]])
def test_help_loads_nothing_of_what_a_verb_does(project: Path, words: list[str]) -> None:
    _, modules = loaded(project, *words)
    assert sorted((NEVER | PAGE | CHECKS | WORK | BODIES | {"rich"}) & modules) == []
    assert not [name for name in modules if name.startswith("evalkit.cli.verbs.")]


def test_a_source_that_has_not_changed_is_looked_at_without_reader_and_store(project: Path) -> None:
    loaded(project, "fetch", "one")
    _, modules = loaded(project, "fetch", "one")
    assert sorted((NEVER | PAGE | CHECKS | WORK - {"evalkit.fetchers"}) & modules) == []
    assert not {"numpy", "pyarrow", "evalkit.fetchers.files.formats.own"} & modules


def test_the_probe_sees_what_is_loaded(project: Path) -> None:
    _, modules = loaded(project, "fetch", "one", "--refresh")
    assert modules >= {"pyarrow.parquet", "orjson", "evalkit.fetchers.files.formats.own"}
