"""Interleaved pages become whole traces, none too early, none twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.fetchers.langsmith.api.queries import Page
from evalkit.fetchers.langsmith.gather import SKEW, Gatherer, window
from evalkit.fetchers.langsmith.listing import Root

BASE = datetime(2026, 1, 1, tzinfo=UTC)


def record(trace: str, number: int, second: float) -> dict[str, Any]:
    own = trace if number == 0 else f"{trace}.{number}"
    start = (BASE + timedelta(seconds=second)).isoformat()
    return {"id": own, "trace_id": trace, "start_time": start}


def root(trace: str, second: float) -> Root:
    start = BASE + timedelta(seconds=second)
    return Root(trace, start, start + timedelta(seconds=5), "success", None, {"id": trace})


def pages(records: list[dict[str, Any]], size: int) -> list[Page]:
    cut = [records[at : at + size] for at in range(0, len(records), size)]
    return [Page(part, n + 1 < len(cut)) for n, part in enumerate(cut)]


@given(st.integers(1, 12), st.integers(1, 7), st.integers(1, 9), st.integers(0, 99))
def test_every_trace_comes_once_and_whole(count: int, steps: int, size: int, seed: int) -> None:
    dice = random.Random(seed)
    starts = {f"t{n}": dice.uniform(0, 400) for n in range(count)}
    records = [
        record(trace, number, start + (0 if number == 0 else dice.uniform(-20, 300)))
        for trace, start in starts.items()
        for number in range(steps)
    ]
    records.sort(key=lambda each: each["start_time"], reverse=True)
    wanted = {trace: root(trace, start) for trace, start in starts.items()}
    collected = Gatherer(wanted, wanted)
    found = list(collected.traces(pages(records, size)))
    assert sorted(str(trace.root["id"]) for trace in found) == sorted(starts)
    assert all(len(trace.children) == steps - 1 for trace in found)
    assert collected.missing() == []
    assert (collected.late, collected.rootless, collected.duplicates) == (set(), set(), 0)


def test_traces_leave_as_soon_as_they_are_whole() -> None:
    far = 10 * SKEW.total_seconds()
    starts = {f"t{n}": n * far for n in range(5)}
    records = [record(trace, 0, start) for trace, start in reversed(starts.items())]
    wanted = {trace: root(trace, start) for trace, start in starts.items()}
    stream = Gatherer(wanted, wanted).traces(iter(pages(records, 1)))
    assert next(stream).root["id"] == "t4"
    assert next(stream).root["id"] == "t3"


def test_a_step_that_is_far_too_early_is_named() -> None:
    far = 10 * SKEW.total_seconds()
    records = [record("b", 0, 2 * far), record("a", 0, far), record("b", 1, 0)]
    wanted = {"a": root("a", far), "b": root("b", 2 * far)}
    collected = Gatherer(wanted, wanted)
    assert len(list(collected.traces(pages(records, 1)))) == 2
    assert collected.late == {"b"}


def test_what_is_not_wanted_is_left_out() -> None:
    records = [record("a", 1, 3), record("b", 1, 2), record("c", 1, 1), record("a", 0, 0)]
    collected = Gatherer({"a": root("a", 0)}, {"a", "b"})
    (trace,) = collected.traces(pages(records, 2))
    assert [each["id"] for each in trace.children] == ["a.1"]
    assert collected.rootless == {"c.1"}


def test_doubles_and_missing_and_empty() -> None:
    rows = [record("a", 1, 3), record("a", 1, 3), record("a", 0, 0)]
    wanted = {"a": root("a", 0), "b": root("b", 1)}
    collected = Gatherer(wanted, wanted)
    (trace,) = collected.traces([Page(rows, True), Page([], True), Page([], False)])
    assert len(trace.children) == 1
    assert collected.duplicates == 1
    assert [each.run_id for each in collected.missing()] == ["b"]
    assert collected.empty_pages == 1


def test_windows() -> None:
    first, last = window([root("a", 100), root("b", 50)])
    assert first == BASE + timedelta(seconds=50) - SKEW
    assert last == BASE + timedelta(seconds=105) + SKEW
    open_ended = root("c", 1)._replace(ended_at=None)
    assert window([root("a", 100), open_ended])[1] is None
    assert window([root("a", 1)._replace(started_at=None)])[0] is None
    assert window([]) == (None, None)


@pytest.mark.parametrize("order", [1, -1])
def test_a_trace_without_a_known_start_waits_for_the_end(order: int) -> None:
    wanted = {"a": root("a", 0)._replace(started_at=None)}
    records = [record("a", 0, 900), record("a", 1, 0)][::order]
    (trace,) = Gatherer(wanted, wanted).traces(pages(records, 1))
    assert len(trace.children) == 1
