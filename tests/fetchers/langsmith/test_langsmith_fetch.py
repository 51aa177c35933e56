"""A fetch ends whole, or says what is missing: every way a server can fall short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import BACKENDS, Clock, environ_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.world import World

from evalkit.errors import (
    AuthenticationFailed,
    ConfigError,
    ExperimentNotFound,
    IncompleteExperiment,
    SourceUnavailable,
)
from evalkit.fetchers.base import revision
from evalkit.model.run import Run


def drained(fetcher: Any) -> tuple[list[Run], IncompleteExperiment | None]:
    """Everything that came, and the error the fetch ended with."""
    runs: list[Run] = []
    try:
        runs.extend(fetcher.runs())
    except IncompleteExperiment as error:
        return runs, error
    return runs, None


def session_of(world: World) -> dict[str, Any]:
    return next(iter(world.sessions.values()))


def roots_of(world: World) -> list[dict[str, Any]]:
    return world.roots(session_of(world)["id"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_whole_experiment(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(250, examples=125), backend)
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    counts = fetcher.counts()
    assert error is None
    assert len({run.run_id for run in runs}) == 250
    assert (counts.expected, counts.received, counts.problems) == (250, 250, [])
    assert (counts.duplicates, counts.orphans, counts.pending) == (0, 0, 0)
    assert counts.source_stats["run_count"] == 250
    assert sum(len(run.steps) for run in runs) == len(server.world.runs) - 250
    assert server.faults.unknown == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_repetitions_are_numbered_by_start(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(30, examples=10), backend)
    runs, _ = drained(open_fetcher(server))
    by_example: dict[str, list[Run]] = {}
    for run in runs:
        by_example.setdefault(str(run.example_id), []).append(run)
    for group in by_example.values():
        group.sort(key=lambda run: run.started_at or datetime.min)
        assert [run.repetition for run in group] == [0, 1, 2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_second_fetch_pulls_only_what_changed(
    serve: Any, open_fetcher: Any, backend: str
) -> None:
    server = serve(generated_world(120), backend)
    runs, _ = drained(open_fetcher(server))
    known = {run.run_id: revision(run) for run in runs}
    asked = server.pages()
    again = open_fetcher(server, known=known)
    assert drained(again) == ([], None)
    assert (again.counts().unchanged, again.counts().received) == (120, 120)
    assert server.pages() - asked <= 2  # the listing alone

    liked = roots_of(server.world)[7]["id"]
    server.world.put_feedback({"key": "liked", "score": 1, "run_id": liked})
    fetcher = open_fetcher(server, known=known)
    changed, _ = drained(fetcher)
    assert [run.run_id for run in changed] == [liked]
    assert changed[0].feedback[0].score == 1
    assert changed[0].steps
    assert fetcher.counts().unchanged == 119


def test_a_fetch_goes_on_after_a_kill(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(400), "v2")
    stream = open_fetcher(server).runs()
    part = [next(stream) for _ in range(30)]
    stream.close()
    rest, error = drained(open_fetcher(server, known={run.run_id: revision(run) for run in part}))
    assert error is None
    assert len({run.run_id for run in (*part, *rest)}) == len(part) + len(rest) == 400


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lost_page_is_recovered_or_named(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(300), backend)
    server.faults.lost_pages = {2}
    fetcher = open_fetcher(server, page_size=100)
    runs, error = drained(fetcher)
    # The page came empty once and whole when asked again.
    assert len(runs) == 300
    assert error is None

    server.faults.lost_pages = set(range(2, 9))
    fetcher = open_fetcher(server, page_size=100)
    runs, error = drained(fetcher)
    assert error is not None
    assert "pages were empty though more followed" in str(error)
    assert fetcher.counts().problems


@pytest.mark.parametrize("backend", BACKENDS)
def test_pages_that_end_too_early(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(40), backend)
    server.faults.cut_after = 2
    fetcher = open_fetcher(server, page_size=100)
    runs, error = drained(fetcher)
    assert len(runs) == 40
    assert error is None
    assert any("asked for one by one" in note for note in fetcher.counts().notes)
    assert sum(len(run.steps) for run in runs) == len(server.world.runs) - 40


def test_too_much_missing_is_named(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(200), "v2")
    server.faults.cut_after = 1
    fetcher = open_fetcher(server, page_size=50)
    runs, error = drained(fetcher)
    assert error is not None
    assert len(runs) < 200
    assert "were listed and never came" in str(error)
    assert str(error).startswith(f"rerank: fetched {len(runs)} of 200 runs")


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_that_come_twice(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(60), backend)
    server.faults.doubled_rows = 7
    fetcher = open_fetcher(server, page_size=100)
    runs, error = drained(fetcher)
    assert error is None
    assert len(runs) == len({run.run_id for run in runs}) == 60
    assert sum(len(run.steps) for run in runs) == len(server.world.runs) - 60
    assert fetcher.counts().duplicates == server.faults.rows - len(server.world.runs) > 20


@pytest.mark.parametrize("backend", BACKENDS)
def test_eventual_consistency(serve: Any, open_fetcher: Any, clock: Clock, backend: str) -> None:
    server = serve(generated_world(20), backend)
    server.faults.hide_runs, server.faults.show_after = 5, 2
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    assert (len(runs), error) == (20, None)
    assert clock.naps[:2] == [1.0, 2.0]

    server.faults.listings, server.faults.show_after = 0, 99
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    assert len(runs) == 15
    assert "the server counts 20 runs and shows 15" in str(error)
    assert fetcher.counts().expected == 20


def test_pending_runs_are_counted_and_left_out(serve: Any, open_fetcher: Any, clock: Clock) -> None:
    world = generated_world(6)
    late = roots_of(world)[2]
    ended, late["end_time"], late["status"] = late["end_time"], None, "pending"
    server = serve(world, "v2")
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    assert (len(runs), error) == (5, None)
    assert fetcher.counts().pending == 1
    assert "1 runs have not ended and were left out" in fetcher.counts().notes

    def finish(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.naps) > 3:
            late.update(end_time=ended, status="success")
            world.changed()

    fetcher = open_fetcher(server, wait=True)
    fetcher._sleep = finish
    runs, error = drained(fetcher)
    assert (len(runs), error) == (6, None)
    assert fetcher.counts().pending == 0


def test_waiting_has_a_bound(serve: Any, open_fetcher: Any, clock: Clock) -> None:
    world = generated_world(3)
    roots_of(world)[0].update(end_time=None, status="pending")
    fetcher = open_fetcher(serve(world, "v2"), wait=True, wait_seconds=60)
    assert len(drained(fetcher)[0]) == 2
    assert sum(clock.naps) == 60


@pytest.mark.parametrize("backend", BACKENDS)
def test_orphans_unknown_examples_and_null_outputs(
    serve: Any, open_fetcher: Any, backend: str
) -> None:
    world = generated_world(8)
    roots = roots_of(world)
    parent = next(r for r in world.runs.values() if r["name"] == "retrieve_context")
    world.by_session[parent["session_id"]].remove(parent)  # sampled away: its child is an orphan
    roots[0]["reference_example_id"] = None
    world.delete_example(roots[1]["reference_example_id"], datetime(2026, 1, 5, tzinfo=UTC))
    roots[2]["outputs"] = None
    fetcher = open_fetcher(serve(world, backend))
    runs, error = drained(fetcher)
    examples = {e.example_id for e in fetcher.examples()}
    counts = fetcher.counts()
    assert error is None
    assert len(runs) == 8
    assert counts.orphans == 1
    by_id = {run.run_id: run for run in runs}
    (retrieval,) = by_id[parent["trace_id"]].find(kind="retriever")
    assert retrieval.parent_id is None
    assert by_id[roots[0]["id"]].example_id is None
    assert by_id[roots[2]["id"]].outputs is None
    assert roots[1]["reference_example_id"] not in examples
    assert len(examples) == 6
    assert any(note.startswith("1 examples no longer exist") for note in counts.notes)
    assert "1 runs name no example" in counts.notes


def test_examples_are_those_of_the_experiments_version(serve: Any, open_fetcher: Any) -> None:
    world = generated_world(5)
    ids = [root["reference_example_id"] for root in roots_of(world)]
    at, before = world.history[ids[0]][0]
    world.put_example({**before, "outputs": {"answer": "edited later"}}, at + timedelta(days=30))
    added = datetime(2026, 3, 1, tzinfo=UTC)
    _, state = world.history.pop(ids[1])[0]
    world.put_example(state or {}, added)  # it came into the dataset after the version
    server = serve(world, "v1")
    fetcher = open_fetcher(server)
    drained(fetcher)
    examples = {e.example_id: e for e in fetcher.examples()}
    assert before is not None
    assert examples[ids[0]].reference_outputs == before["outputs"]
    assert len(examples) == 5
    assert any("not in the experiment's dataset version" in n for n in fetcher.counts().notes)
    asked = [call for call in server.faults.calls if "/examples" in call]
    assert asked == ["GET v1 /examples"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_does_not_fit_costs_no_other(
    serve: Any, open_fetcher: Any, backend: str
) -> None:
    world = generated_world(5)
    odd = roots_of(world)[2]
    odd["error"] = {"message": "an object"}
    runs, error = drained(open_fetcher(serve(world, backend)))
    assert len(runs) == 4
    assert f"run {odd['id']}, field error: is dict, expected text" in str(error)


def test_many_scores_are_read_as_averages(
    serve: Any, open_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.fetchers.langsmith.recorded.MANY", 3)
    world = generated_world(5)
    for root in roots_of(world):
        world.put_feedback({"key": "liked", "score": 0.5, "run_id": root["id"]})
    server = serve(world, "v2")
    runs, _ = drained(open_fetcher(server))
    assert [f.score for run in runs for f in run.feedback] == [0.5] * 5
    assert not any("/feedback" in call for call in server.faults.calls)


def test_token_totals_are_checked_against_the_model_calls(serve: Any, open_fetcher: Any) -> None:
    world = generated_world(4)
    lost = next(run for run in world.runs.values() if run["run_type"] == "llm")
    world.by_session[lost["session_id"]].remove(lost)
    fetcher = open_fetcher(serve(world, "v1"))
    drained(fetcher)
    said = "1 runs have other token totals than their model calls add up to"
    assert said in fetcher.counts().notes


def test_only_referenced_examples_are_read(serve: Any, open_fetcher: Any) -> None:
    world = generated_world(5)
    dataset = session_of(world)["reference_dataset_id"]
    for n in range(500):
        world.put_example({"id": f"other-{n}", "dataset_id": dataset, "inputs": {}})
    server = serve(world, "v1")
    fetcher = open_fetcher(server)
    drained(fetcher)
    assert len(list(fetcher.examples())) == 5
    assert server.faults.calls["GET v1 /examples"] == 1


def test_a_server_that_does_not_heed_example_ids(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(250), "v2")
    server.faults.example_ids_ignored = True
    fetcher = open_fetcher(server)
    drained(fetcher)
    assert len({each.example_id for each in fetcher.examples()}) == 250
    assert fetcher.counts().notes == []


@pytest.mark.parametrize("long", [True, False], ids=["over a week", "a day"])
def test_documented_limits_are_never_hit(
    serve: Any, open_fetcher: Any, clock: Clock, long: bool
) -> None:
    world = generated_world(120)
    if long:
        session_of(world)["start_time"] = "2026-01-01T00:00:00Z"
    server = serve(world, "v1")
    server.faults.tiers, server.faults.clock = True, clock
    runs, error = drained(open_fetcher(server))
    assert (len(runs), error) == (120, None)
    assert server.pages() >= 12
    assert server.faults.throttled == 0
    per_query = 10 / 3 if long else 1
    assert sum(clock.naps) == pytest.approx(per_query * server.pages(), abs=12)


def test_self_hosted_servers_are_not_throttled(serve: Any, open_fetcher: Any, clock: Clock) -> None:
    server = serve(generated_world(120), "v1")
    assert len(drained(open_fetcher(server, throttle=False))[0]) == 120
    assert clock.naps == []


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}], ids=["no hint", "Retry-After"])
def test_throttled_anyway(
    serve: Any, open_fetcher: Any, clock: Clock, headers: dict[str, str]
) -> None:
    server = serve(generated_world(20), "v2")
    server.faults.fail = [{"path": "runs/query", "status": 429, "times": 2, "headers": headers}]
    runs, error = drained(open_fetcher(server))
    assert (len(runs), error) == (20, None)
    assert sum(clock.naps) >= (14 if headers else 0.5)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_passing_server_errors(serve: Any, open_fetcher: Any, status: int) -> None:
    server = serve(generated_world(20), "v1")
    server.faults.fail = [{"path": "", "status": status, "times": 2}]
    assert len(drained(open_fetcher(server))[0]) == 20


def test_dropped_connections(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(20), "v2")
    server.faults.drop_connections = 2
    assert len(drained(open_fetcher(server))[0]) == 20


def test_pages_too_big_for_the_server_are_asked_for_in_parts(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(120), "v2")
    server.faults.slow_above = 300
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    assert (len(runs), error) == (120, None)
    assert sum(len(run.steps) for run in runs) == len(server.world.runs) - 120


@pytest.mark.parametrize("backend", ["v1", "v2"])
@pytest.mark.parametrize("which", ["root", "step"])
def test_a_record_that_is_too_large_costs_its_run_alone(
    serve: Any, open_fetcher: Any, backend: str, which: str
) -> None:
    server = serve(generated_world(20), backend)
    is_root = which == "root"
    large = next(
        each for each in server.world.runs.values() if (each["parent_run_id"] is None) == is_root
    )
    large["outputs"] = {"many": [{}] * 2_000}
    runs, error = drained(open_fetcher(server, max_record_mb=0.1))
    assert large["trace_id"] not in {run.run_id for run in runs}
    assert len(runs) == 19
    assert "1 runs have a record larger than `max_record_mb` and were left out" in str(error)
    assert large["trace_id"] in str(error)
    assert "never came" not in str(error)
    runs, error = drained(open_fetcher(server))
    assert (len(runs), error) == (20, None)


def test_a_page_that_is_too_large_is_asked_for_in_parts(
    serve: Any, open_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.fetchers.langsmith.api.queries.MOST_BYTES", 20_000)
    server = serve(generated_world(30), "v2")
    runs, error = drained(open_fetcher(server))
    assert (len(runs), error) == (30, None)
    assert sum(len(run.steps) for run in runs) == len(server.world.runs) - 30


def test_a_server_that_breaks_off(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(100), "v1")
    server.faults.fail = [{"path": "runs/query", "status": 500, "times": 999, "skip": 7}]
    fetcher = open_fetcher(server)
    runs, error = drained(fetcher)
    assert error is not None
    assert len(runs) < 100
    assert "What arrived is kept; fetch again." in str(error)
    server.faults.fail = []
    rest, error = drained(open_fetcher(server, known={r.run_id: revision(r) for r in runs}))
    assert error is None
    assert len(runs) + len(rest) == 100


def test_a_server_that_is_down(open_fetcher: Any, serve: Any) -> None:
    server = serve(generated_world(1))
    environ = environ_of(server, LANGSMITH_ENDPOINT="http://127.0.0.1:9")
    with pytest.raises(SourceUnavailable, match="cannot connect"):
        drained(open_fetcher(server, environ=environ))


def test_an_expired_key(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(3))
    server.faults.keys = {"another"}
    with pytest.raises(AuthenticationFailed) as caught:
        drained(open_fetcher(server))
    assert "lsv2_pt_secret_key" not in str(caught.value)
    assert "401" in str(caught.value)


def test_a_key_that_expires_half_way(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(60), "v1")
    server.faults.fail = [{"path": "runs/query", "status": 401, "times": 99, "skip": 4}]
    with pytest.raises(AuthenticationFailed, match="401"):
        drained(open_fetcher(server))


def test_an_organization_key_without_a_workspace(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(3))
    server.faults.org_scoped = True
    with pytest.raises(AuthenticationFailed, match="LANGSMITH_WORKSPACE_ID"):
        drained(open_fetcher(server))
    environ = environ_of(server, LANGSMITH_WORKSPACE_ID="11111111-1111-1111-1111-111111111111")
    assert len(drained(open_fetcher(server, environ=environ))[0]) == 3
    assert len(drained(open_fetcher(server, workspace="11111111"))[0]) == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_info_falls_back_to_what_answers(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(10), backend)
    server.faults.info_missing = True
    assert len(drained(open_fetcher(server))[0]) == 10


def test_v1_that_is_gone_though_info_says_otherwise(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(10), "v2")
    server.routes.flags = {}
    fetcher = open_fetcher(server)
    assert len(drained(fetcher)[0]) == 10
    assert "the server has no run API v1" in fetcher.counts().notes
    with pytest.raises(SourceUnavailable, match="501"):
        drained(open_fetcher(server, api="v1"))


def test_roots_alone(serve: Any, open_fetcher: Any) -> None:
    for backend in BACKENDS:
        for unknown in (False, True):
            server = serve(generated_world(10), backend)
            server.faults.no_subtree_usage = unknown
            runs, error = drained(open_fetcher(server, steps=False))
            assert (len(runs), error) == (10, None)
            assert not any(run.steps or run.steps_recorded for run in runs)
            known = backend == "v1" or not unknown
            assert all((run.total_tokens is not None) is known for run in runs)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_filter_takes_a_part(serve: Any, open_fetcher: Any, backend: str) -> None:
    server = serve(generated_world(40), backend)
    fetcher = open_fetcher(server, filter='eq(status, "error")')
    failed = [root for root in roots_of(server.world) if root["status"] == "error"]
    runs, error = drained(fetcher)
    assert error is None
    assert {run.run_id for run in runs} == {root["id"] for root in failed}
    assert all(run.steps for run in runs)
    assert any("only the runs that fit" in note for note in fetcher.counts().notes)


@pytest.mark.parametrize("kind", ["full", "stats", "none", "auto"])
@pytest.mark.parametrize("by_session", [True, False])
def test_recorded_scores(serve: Any, open_fetcher: Any, kind: str, by_session: bool) -> None:
    world = generated_world(12)
    ids = [root["id"] for root in roots_of(world)]
    for n, run_id in enumerate(ids):
        world.put_feedback({"key": "liked", "score": n / 10, "run_id": run_id})
    world.put_feedback({"key": "liked", "score": 1.0, "run_id": ids[0]})
    ours = {"type": "api", "metadata": {"evalkit": "1"}}
    world.put_feedback({"key": "ours", "score": 1, "run_id": ids[0], "feedback_source": ours})
    server = serve(world, "dual")
    server.faults.feedback_session_filter = by_session
    fetcher = open_fetcher(server, feedback=kind)
    runs = {run.run_id: run for run in drained(fetcher)[0]}
    found = {run_id: [(f.key, f.score) for f in runs[run_id].feedback] for run_id in ids}
    if kind == "none":
        assert not any(found.values())
    elif kind == "stats":
        assert found[ids[0]][0] == ("liked", 0.5)
        assert found[ids[3]] == [("liked", 0.3)]
    else:
        assert sorted(found[ids[0]]) == [("liked", 0.0), ("liked", 1.0)]
        assert "1 scores that evalkit had written were left out" in fetcher.counts().notes
        assert found[ids[3]] == [("liked", 0.3)]


def test_a_server_without_feedback_costs_no_runs(serve: Any, open_fetcher: Any) -> None:
    for refusal in ({"status": 404}, {"status": 200, "body": {}}):
        server = serve(generated_world(5), "v2")
        server.faults.fail = [{"path": "/feedback", "times": 9, **refusal}]
        fetcher = open_fetcher(server, feedback="full")
        assert len(drained(fetcher)[0]) == 5
        assert any("scores could not be read" in note for note in fetcher.counts().notes)


def test_nothing_recorded_is_not_asked_for(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(5), "v2")
    drained(open_fetcher(server))
    assert not any("/feedback" in call for call in server.faults.calls)


def test_fewer_repetitions_than_planned(serve: Any, open_fetcher: Any) -> None:
    world = generated_world(9, examples=3)
    session = session_of(world)
    session["_expected"] = None
    lost = roots_of(world)[-1]
    world.by_session[session["id"]] = [
        run for run in world.by_session[session["id"]] if run["trace_id"] != lost["id"]
    ]
    fetcher = open_fetcher(serve(world, "v2"))
    runs, error = drained(fetcher)
    assert len(runs) == 8
    assert f"1 examples have fewer than 3 runs: {lost['reference_example_id']}" in str(error)
    assert fetcher.counts().expected == 9


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_experiment_without_runs(serve: Any, open_fetcher: Any, backend: str) -> None:
    fetcher = open_fetcher(serve(generated_world(0), backend))
    assert drained(fetcher) == ([], None)
    assert list(fetcher.examples()) == []
    assert fetcher.counts().received == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda s: s["name"],
        lambda s: s["id"],
        lambda s: s["id"].upper(),
        lambda s: f"https://smith.langchain.com/o/t/projects/p/{s['id']}?timeModel=x",
        lambda s: (
            f"https://h/o/t/datasets/{s['reference_dataset_id']}/compare?selectedSessions={s['id']}"
        ),
        lambda s: f"https://h/o/t/datasets/d/compare?selectedSessions={s['id']}%2C",
    ],
    ids=["name", "id", "shouted id", "project page", "compare page", "trailing comma"],
)
def test_names_ids_and_pasted_pages(serve: Any, open_fetcher: Any, write: Any) -> None:
    server = serve(generated_world(2))
    fetcher = open_fetcher(server, experiment=write(session_of(server.world)))
    assert len(drained(fetcher)[0]) == 2


def test_pages_that_name_several_or_none(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(1))
    one, two = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    with pytest.raises(ConfigError, match="compares 2 experiments"):
        drained(
            open_fetcher(server, experiment=f"https://h/d/compare?selectedSessions={one}%2C{two}")
        )
    with pytest.raises(ConfigError, match="names no experiment"):
        drained(open_fetcher(server, experiment="https://h/settings"))


def test_an_experiment_that_is_not_there(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(1))
    with pytest.raises(ExperimentNotFound, match=r"Did you mean 'agent-7be21f'\?"):
        drained(open_fetcher(server, experiment="agent-0000"))
    with pytest.raises(ExperimentNotFound):
        drained(open_fetcher(server, experiment="11111111-1111-4111-8111-111111111111"))


def test_doctor(serve: Any, open_fetcher: Any) -> None:
    server = serve(generated_world(4), "dual")
    said = list(open_fetcher(server).check())
    assert all(line.ok for line in said)
    text = "\n".join(line.text for line in said)
    for part in (server.url, "v1, v2", "0.16.0", "agent-7be21f", "4 runs"):
        assert part in text
    assert "lsv2_pt_secret_key" not in text
    assert server.pages() == 0

    server.faults.keys = set()
    assert [line.ok for line in open_fetcher(server).check()] == [True, True, False]
    (said,) = open_fetcher(server, environ={"LANGSMITH_CONFIG_FILE": "/none"}).check()
    assert said.ok is False
    assert "LANGSMITH_API_KEY" in said.text


@pytest.mark.parametrize("wanted", [True, False])
def test_attachments_of_examples_on_request(serve: Any, open_fetcher: Any, wanted: bool) -> None:
    world = generated_world(1)
    (example,) = world.examples()
    example["attachment_urls"] = {"attachment.pic": {"presigned_url": "/public/download?jwt=x"}}
    server = serve(world)
    fetcher = open_fetcher(server, attachments=wanted)
    drained(fetcher)
    (found,) = fetcher.examples()
    expected = {"pic": {"url": f"{server.url}/public/download?jwt=x"}} if wanted else {}
    assert found.attachments == expected
    assert found.inputs == example["inputs"]


def test_attachments_are_fetched_without_our_key(serve: Any, open_fetcher: Any) -> None:
    other = serve(generated_world(1))
    server = serve(generated_world(1), "v2")
    roots_of(server.world)[0]["attachments"] = {"pic": f"{other.url}/info"}
    fetcher = open_fetcher(server)
    (run,) = drained(fetcher)[0]
    assert run.attachments == {"pic": {"url": f"{other.url}/info"}}
    assert other.faults.headers == []  # nothing is fetched before somebody asks
    body = b"".join(fetcher.client.http.stream_bytes(run.attachments["pic"]["url"]))
    assert b"instance_flags" in body
    assert "x-api-key" not in other.faults.headers[0][1]
    fetcher.counts()
