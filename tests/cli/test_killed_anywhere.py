"""A kill before, in and after every single thing a verb does: the same command makes it whole."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash_world import RUNS, left, project, write_evaluators, write_runs
from stopping import Stage, stage


def new(at: Stage, folder: Path) -> None:
    project(folder)


def fetched(at: Stage, folder: Path) -> None:
    project(folder)
    at.run("fetch", cwd=folder)


def scored(at: Stage, folder: Path) -> None:
    fetched(at, folder)
    at.run("score", cwd=folder)


def labelled(at: Stage, folder: Path) -> None:
    scored(at, folder)
    labels = [
        {"experiment": "x", "run_id": f"r{n}", "metric": "right", "label": n > 2}
        for n in range(RUNS)
    ]
    (folder / "labels.jsonl").write_text("".join(json.dumps(each) + "\n" for each in labels))


def changed(at: Stage, folder: Path) -> None:
    """Reported once; since then runs and an evaluator have changed."""
    project(folder)
    at.run("run", cwd=folder)
    write_evaluators(folder, 1)
    write_runs(folder, "x", 2)


def stale(at: Stage, folder: Path) -> None:
    """Scored by one evaluator after the other, with runs that changed in between."""
    scored(at, folder)
    for least in (1, 2, 3):
        write_evaluators(folder, least)
        write_runs(folder, "x", least)
        at.run("fetch", cwd=folder)
        at.run("score", cwd=folder)


@dataclass(frozen=True)
class Verb:
    """A command, what is there before it, and the least number of things it does."""

    args: str
    before: Callable[[Stage, Path], None]
    least: int


VERBS = {
    "fetch": Verb("fetch", new, 40),
    "fetch again": Verb("fetch", changed, 15),
    "score": Verb("score", fetched, 40),
    "score by workers": Verb("score x --workers 2", fetched, 20),
    "report": Verb("report", scored, 15),
    "run": Verb("run", new, 80),
    "run again": Verb("run", changed, 50),
    "gate": Verb("gate --junit gates.xml --markdown gates.md", scored, 2),
    "follow": Verb("follow x --polls 1", new, 40),
    "gc": Verb("store gc", stale, 15),
    "export": Verb("store export x --to out", scored, 5),
    "export csv": Verb("store export x --to out --format csv", scored, 5),
    "push": Verb("push x --otlp events.jsonl", scored, 1),
    "map": Verb("map x.jsonl --write --name z", new, 2),
    "new": Verb("new evaluator other", new, 1),
    "init": Verb("init fresh", new, 10),
    "agree": Verb("agree x --metric right --human labels.jsonl", labelled, 1),
}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


MOMENTS = 6
"""Of each command, spread over all it does; `EVALKIT_KILLS=1000` tries every one."""


def moments(count: int) -> list[int]:
    """Return which of so many deeds are tried: the first, the last, and some between."""
    wanted = int(os.environ.get("EVALKIT_KILLS", MOMENTS))
    if count <= wanted:
        return [*range(1, count + 1)]
    return sorted({1 + round(n * (count - 1) / (wanted - 1)) for n in range(wanted)})


def test_how_many_kills_there_are() -> None:
    assert sum(len(moments(verb.least)) for verb in VERBS.values()) >= 75


def killed_at(at: Stage, verb: Verb, folder: Path, wanted: list[int] | None = None) -> None:
    """Kill a command at moments, each in a copy of its own, and hold what the next call leaves."""
    args = verb.args.split()
    verb.before(at, folder / "before")
    whole = shutil.copytree(folder / "before", folder / "whole")
    deeds = at.deeds(*args, cwd=whole)
    assert len(deeds) >= verb.least, deeds
    expected = left(whole)
    for n in wanted or moments(len(deeds)):
        broken = shutil.copytree(folder / "before", folder / f"broken{n}")
        killed = at.start(*args, cwd=broken, at=n).end()
        assert killed.code == -signal.SIGKILL, (n, killed.said)
        ended = at.run(*args, cwd=broken)
        assert ended.code == 0, (n, deeds[n - 1], ended.said)
        there = left(broken)
        other = {name for name in {*there, *expected} if there.get(name) != expected.get(name)}
        assert not other, (n, deeds[n - 1], {o: (expected.get(o), there.get(o)) for o in other})
        shutil.rmtree(broken)


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_the_next_call_leaves_what_one_that_nobody_kills_leaves(
    at: Stage, tmp_path: Path, name: str
) -> None:
    killed_at(at, VERBS[name], tmp_path)


@pytest.mark.parametrize("name", ["fetch", "gc", "init"])
def test_a_kill_in_the_middle(at: Stage, tmp_path: Path, name: str) -> None:
    killed_at(at, VERBS[name], tmp_path, [VERBS[name].least // 2])
