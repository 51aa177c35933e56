"""A kill while scores are written to a real server: the same command goes on, nothing is doubled.

EVALKIT_KILLS=25 stops at so many moments, spread over all that a push does.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_line import evalkit
from fetchers.trace_stores.servers import Store, needs_stores
from fetchers.trace_stores.test_store_blocks import project
from stopping import Stage, stage

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.writing import push as writing
from evalkit.pipeline.servers.pushing import open_writer
from evalkit.pipeline.stored import results
from evalkit.project.config import load

pytestmark = needs_stores
MOMENTS = int(os.environ.get("EVALKIT_KILLS", "2"))
KINDS = {"production": "phoenix", "answers": "mlflow"}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


def ours(store: Store) -> list[Any]:
    """Return what a server holds of evalkit's, each with where it stands; twice is twice."""
    found: list[Any] = []
    if store.kind == "mlflow":
        where = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}]
        answer = httpx.post(
            f"{store.url}/api/3.0/mlflow/traces/search", json={"locations": where}, timeout=60
        )
        for trace in answer.json().get("traces", []):
            for each in trace.get("assessments", []):
                if any(key.startswith("evalkit") for key in each.get("metadata") or {}):
                    said = each.get("feedback", {}).get("value")
                    place = (trace["trace_id"], each.get("span_id"), each["assessment_name"])
                    found.append((*map(str, place), repr(said)))
        return sorted(found)
    for kind in ("trace", "span"):
        path = f"{store.url}/v1/projects/applications/{kind}_annotations"
        rows = httpx.get(path, params={"identifier": "evalkit", "limit": 1000}, timeout=60).json()[
            "data"
        ]
        for each in rows:
            said = each["result"]
            place = (each[f"{kind}_id"], each["name"])
            found.append((*place, repr((said["label"], said["score"]))))
    return sorted(found)


@pytest.mark.timeout(300 + 60 * MOMENTS)
@pytest.mark.parametrize("name", KINDS)
def test_who_pushes_is_killed_at_any_moment(
    at: Stage, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store: Store = request.getfixturevalue(KINDS[name])
    folder = project(tmp_path, name, store)
    for words in (("fetch", name), ("score", name, "--max-errors", "99")):
        call = at.run(*words, cwd=folder)
        assert call.code == 0, call.said
    deeds = at.deeds("push", name, cwd=folder)
    expected = ours(store)
    assert len(expected) >= 20
    kills = lasting = 0
    for n in sorted({1 + round(k * (len(deeds) - 1) / (MOMENTS - 1)) for k in range(MOMENTS)}):
        assert at.run("push", name, "--withdraw", cwd=folder).code == 0
        assert ours(store) == []
        killed = at.start("push", name, cwd=folder, at=n).end()
        assert killed.code in (-signal.SIGKILL, 0), killed.said
        kills += killed.code == -signal.SIGKILL
        there = ours(store)
        assert set(there) <= set(expected)
        lasting += bool(there)
        again = at.run("push", name, "--verify", cwd=folder)
        assert again.code == 0, again.said
        assert ours(store) == expected, (n, deeds[n - 1])
    assert at.run("push", name, "--withdraw", cwd=folder).code == 0
    assert kills >= MOMENTS // 2
    assert lasting
    print(f"{KINDS[name]}: {len(deeds)} deeds, {kills} kills, {lasting} left something")


def test_a_request_that_arrives_late_is_no_second_score(mlflow: Store, tmp_path: Path) -> None:
    """A busy server takes what a killed push sent, after the next push has looked."""
    folder = project(tmp_path, "answers", mlflow)
    for words in (("fetch", "answers"), ("score", "answers", "--max-errors", "99")):
        assert evalkit(*words, cwd=folder).code == 0
    made = load(folder)
    cells = results(made, "answers").table("cells").to_pylist()
    writer = open_writer(made, "answers", FetchContext("answers", made.root), tuple)
    planned = writing.plan(writer, cells)
    same, older = [item.body for item in planned.create if item.key == "right"][:2]
    older = {**older, "feedback": {"value": 0.5}}
    for late in (same, older):
        path = f"{mlflow.url}/api/3.0/mlflow/traces/{late['trace_id']}/assessments"
        httpx.post(path, json={"assessment": late}, timeout=60).raise_for_status()
    report = writing.apply(planned)
    assert (report.created, report.withdrawn) == (len(planned.create), 2)
    assert len(ours(mlflow)) == len(planned.create)
    ended = evalkit("push", "answers", "--verify", cwd=folder)
    assert (ended.code, "0 scores created; 0 scores updated" in ended.out) == (0, True), ended
    assert evalkit("push", "answers", "--withdraw", cwd=folder).code == 0
