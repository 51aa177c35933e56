"""An import stands inside a function only where a command that loads the module does without it."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINE = '{"run_id": "%s", "example_id": "%s", "outputs": {"answer": "a"}, "duration_s": 1.5}\n'
EXPERIMENT = '[experiments.%s]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
FAMILY = '[experiments.reranked]\nfetcher = "langsmith"\nexperiment = "rerank-*"\n'
OWN = "from evalkit import evaluator\n\n@evaluator\ndef right(outputs) -> bool:\n    return True\n"
PROBE = """\
import atexit, sys

atexit.register(lambda: open(sys.argv.pop(1), "w").write(" ".join(sys.modules)))
file = sys.argv[1]
from evalkit.cli.main import main
code = main(sys.argv[2:])
"""
COMMANDS = (
    "--help", "fetch", "score", "show one", "show one 3", "run one", "compare one two", "list",
    "report one", "gate one --gate error_rate<=1", "check", "store list", "store gc",
    "validate one",
    "history one --json", "verify reports/one/report.html",
    "verify reports/one/summary.json", "schema record", "store list -C family",
    "receive --port 0 --idle 0.1",
)  # fmt: skip
LIBRARY = (
    "import evalkit.pytest_plugin",  # in every session of pytest where evalkit is installed
    "from evalkit import evaluator, Run, case",
    "from evalkit.evaluators.text import exact_match",
    "from evalkit.evaluators.trajectory.score import trajectory_match",
    "from evalkit.evaluators.similarity import rouge_l",
)
ELSEWHERE = {
    "fcntl", "resource", "sqlglot", "ormsgpack", "sacrebleu", "psycopg", "pymysql", "yaml",
    "zstandard", "cryptography", "anyio", "mcp", "distributed",
}  # fmt: skip
"""Modules that some systems do not have, those of extras, and what only packed files need."""


TRAVELS = ROOT / "evalkit" / "executors" / "travelling.py"
"""Its functions are sent by value to where there may be none of these modules."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> list[set[str]]:
    """Return the modules that each command, and each use as a library, has loaded at its end."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "own.py").write_text(OWN)
    (folder / "runs.jsonl").write_text("".join(LINE % (n, n) for n in range(10)))
    (folder / "evalkit.toml").write_text(EXPERIMENT % "one" + EXPERIMENT % "two")
    (folder / "family").mkdir()
    (folder / "family" / "evalkit.toml").write_text(FAMILY)
    calls = [PROBE.replace("main(sys.argv[2:])", f"main({words.split()!r})") for words in COMMANDS]
    calls += [f"import sys\n{line}\nopen(sys.argv[1], 'w').write(' '.join(sys.modules))"
              for line in LIBRARY]  # fmt: skip
    return [modules_of(code, folder) for code in calls]


def modules_of(code: str, folder: Path) -> set[str]:
    told = folder / "modules.txt"
    told.unlink(missing_ok=True)
    ended = subprocess.run(
        [sys.executable, "-c", code, str(told)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert told.is_file(), ended.stderr
    return set(told.read_text().split())


def inside(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line and possible names of every import inside a function."""
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from ((node.lineno, [alias.name]) for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                    yield node.lineno, [*names, str(node.module)]


def useless(path: Path, module: str, loaded: list[set[str]]) -> Iterator[str]:
    having = [names for names in loaded if module in names]
    known: set[str] = set().union(*loaded)
    for line, names in inside(path):
        target = next((name for name in names if name in known), names[-1])
        if target.partition(".")[0] not in ELSEWHERE and all(target in each for each in having):
            yield f"{path.relative_to(ROOT)}:{line}: {target}"


def test_imports_inside_functions_save_some_command_their_loading(loaded: list[set[str]]) -> None:
    found = []
    for path in sorted((ROOT / "evalkit").rglob("*.py")):
        if "starter" not in path.parts and path != TRAVELS:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found += useless(path, name.removesuffix(".__init__"), loaded)
    assert "\n".join(found) == ""


def test_the_test_sees_an_import_that_saves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "evalkit" / "errors.py"
    ((line, _),) = inside(path)
    without, within = {"evalkit.errors"}, {"evalkit.errors", "difflib"}
    assert list(useless(path, "evalkit.errors", [without, within])) == []
    assert list(useless(path, "evalkit.errors", [within])) == [f"evalkit/errors.py:{line}: difflib"]
