"""Two calls at once over one project, for all pairs of verbs: one waits, or says who writes.

The first call is held in the middle of what it does while the second one runs; then it goes on.
None may end with a traceback or an undocumented code, and what both leave is whole. Where both
store something, the next `run` ends with the figures of a project in which nothing was at once.
"""

import os
import re
import shutil
import signal
from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from pathlib import Path

import pytest
from crash_world import EXPERIMENT, left, project, write_evaluators, write_runs
from stopping import Stage, stage

from evalkit.cli.table.sections import VERBS
from evalkit.cli.table.verb import Verb

WRITERS = {
    "run": "run",
    "fetch": "fetch --refresh",
    "score": "score --fresh",
    "report": "report x",
    "gate": "gate --junit gates.xml --markdown gates.md",
    "follow": "follow x --polls 1",
    "gc": "store gc",
    "export": "store export x --to out",
    "push": "push x --otlp events.jsonl",
    "map": "map x.jsonl --write --name z",
    "new": "new evaluator other",
    "init": "init fresh",
    "agree": "agree x --metric right --human labels.jsonl",
    "label": "label x --metric right --port 0",
    "receive": "receive --to traces --port 0 --idle 0.2",
}
READERS = {
    "show": "show x",
    "compare": "compare x y",
    "check": "check",
    "list": "list",
    "doctor": "doctor x",
    "try": "try right --on x",
    "history": "history x",
    "plan": "plan x --detect 3pp",
    "metrics": "metrics x",
    "verify": "store verify",
    "stored": "store list",
    "judge": "judge",
    "view": "view x --port 0",
    "validate": "validate x",
    "page": "verify reports/x/summary.json",
}
ALONE = {"mcp", "cluster check", "schema", "completion"}
"""They need a client or a cluster on the other side, or read nothing of a project."""
STORING = ("run", "fetch", "score", "follow", "gc")
"""They write what the readers read."""
SERVING = {"label", "view"}
GOOD = {0, 1, 2, 3, 5, 130}
"""1: a gate; 2: what another made is there already; 3: another is writing."""
PAIRS = [
    *combinations_with_replacement(WRITERS, 2),
    *((first, second) for first in STORING for second in READERS),
]
SAYS = re.compile(r"^error\[\w+\]: |is writing to it\. Wait until it ends", re.MULTILINE)
LABELS = '{"experiment": "x", "run_id": "r%d", "metric": "right", "label": %s}\n'


EVERY = 1 if os.environ.get("EVALKIT_PAIRS") == "all" else 3
"""Of the pairs of each writer a third, each time the same; `EVALKIT_PAIRS=all` plays all."""


def test_how_many_pairs_there_are() -> None:
    assert len(PAIRS) == 15 * 16 // 2 + 5 * 15


def every_verb(verbs: Mapping[str, Verb], *words: str) -> Iterator[tuple[str, ...]]:
    for name, verb in verbs.items():
        if verb.inside:
            yield from every_verb(verb.inside, *words, name)
        else:
            yield (*words, name)


def test_every_verb_is_in_a_pair() -> None:
    calls = [tuple(args.split()) for args in (WRITERS | READERS).values()]
    lacking = [
        " ".join(verb)
        for verb in every_verb(VERBS)
        if not any(call[: len(verb)] == verb for call in calls)
    ]
    assert set(lacking) == ALONE


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def before(at: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run once; since then its runs and an evaluator have changed."""
    folder = project(tmp_path_factory.mktemp("two") / "before")
    lines = [LABELS % (n, str(n > 2).lower()) for n in range(12)]
    (folder / "labels.jsonl").write_text("".join(lines))
    assert at.run("run", cwd=folder).code == 0
    write_evaluators(folder, 1)
    write_runs(folder, "x", 2)
    return folder


@pytest.fixture(scope="module")
def expected(
    at: Stage, before: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    whole = shutil.copytree(before, tmp_path_factory.mktemp("whole") / "project")
    assert at.run("run", "x", "y", cwd=whole).code == 0
    return figures(whole)


def figures(folder: Path) -> dict[str, object]:
    """Return what is stored, and the figures that people read."""
    there = left(folder)
    return {name: there[name] for name in there if name.startswith(("store ", "reports/"))}


@pytest.fixture(scope="module")
def deeds(at: Stage, before: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return how many things each writer does."""
    found = {}
    for name, args in WRITERS.items():
        folder = shutil.copytree(before, tmp_path_factory.mktemp("deeds") / "project")
        call = at.start(*args.split(), cwd=folder, how="list")
        if name in SERVING:
            call.line()
        call.end(signal.SIGINT if name in SERVING else None)
        found[name] = len(call.out.with_suffix(".deeds").read_text().splitlines())
    return found


def together(at: Stage, folder: Path, first: str, moment: int, second: str) -> None:
    """Hold the first call, run the second, let the first go on."""
    held = at.start(*WRITERS[first].split(), cwd=folder, at=moment, how="hold")
    held.wait(30 if first not in SERVING else 3)
    args = (WRITERS | READERS)[second].split()
    other = at.start(*args, cwd=folder)
    if second in SERVING:
        other.line()
        other.end(signal.SIGINT)
    elif not other.wait(1.5):
        held.go_on()  # it waits for the first one
        other.end()
    held.go_on()
    if first in SERVING and held.line():
        held.end(signal.SIGINT)
    held.end()
    for call in (held, other):
        assert call.code in GOOD, call.said
        assert "Traceback" not in call.said
        assert call.code in (0, 1) or SAYS.search(call.said), call.said


def paired(at: Stage, folder: Path, first: str, moment: int, second: str) -> None:
    together(at, folder, first, moment, second)
    left(folder)  # verifies every store


@pytest.mark.slow
@pytest.mark.parametrize("first", WRITERS)
def test_all_pairs(
    at: Stage, before: Path, deeds: dict[str, int], expected: dict[str, object],
    tmp_path: Path, first: str,
) -> None:  # fmt: skip
    seconds = [second for one, second in PAIRS if one == first]
    for n, second in enumerate(seconds):
        if (n + [*WRITERS].index(first)) % EVERY:
            continue
        folder = shutil.copytree(before, tmp_path / second)
        moment = 1 + deeds[first] * (1 + n % 3) // 4
        paired(at, folder, first, moment, second)
        if "map" in (first, second):
            config = (folder / "evalkit.toml").read_text()
            assert config.count("[experiments.z]") == 1
            assert EXPERIMENT.format("y") in config
        if "new" in (first, second):
            assert "@evaluator" in (folder / "evaluators" / "other.py").read_text()
            (folder / "evaluators" / "other.py").unlink()
        if first in STORING and second in STORING:
            ended = at.run("run", "x", "y", cwd=folder)
            assert ended.code == 0, (second, ended.said)
            there = figures(folder)
            other = {name for name in expected if there.get(name) != expected[name]}
            assert not other, (second, {name: (expected[name], there.get(name)) for name in other})
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("first", "second"), [("fetch", "run"), ("score", "show"), ("run", "page")]
)
def test_a_pair(
    at: Stage, before: Path, deeds: dict[str, int], tmp_path: Path, first: str, second: str
) -> None:
    folder = shutil.copytree(before, tmp_path / "project")
    paired(at, folder, first, 1 + deeds[first] // 2, second)
