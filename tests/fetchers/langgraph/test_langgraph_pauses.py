"""Which run asked what, and did what, where several stand on one checkpoint; updates made plain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evalkit.fetchers.langgraph.pauses import Turn, base_of, standing
from evalkit.fetchers.langgraph.snapshots import Snapshot, Task, next_call
from evalkit.fetchers.langgraph.updates import difference, read_update

START = datetime(2026, 1, 1, tzinfo=UTC)


def digits(name: str) -> str:
    """Return an id as LangGraph makes them, for a name as the tables below have it."""
    return name.encode().hex().rjust(32, "0")


def task(name: str, *asked: str, result: Any = None, error: str | None = None) -> Task:
    interrupts = tuple({"id": digits(each), "value": {"q": each}} for each in asked)
    return Task(task_id=name, name=name, result=result, interrupts=interrupts, error=error)


def snapshot(*tasks: Task, run_id: str | None = "r1", at: int = 0) -> Snapshot:
    return Snapshot(
        checkpoint_id=f"c{at}",
        parent_id=None,
        source="loop",
        step=0,
        run_id=run_id,
        graph_id=None,
        created_at=START + timedelta(seconds=at),
        next=tuple(t.name for t in tasks),
        values={},
        tasks=tasks,
    )


def named(resume: Any) -> Any:
    return {digits(k): v for k, v in resume.items()} if isinstance(resume, dict) else resume


def turn(name: str, resume: Any = None, **more: Any) -> Turn:
    return Turn(name, ended_at=START + timedelta(seconds=int(name[1:])), resume=resume, **more)


# snapshot; resumes of r2, r3 ...; who committed; then for each run: before, ended, waiting, lost
PARALLEL = (task("a", "qa", result=1), task("b", "qb", result=2), task("free", result=3))
CASES: dict[str, tuple[tuple[Task, ...], list[Any], str | None, list[tuple[str, ...]]]] = {
    "asked again in the same node": (
        (task("n", "q", result=1),), ["x", "y"], "r3",
        [("", "", "q", "q"), ("", "", "q", ""), ("", "n", "", "")],
    ),
    "asked again, and still open": (
        (task("n", "q"),), ["x", "y"], None,
        [("", "", "q", "q"), ("", "", "q", "q"), ("", "", "q", "")],
    ),
    "side by side, answered one after the other": (
        PARALLEL, [{"qa": 1}, {"qb": 2}], "r3",
        [("", "free", "qa qb", ""), ("free", "a", "qb", ""), ("a free", "b", "", "")],
    ),
    "the last answer needs no name": (
        PARALLEL, [{"qb": 1}, 2], "r3",
        [("", "free", "qa qb", ""), ("free", "b", "qa", ""), ("b free", "a", "", "")],
    ),
    "one answered twice beside another": (
        PARALLEL, [{"qa": 1}, {"qa": 2}, {"qb": 3}], "r4",
        [
            ("", "free", "qa qb", "qa"), ("free", "", "qa qb", ""),
            ("free", "a", "qb", ""), ("a free", "b", "", ""),
        ],
    ),
    "nobody answered": (PARALLEL[:2], [], None, [("", "", "qa qb", "")]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_runs_on_one_checkpoint(name: str) -> None:
    tasks, resumes, committer, told = CASES[name]
    turns = [turn("r1", began_anew=True)]
    turns += [turn(f"r{n}", named(resume)) for n, resume in enumerate(resumes, start=2)]
    for run, expected in zip(turns, told, strict=True):
        how = standing(snapshot(*tasks), run.run_id, turns, committer)
        back = {digits(name): name for name in ("q", "qa", "qb")}
        ids = [{back[each] for each in part} for part in (how.waiting, how.lost)]
        found = (how.before, how.ended, *ids)
        assert tuple(" ".join(sorted(part)) for part in found) == expected, run.run_id


def test_a_new_input_leaves_the_question_where_it_was() -> None:
    turns = [turn("r1", began_anew=True), turn("r2", began_anew=True), turn("r3", "x")]
    how = standing(snapshot(task("n", "q")), "r1", turns, None)
    assert (how.waiting, how.lost) == ({digits("q")}, set())


def test_a_lost_question_keeps_its_id_and_shows_no_other_words() -> None:
    n = task("n", "q", result=1)
    turns = [turn("r1", began_anew=True), turn("r2", "x"), turn("r3", "y")]
    asked = [standing(snapshot(n), f"r{i}", turns, "r3").interrupts(n) for i in (1, 2, 3)]
    q = digits("q")
    assert asked == [[{"id": q, "value": None}], [{"id": q, "value": {"q": "q"}}], []]


def test_a_run_without_snapshots_stood_on_the_newest_before_its_end() -> None:
    history = [snapshot(at=n) for n in (1, 3, 5)]
    base = base_of(history, START + timedelta(seconds=4))
    assert base is not None
    assert base.checkpoint_id == "c3"
    assert base_of(history[2:], START) is None


@pytest.mark.parametrize(
    ("raw", "value", "about"),
    [
        ({"k": 1}, {"k": 1}, {}),
        (None, None, {}),
        ([1], [1], {}),
        ({"k": {"$writes": [[1], [2, 3]]}}, {"k": [1, 2, 3]}, {"writes": {"k": 2}}),
        ({"k": {"$writes": [1, 2]}}, {"k": [1, 2]}, {"writes": {"k": 2}}),
        (
            {"k": {"value": [1], "type": "__overwrite__"}, "j": 2},
            {"k": [1], "j": 2},
            {"overwritten": ["k"]},
        ),
        ({"k": {"__overwrite__": [1]}}, {"k": [1]}, {"overwritten": ["k"]}),
        (
            {"k": {"$writes": [[1], {"value": [2], "type": "__overwrite__"}]}},
            {"k": [1, 2]},
            {"writes": {"k": 2}, "overwritten": ["k"]},
        ),
        ({"$writes": [[1], [2]]}, [1, 2], {"writes": {"__root__": 2}}),
        ({"k": {"value": 1, "type": "mine"}}, {"k": {"value": 1, "type": "mine"}}, {}),
    ],
)
def test_updates_are_made_plain(raw: Any, value: Any, about: dict[str, Any]) -> None:
    assert read_update(raw) == (value, about)


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ({"n": 1, "log": ["a"]}, {"n": 1, "log": ["a", "b"]}, {"log": ["b"]}),
        ({}, {"n": 0}, {"n": 0}),
        ({"log": ["a", "b"]}, {"log": ["b", "c"]}, {"log": ["c"]}),
        ({"n": 1}, {"n": 1}, {}),
        (None, {"n": 1}, None),
        ([1], [1, 2], [2]),
    ],
)
def test_what_must_have_been_written(before: Any, after: Any, written: Any) -> None:
    assert difference(before, after) == written


def test_later_calls_of_a_subgraph_are_numbered() -> None:
    assert next_call("a:1") == "a:1|1"
    assert next_call("a:1|1") == "a:1|2"
    assert next_call("a:1|2|b:3") == "a:1|2|b:3|1"
