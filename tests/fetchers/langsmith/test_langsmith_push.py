"""Scores go back once, change in place, and can be taken away again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import BACKENDS, environ_of, experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

from evalkit.errors import AuthenticationFailed, FetchError, SourceUnavailable
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.api.multipart import batches, encode
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.convert.writes import bodies, feedback_id
from evalkit.fetchers.langsmith.writer import LangSmithWriter
from evalkit.fetchers.writing import push, readback
from evalkit.model.score import Feedback

CONTEXT = FetchContext("rerank", Path())


def cell(run_id: str | None, key: str = "exact", **fields: Any) -> dict[str, Any]:
    """A row of the cells table."""
    return {
        "run_id": run_id, "step_id": None, "evaluator": key, "key": key, "fingerprint": "f1",
        "outcome": "scored", "score": None, "score_type": None, "value": None, "comment": None,
        "error_type": None, "error_message": None, "source": "evaluator", **fields,
    }  # fmt: skip


class Pushed:
    """A server of a few runs, and how to push to it."""

    def __init__(self, server: LangSmithServer) -> None:
        self.server = server
        self.session = next(iter(server.world.sessions.values()))
        self.roots = [root["id"] for root in server.world.roots(self.session["id"])]
        self.options = LangSmithOptions(experiment=experiment_of(server.world), throttle=False)
        self.environ = environ_of(server)

    def open(self, **more: Any) -> LangSmithWriter:
        return LangSmithWriter(self.options, CONTEXT, environ=self.environ, **more)

    def plan(self, cells: list[Any]) -> push.PushPlan:
        return push.plan(self.open(), cells)

    def push(self, cells: list[Any], keep: Any = None) -> push.PushReport:
        return push.apply(push.plan(self.open(), cells, keep))

    def withdraw(
        self, cells: Any = (), step_ids: Any = tuple, dry_run: bool = False
    ) -> push.PushReport:
        return push.withdraw(self.open(step_ids=step_ids), cells, dry_run=dry_run)

    def verify(self, cells: list[Any]) -> readback.Verified:
        return readback.verify(self.open(), cells)

    @property
    def there(self) -> dict[tuple[Any, str], dict[str, Any]]:
        return {(f.get("run_id"), f["key"]): f for f in self.server.world.feedback.values()}


@pytest.fixture
def pushed(serve: Any) -> Any:
    return lambda n=6, backend="v1": Pushed(serve(generated_world(n), backend))


def writes_of(server: LangSmithServer) -> list[str]:
    return [
        call
        for call, _ in server.faults.headers
        if not call.startswith("GET") and "query" not in call
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_plan_writes_nothing(pushed: Any, backend: str) -> None:
    target = pushed(backend=backend)
    plan = target.plan([cell(run_id, score=1.0, score_type="float") for run_id in target.roots])
    push.close(plan)
    assert plan.to_dict() == {
        "experiment": "agent-7be21f", "created": 6, "updated": 0, "left": 0, "stale": 0,
        "foreign": 0, "taken": 0, "unknown_runs": [], "notes": [],
    }  # fmt: skip
    assert writes_of(target.server) == []
    assert target.server.world.feedback == {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_pushing_again_changes_nothing(pushed: Any, backend: str) -> None:
    target = pushed(backend=backend)
    cells = [cell(run_id, score=n / 7, score_type="float") for n, run_id in enumerate(target.roots)]
    cells += [
        cell(run_id, "tone", value='"polite"', score_type="category") for run_id in target.roots
    ]
    cells.append(cell(None, "f1", score=0.5, score_type="float"))
    first = target.push(cells)
    before = json.dumps(target.server.world.feedback, sort_keys=True, default=str)
    again = target.push(cells)
    assert (first.created, first.updated, first.left) == (13, 0, 0)
    assert (again.created, again.updated, again.left) == (0, 0, 13)
    assert json.dumps(target.server.world.feedback, sort_keys=True, default=str) == before


def test_what_langsmith_is_given(pushed: Any) -> None:
    target = pushed()
    run, step = target.roots[0], target.server.world.children[target.roots[0]][0]
    target.push([
        cell(run, "pass", score=1.0, score_type="bool"),
        cell(run, "count", score=3.0, score_type="int"),
        cell(run, "exact", score=0.123456, score_type="float", comment="close"),
        cell(run, "tone", value='"polite"', score_type="category"),
        cell(run, "both", score=0.5, score_type="float", value='{"a": 1}'),
        cell(run, "list", value="[1, 2]", score_type="category"),
        cell(run, "step", score=1.0, score_type="float", step_id=step),
        cell(run, "broken", outcome="evaluator_error", error_type="ValueError", error_message="no"),
        cell(run, "silent", outcome="not_applicable"),
        cell(run, "why", outcome="not_applicable", comment="no reference"),
        cell(run, "failed", outcome="run_failed"),
        cell(run, "liked", score=1.0, score_type="float", source="recorded"),
        cell(None, "f1", score=0.75, score_type="float"),
    ])  # fmt: skip
    there = target.there
    assert {(key, f["score"], f["value"], f["comment"]) for (_, key), f in
            ((k, {**v, "value": json.dumps(v["value"])}) for k, v in there.items())} == {
        ("pass", True, "null", None), ("count", 3, "null", None),
        ("exact", 0.1235, "null", "close"), ("tone", None, '"polite"', None),
        ("both", 0.5, '{"a": 1}', None), ("list", None, '"[1, 2]"', None),
        ("step", 1.0, "null", None), ("broken", None, "null", "ValueError('no')"),
        ("why", None, "null", "no reference"), ("f1", 0.75, "null", None),
    }  # fmt: skip
    assert there[run, "pass"]["score"] is True
    assert there[run, "broken"]["error"] is True
    assert there[run, "exact"]["trace_id"] == run
    assert there[run, "exact"]["start_time"]
    assert there[run, "exact"]["extend_trace_retention"] is False
    assert there[step, "step"]["trace_id"] == run
    assert "run_id" not in there[None, "f1"]
    assert all(f["session_id"] == target.session["id"] for f in there.values())
    assert all("evalkit" in f["feedback_source"]["metadata"] for f in there.values())


@pytest.mark.filterwarnings("ignore")
def test_the_sdk_reads_what_was_pushed(pushed: Any, sdk: Any) -> None:
    target = pushed()
    target.push([
        cell(target.roots[0], score=0.5, score_type="float", comment="half"),
        cell(target.roots[1], outcome="evaluator_error", error_type="KeyError", error_message="x"),
        cell(None, "f1", score=0.75, score_type="float"),
    ])  # fmt: skip
    client = sdk(target.server)
    found = {str(f.run_id): f for f in client.list_feedback(run_ids=target.roots[:2])}
    assert (found[target.roots[0]].score, found[target.roots[0]].comment) == (0.5, "half")
    assert found[target.roots[1]].score is None
    project = client.read_project(project_name=target.session["name"], include_stats=True)
    assert project.session_feedback_stats["f1"]["avg"] == 0.75
    assert project.feedback_stats["exact"]["errors"] == 1


def test_changed_scores_change_in_place(pushed: Any) -> None:
    target = pushed()
    cells = [cell(run_id, score=0.0, score_type="float") for run_id in target.roots]
    target.push(cells)
    ids = set(target.server.world.feedback)
    cells[0] |= {"score": 1.0}
    cells[1] |= {"comment": "now with a word"}
    cells[2] |= {
        "outcome": "evaluator_error",
        "error_type": "E",
        "error_message": "",
        "score": None,
    }
    cells[3] |= {"fingerprint": "f2"}
    report = target.push(cells)
    assert (report.created, report.updated, report.left) == (0, 3, 3)
    assert set(target.server.world.feedback) == ids
    there = target.there
    assert there[target.roots[0], "exact"]["score"] == 1.0
    assert there[target.roots[1], "exact"]["comment"] == "now with a word"
    assert there[target.roots[2], "exact"]["error"] is True
    cells[2] |= {"outcome": "scored", "score": 0.25, "error_type": None}
    target.push(cells)
    assert not target.there[target.roots[2], "exact"].get("error")
    assert target.there[target.roots[2], "exact"]["score"] == 0.25


@pytest.mark.parametrize("conflict", [False, True])
def test_withdrawing_removes_ours_and_nothing_else(pushed: Any, conflict: bool) -> None:
    target = pushed()
    world = target.server.world
    target.server.faults.feedback_ids_conflict = conflict
    world.put_feedback({"key": "exact", "score": 1, "run_id": target.roots[0]})
    world.put_feedback({"key": "liked", "score": 1, "run_id": target.roots[1],
                        "feedback_source": {"type": "app", "metadata": None}})  # fmt: skip
    theirs = set(world.feedback)
    target.push([cell(run_id, score=1.0, score_type="float") for run_id in target.roots]
                + [cell(None, "f1", score=1.0, score_type="float")])  # fmt: skip
    assert len(world.feedback) == 9
    assert target.withdraw(dry_run=True).withdrawn == 7
    assert len(world.feedback) == 9
    assert target.withdraw().withdrawn == 7
    assert set(world.feedback) == theirs
    assert target.withdraw().withdrawn == 0


@pytest.mark.parametrize("skip", [0, 1, 3])
def test_a_push_that_breaks_off_goes_on(pushed: Any, skip: int, monkeypatch: Any) -> None:
    target = pushed(450)
    cells = [cell(run_id, score=1.0, score_type="float") for run_id in target.roots]
    target.server.faults.fail = [{"path": "multipart", "status": 400, "times": 99, "skip": skip}]
    with pytest.raises(SourceUnavailable) as caught:
        target.push(cells)
    assert f"pushed {skip * 100} of 450 scores" in str(caught.value)
    assert len(target.server.world.feedback) == skip * 100
    target.server.faults.fail = []
    report = target.push(cells)
    assert (report.created, report.left) == (450 - skip * 100, skip * 100)
    assert len(target.server.world.feedback) == 450


def test_batches_not_single_posts(pushed: Any) -> None:
    target = pushed(250)
    target.push([cell(run_id, score=1.0, score_type="float") for run_id in target.roots])
    assert writes_of(target.server) == ["POST /runs/multipart"] * 3


def test_runs_the_server_does_not_know(pushed: Any) -> None:
    target = pushed()
    report = target.push([cell("gone", score=1.0), cell(target.roots[0], score=1.0)])
    assert report.unknown_runs == ["gone"]
    assert report.created == 1


def test_a_server_that_lists_feedback_only_by_run(pushed: Any) -> None:
    target = pushed()
    target.server.faults.feedback_session_filter = False
    step = target.server.world.children[target.roots[0]][0]
    cells = [cell(target.roots[0], score=1.0), cell(target.roots[0], "s", score=1.0, step_id=step),
             cell(None, "f1", score=1.0)]  # fmt: skip
    assert target.push(cells).created == 3
    assert target.push(cells).left == 3


def test_several_results_of_one_key_all_arrive(pushed: Any) -> None:
    target = pushed()
    run, steps = target.roots[0], target.server.world.children[target.roots[0]][:2]
    cells = [cell(run, score=1.0, score_type="float", step_id=step) for step in steps]
    cells += [cell(run, score=score, score_type="float") for score in (0.25, 0.5, 0.25)]
    assert target.push(cells).created == 5
    assert target.push(cells).left == 5
    mine = [f for f in target.server.world.feedback.values() if f["key"] == "exact"]
    assert sorted((str(f["run_id"]), f["score"]) for f in mine) == sorted(
        [(step, 1.0) for step in steps] + [(run, 0.25), (run, 0.25), (run, 0.5)]
    )
    cells[3] |= {"score": 0.75}  # the second of three
    assert target.push(cells).updated == 1


def test_what_is_said_beside_the_score_goes_along(pushed: Any) -> None:
    target = pushed()
    said = {
        "correction": {"answer": "x"}, "evaluator_info": {"model": "m"}, "extra": {"a": 1},
        "feedback_config": {"type": "continuous", "min": 0, "max": 1}, "source_run_id": "s1",
    }  # fmt: skip
    target.push([cell(target.roots[0], score=0.5, score_type="float", metadata=json.dumps(said))])
    there = target.there[target.roots[0], "exact"]
    assert there["correction"] == {"answer": "x"}
    assert there["feedback_config"]["max"] == 1
    assert there["extra"] == {"a": 1}
    source = there["feedback_source"]["metadata"]
    assert (source["model"], source["__run"], source["evaluator"]) == (
        "m", {"run_id": "s1"}, "exact",
    )  # fmt: skip
    changed = said | {"correction": {"answer": "y"}}
    cells = [cell(target.roots[0], score=0.5, score_type="float", metadata=json.dumps(changed))]
    assert target.push(cells).updated == 1
    assert target.there[target.roots[0], "exact"]["correction"] == {"answer": "y"}


def test_what_nothing_says_any_more_is_taken_away(pushed: Any) -> None:
    target = pushed()
    both = [cell(run, name, score=1.0) for run in target.roots for name in ("kept", "fades")]
    target.push([*both, cell(target.roots[0], "colleague", score=1.0)])
    now = [c if c["key"] == "kept" else c | {"outcome": "not_applicable", "score": None}
           for c in both]  # fmt: skip
    plan = target.plan(now)
    push.close(plan)
    assert (len(plan.stale), plan.foreign) == (6, 1)
    report = target.push(now)
    assert (report.withdrawn, report.foreign, report.left) == (6, 1, 6)
    assert sorted({key for _, key in target.there}) == ["colleague", "kept"]


def test_a_part_is_pushed_and_the_rest_left_alone(pushed: Any) -> None:
    target = pushed()
    cells = [cell(run, score=float(n % 2)) for n, run in enumerate(target.roots)]
    assert target.push(cells, keep=lambda each: each["score"] == 0.0).created == 3
    report = target.push(cells, keep=lambda each: each["score"] == 1.0)
    assert (report.created, report.withdrawn) == (3, 0)
    assert len(target.server.world.feedback) == 6


def test_reading_back_finds_what_differs(pushed: Any) -> None:
    target = pushed()
    cells = [cell(run, score=n / 7, score_type="float") for n, run in enumerate(target.roots)]
    target.push(cells)
    whole = target.verify(cells)
    assert whole.same
    assert [(k.key, k.here, k.server) for k in whole.keys] == [("exact", 6, 6)]
    assert whole.keys[0].server_mean == pytest.approx(15 / 42, abs=1e-4)
    ids = list(target.server.world.feedback)
    target.server.world.feedback[ids[0]]["score"] = 0.9
    del target.server.world.feedback[ids[1]]
    off = target.verify(cells)
    assert (off.same, off.differ, off.missing, off.keys[0].server) == (False, 1, 1, 5)


def test_withdrawing_where_feedback_is_listed_by_run_only(pushed: Any) -> None:
    target = pushed()
    target.server.faults.feedback_session_filter = False
    step = target.server.world.children[target.roots[0]][0]
    cells = [cell(target.roots[0], score=1.0), cell(target.roots[0], "s", score=1.0, step_id=step),
             cell(None, "f1", score=1.0)]  # fmt: skip
    target.push(cells)
    blind = target.withdraw(dry_run=True)
    assert (blind.withdrawn, len(blind.notes)) == (1, 1)
    report = target.withdraw(cells=cells, step_ids=lambda: [step])
    assert report.withdrawn == 3
    assert target.server.world.feedback == {}
    assert target.withdraw(cells=cells, step_ids=lambda: [step]).withdrawn == 0


def test_a_plan_is_applied_once(pushed: Any) -> None:
    target = pushed()
    plan = target.plan([cell(target.roots[0], score=1.0)])
    push.apply(plan)
    with pytest.raises(FetchError, match="applied already"):
        push.apply(plan)


def test_a_key_that_may_not_write(pushed: Any) -> None:
    target = pushed()
    plan = target.plan([cell(target.roots[0], score=1.0)])
    target.server.faults.keys = set()
    with pytest.raises(AuthenticationFailed):
        push.apply(plan)


def test_feedback_objects_serve_as_cells() -> None:
    item = Feedback(key="k", run_id="r", evaluator="e", score=True, comment="c")
    (body,), unknown = bodies([item], "s", {"r": "2026-01-01T00:00:00"})
    assert (body["score"], body["comment"], body["run_id"]) == (True, "c", "r")
    assert unknown == set()
    with pytest.raises(TypeError, match="int is no cell"):
        bodies([3], "s", {})


def test_ids_depend_on_what_is_scored_alone() -> None:
    base = cell("r", score=1.0)
    same = [base | {"score": 0.0}, base | {"fingerprint": "f9"}, base | {"comment": "x"}]
    other = [base | {name: "other"} for name in ("run_id", "step_id", "evaluator", "key")]
    assert {feedback_id("s", each) for each in same} == {feedback_id("s", base)}
    assert len({feedback_id("s", each) for each in (base, *other)} | {feedback_id("t", base)}) == 6


def test_long_keys_stay_apart() -> None:
    cells = [cell("r", "k" * 300 + end, score=1.0) for end in "ab"]
    found, _ = bodies(cells, "s", {"r": None})
    assert len({body["key"] for body in found}) == 2
    assert all(len(body["key"]) <= 180 for body in found)


def test_batches_are_bounded_in_number_and_bytes() -> None:
    made = [{"id": str(n), "comment": "x" * 100} for n in range(25)]
    sizes = [len(batch) for batch in batches(made, most=10, size=10_000)]
    assert sizes == [10, 10, 5]
    assert [len(batch) for batch in batches(made, most=100, size=300)] == [2] * 12 + [1]
    assert [len(b) for b in batches([{"id": "1", "comment": "x" * 999}], most=9, size=10)] == [1]


def test_parts_say_what_they_are() -> None:
    body, kind = encode(next(iter(batches([{"id": "a-b", "score": 1}]))))
    boundary = kind.removeprefix("multipart/form-data; boundary=")
    assert body.count(boundary.encode()) == 2
    assert (
        b'name="feedback.a-b"\r\nContent-Type: application/json\r\nContent-Length: 22\r\n' in body
    )
