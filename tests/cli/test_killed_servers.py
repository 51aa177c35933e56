"""A kill while something is served or sent: the same command goes on, and nothing is lost.

EVALKIT_KILLS=25 stops what is served at so many moments.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from crash_world import RUNS, project
from fetchers.langsmith_server.fixtures import environ_of, experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer
from stopping import Call, Stage, done, stage

from evalkit.project.config import load
from evalkit.store.results import read_results
from evalkit.store.store import Store

TRACES = 6
MOMENTS = int(os.environ.get("EVALKIT_KILLS", "10"))
LABEL = ("label", "x", "--metric", "right", "--rater", "ann", "--sample", str(RUNS))
RECEIVE = ("receive", "--to", "traces", "--port", "0")
LIVE = '\n[experiments.live]\nfetcher = "files"\npath = "traces"\n'
Drive = Callable[[Call, Path], bool]
"""Asks what is served for all there is to do; False: it did not live that long."""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


def spread(count: int, moments: int) -> list[int]:
    return sorted({1 + round(n * (count - 1) / (moments - 1)) for n in range(moments)})


def labelling(call: Call, folder: Path) -> bool:
    """Label all that is not labelled yet, each run by what it answered."""
    if not (url := call.line()):
        return False
    try:
        state = httpx.get(f"{url}state", params={"rater": "ann"}).json()
        for place in range(state["total"]):
            if str(place) not in state["labels"]:
                given = {"rater": "ann", "place": place, "label": "1"}
                httpx.post(f"{url}label", json=given).raise_for_status()
    except httpx.TransportError:
        return False
    return True


def labels(folder: Path) -> Any:
    (book,) = (folder / "datasets" / "labels").glob("*.jsonl")
    rows = [json.loads(line) for line in book.read_text().splitlines()]
    return sorted((row["run_id"], row["label"]) for row in rows)


def span(trace: int) -> dict[str, Any]:
    made = {"traceId": f"{trace + 1:032x}", "spanId": f"{trace + 1:016x}", "name": "answer"}
    times = {"startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000"}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [made | times]}]}]}


def sending(call: Call, folder: Path) -> bool:
    """Send all traces that nobody has answered for yet, as an exporter does."""
    if not (line := call.line()):
        return False
    url = line.partition("=")[2]
    answered = folder / "answered"
    for trace in range(TRACES):
        if (answered / str(trace)).exists():
            continue
        try:
            httpx.post(f"{url}/v1/traces", json=span(trace)).raise_for_status()
        except httpx.TransportError:
            return False
        answered.mkdir(exist_ok=True)
        (answered / str(trace)).touch()
    return True


def received(folder: Path) -> Any:
    from evalkit.pipeline.fetching import fetch

    made = load(folder)
    assert fetch(made, "live").manifest.complete
    read = read_results(Store(made.store).experiment("live"))
    return [(run.run_id, len(run.steps)) for run in read.runs()]


SERVED: dict[str, tuple[tuple[str, ...], Drive, Callable[[Path], Any], int]] = {
    "label": (LABEL, labelling, labels, 40),
    "receive": (RECEIVE, sending, received, 20),
}


def begun(at: Stage, folder: Path) -> Path:
    project(folder)
    for verb in ("fetch", "score"):
        assert at.run(verb, "x", cwd=folder).code == 0
    config = folder / "evalkit.toml"
    config.write_text(config.read_text() + LIVE)
    return folder


def served_until(at: Stage, name: str, folder: Path, moments: int) -> None:
    """Serve without a kill, then with one at each moment and once more."""
    args, drive, there, least = SERVED[name]
    whole = begun(at, folder / "whole")
    call = at.start(*args, cwd=whole, how="list")
    assert drive(call, whole)
    call.end(signal.SIGINT)
    deeds = done(call)
    assert len(deeds) >= least
    expected = there(whole)
    assert len(expected) == {"label": RUNS, "receive": TRACES}[name]
    kills = 0
    for n in spread(len(deeds), moments):
        broken = begun(at, folder / f"broken{n}")
        killed = at.start(*args, cwd=broken, at=n)
        drive(killed, broken)
        assert killed.end(signal.SIGINT).code in (-signal.SIGKILL, 0), killed.said
        kills += killed.code == -signal.SIGKILL
        again = at.start(*args, cwd=broken)
        assert drive(again, broken), (n, again.said)
        assert again.end(signal.SIGINT).code == 0, again.said
        assert there(broken) == expected, (n, deeds[n - 1])
    assert kills >= moments // 2
    print(f"{name}: {len(deeds)} deeds, {kills} kills")


@pytest.mark.slow
@pytest.mark.timeout(300 + 30 * MOMENTS)
@pytest.mark.parametrize("name", SERVED)
def test_who_serves_is_killed_at_any_moment(at: Stage, tmp_path: Path, name: str) -> None:
    served_until(at, name, tmp_path, MOMENTS)


def pushing(at: Stage, folder: Path, server: LangSmithServer) -> None:
    """Make a project whose runs came from the server, and score them."""
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evaluators" / "mine.py").write_text(
        "from evalkit import evaluator\n\n\n@evaluator\ndef steps(run):\n"
        "    return len(run.steps)\n"
        "\n\n@evaluator\ndef long(run):\n    return run.latency\n"
    )
    name = experiment_of(server.world)
    (folder / "evalkit.toml").write_text(
        f'[score]\nworkers = 0\n[experiments.x]\nfetcher = "langsmith"\nexperiment = "{name}"\n'
    )
    at.environ = environ_of(server)
    for verb in ("fetch", "score"):
        call = at.run(verb, cwd=folder)
        assert call.code == 0, call.said


def feedback(server: LangSmithServer) -> Any:
    facts = ("run_id", "key", "score", "value", "comment")
    return {i: tuple(f.get(n) for n in facts) for i, f in server.world.feedback.items()}


@pytest.mark.parametrize(
    ("moments", "runs"), [(2, 30), pytest.param(25, 200, marks=pytest.mark.slow)]
)
def test_who_pushes_is_killed_at_any_moment(
    at: Stage, tmp_path: Path, moments: int, runs: int
) -> None:
    with LangSmithServer(generated_world(runs)) as server:
        pushing(at, tmp_path / "p", server)
        deeds = at.deeds("push", "x", cwd=tmp_path / "p")
        expected = feedback(server)
        assert len(expected) == 2 * runs
        lasting = kills = 0
        for n in spread(len(deeds), moments):
            server.world.feedback.clear()
            server.world.changed()
            killed = at.start("push", "x", cwd=tmp_path / "p", at=n).end()
            kills += killed.code == -signal.SIGKILL  # pieces of a connection differ: it may end
            assert killed.code in (-signal.SIGKILL, 0), killed.said
            assert feedback(server).items() <= expected.items()
            lasting += bool(feedback(server))
            again = at.run("push", "x", cwd=tmp_path / "p")
            assert again.code == 0, again.said
            assert feedback(server) == expected, (n, deeds[n - 1])
        assert lasting
        assert kills >= moments // 2
        print(f"LangSmith: {len(deeds)} deeds, {kills} kills, {lasting} left something")
        assert at.run("push", "x", "--verify", "--json", cwd=tmp_path / "p").code == 0
        assert not server.faults.unknown
    at.environ = {}
