"""The ten behaviours of the test server that have broken real clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fetchers.langsmith_server.dsl import FilterError, parse
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

KEY = {"x-api-key": "k"}


@pytest.fixture
def asked(serve: Any) -> Any:
    """Ask a server of five runs: `asked(backend, method, path, ...) -> Response`."""
    open_: list[httpx.Client] = []
    servers: dict[str, LangSmithServer] = {}

    def ask(backend: str, method: str, path: str, **more: Any) -> httpx.Response:
        if backend not in servers:
            servers[backend] = serve(generated_world(5, examples=3), backend)
            open_.append(httpx.Client(headers=KEY))
        return open_[0].request(method, servers[backend].url + path, **more)

    ask.servers = servers  # type: ignore[attr-defined]
    yield ask
    for client in open_:
        client.close()


def session_of(asked: Any, backend: str) -> str:
    return str(asked(backend, "GET", "/sessions").json()[0]["id"])


def test_keys(asked: Any) -> None:
    asked("v1", "GET", "/info")
    server = asked.servers["v1"]
    assert httpx.get(server.url + "/info").status_code == 200
    assert httpx.get(server.url + "/sessions").status_code == 401
    server.faults.org_scoped = True
    refused = asked("v1", "GET", "/sessions")
    assert (refused.status_code, refused.json()) == (
        403,
        {"error": "org_scoped_key_requires_workspace"},
    )
    assert asked("v1", "GET", "/sessions", headers={"X-Tenant-Id": "t"}).status_code == 200


def test_page_sizes(asked: Any) -> None:
    v1 = asked(
        "dual", "POST", "/runs/query", json={"session": [session_of(asked, "dual")], "limit": 101}
    )
    assert v1.status_code == 400
    assert "100" in v1.json()["detail"]
    v2 = asked("dual", "POST", "/api/v2/runs/query", json={"project_ids": ["x"], "page_size": 1001})
    assert v2.status_code == 422
    assert v2.headers["content-type"] == "application/problem+json"


def test_v2_gives_only_what_is_asked_for(asked: Any) -> None:
    session = session_of(asked, "v2")
    path, since = "/api/v2/runs/query", {"min_start_time": "2000-01-01T00:00:00Z"}
    assert asked("v2", "POST", path, json={"project_ids": [session]}).json()["items"] == []
    (first, *_) = asked("v2", "POST", path, json={"project_ids": [session], **since}).json()[
        "items"
    ]
    assert set(first) == {"id"}
    both = {"project_ids": [session], "reference_dataset_id": "d"}
    assert asked("v2", "POST", path, json=both).status_code == 400
    assert asked("v2", "POST", path, json=since).status_code == 400
    assert asked("v2", "POST", "/v2/runs/query", json={"project_ids": [session]}).status_code == 200


def test_how_v1_and_v2_write_a_run(asked: Any) -> None:
    session = session_of(asked, "dual")
    v1 = asked("dual", "POST", "/api/v1/runs/query", json={"session": [session]}).json()["runs"]
    selects = ["ID", "STATUS", "START_TIME", "TOTAL_COST", "ERROR", "PARENT_RUN_IDS", "RUN_TYPE"]
    body = {"project_ids": [session], "selects": selects, "min_start_time": "2000-01-01T00:00:00Z"}
    v2 = asked("dual", "POST", "/api/v2/runs/query", json=body).json()["items"]
    one, two = (next(r for r in rows if r["id"] == v1[0]["id"]) for rows in (v1, v2))
    assert datetime.fromisoformat(one["start_time"]).tzinfo is None
    assert two["start_time"].endswith("Z")
    assert one["run_type"] == two["run_type"].lower() != two["run_type"]
    costs = [r["total_cost"] for r in v1 if r["total_cost"]]
    assert all(isinstance(cost, str) for cost in costs)
    assert all(isinstance(r["total_cost"], float) for r in v2 if "total_cost" in r)
    assert "error" in one
    assert "error" not in two


def test_newest_first_in_cursor_pages_but_traces_whole(asked: Any) -> None:
    session = session_of(asked, "v1")
    body: dict[str, Any] = {"session": [session], "limit": 20}
    times, cursor = [], None
    while True:
        answer = asked("v1", "POST", "/runs/query", json={**body, "cursor": cursor}).json()
        times += [run["start_time"] for run in answer["runs"]]
        cursor = answer["cursors"]["next"]
        if not cursor:
            break
    assert times == sorted(times, reverse=True)
    trace = asked("v1", "POST", "/runs/query", json={"session": [session], "is_root": True}).json()
    whole = asked("v1", "POST", "/runs/query", json={"trace": trace["runs"][0]["id"], "limit": 1})
    assert len(whole.json()["runs"]) > 1
    assert whole.json()["cursors"]["next"] is None


def test_planned_failures(asked: Any) -> None:
    asked("v1", "GET", "/info")
    faults = asked.servers["v1"].faults
    faults.fail = [
        {"path": "/sessions", "status": 429, "headers": {"Retry-After": "3"}},
        {"path": "/sessions", "status": 500},
    ]
    answers = [asked("v1", "GET", "/sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 500, 200]
    assert answers[0].headers["retry-after"] == "3"


def test_names_and_ids_that_are_not_there(asked: Any) -> None:
    assert asked("v1", "GET", "/sessions?name=nobody").json() == []
    assert asked("v1", "GET", "/sessions/nobody").status_code == 404


def test_deprecation_and_removal(asked: Any) -> None:
    body = {"session": [session_of(asked, "v1")]}
    assert asked("v1", "POST", "/runs/query", json=body).headers["deprecation"] == "true"
    assert asked("v2", "POST", "/runs/query", json=body).status_code == 501


def test_lists_are_repeated_keys_and_booleans_python_text(asked: Any) -> None:
    world = asked("v1", "GET", "/info") and asked.servers["v1"].world
    ids = list(world.history)[:2]
    found = asked("v1", "GET", "/examples", params={"id": ids}).json()
    assert [row["id"] for row in found] == ids
    with_stats = asked("v1", "GET", "/sessions?include_stats=True").json()[0]
    without = asked("v1", "GET", "/sessions?include_stats=False").json()[0]
    assert with_stats["run_count"] == 5
    assert "run_count" not in without


def test_examples_have_versions(asked: Any) -> None:
    world = asked("v1", "GET", "/info") and asked.servers["v1"].world
    example_id = next(iter(world.history))
    at, before = world.history[example_id][0]
    world.put_example({**before, "outputs": {"answer": "new"}}, at + timedelta(days=30))
    old = asked(
        "v1", "GET", f"/examples?id={example_id}&as_of={(at + timedelta(days=1)).isoformat()}"
    )
    new = asked("v1", "GET", f"/examples?id={example_id}&as_of=latest")
    assert old.json()[0]["outputs"] == before["outputs"]
    assert new.json()[0]["outputs"] == {"answer": "new"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('eq(name, "Target")', True),
        ("and(eq(is_root, true), eq(status, 'success'))", True),
        ("or(eq(name, 'x'), has(tags, 'prod'))", True),
        ("gt(latency, 1.5)", True),
        ('gt(latency, "2s")', False),
        ("and(eq(metadata_key, 'k'), eq(metadata_value, 'v'))", True),
        ("and(eq(metadata_key, 'k'), eq(metadata_value, 'w'))", False),
        ("in(run_type, ['llm', 'chain'])", True),
        ("neq(error, null)", False),
        ("search('hello')", True),
        ('gte(start_time, "2026-01-01T00:00:00Z")', True),
    ],
)
def test_filters(text: str, fits: bool) -> None:
    from fetchers.langsmith_server.shape import to_time

    run = {
        "name": "Target", "status": "success", "run_type": "chain", "tags": ["prod"], "error": None,
        "parent_run_id": None, "extra": {"metadata": {"k": "v"}}, "inputs": {"q": "Hello"},
        "start_time": to_time("2026-02-01T00:00:00"), "end_time": to_time("2026-02-01T00:00:02"),
    }  # fmt: skip
    assert parse(text)(run) is fits


@pytest.mark.parametrize(
    "text", ["eq(name", "eq(name, 'x') y", "maybe(name, 1)", "name", "eq(1,2)", "§"]
)
def test_filters_that_are_none(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)
