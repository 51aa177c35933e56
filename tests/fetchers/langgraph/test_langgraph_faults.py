"""A source that fails half-way: the fetch ends complete, or says what was missing; never short."""

import gc
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fetchers.langgraph.helpers import drain, make_fetcher
from fetchers.langgraph.proxy import Choose, harmful
from fetchers.langgraph.world import World, made_up

from evalkit.errors import (
    EvalkitError,
    ExperimentNotFound,
    IncompleteExperiment,
    NoRunsError,
    SourceUnavailable,
)
from evalkit.fetchers.base import Counts
from evalkit.model.run import Run
from evalkit.model.schema.written import run_to_record

HARMS = ("500", "drop", "429", "429 later", "half body", "slow body", "cut json")
PAGES = ("repeated page", "short page", "empty page")
# A thread may be connecting while its fetch fails: that socket is closed when it is collected.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()  # here, and in no other module


def fetch_through(
    choose: Choose, world: World, **options: Any
) -> tuple[list[Run], EvalkitError | None, Counts, Any]:
    with harmful(world, choose) as (url, harm):
        naps: list[float] = []
        fetcher = make_fetcher(
            url, thread_metadata={"experiment": "exp"}, sleep=naps.append, **options
        )
        runs, error = drain(fetcher)
        return runs, error, fetcher.counts(), harm


def records(runs: list[Run]) -> list[dict[str, Any]]:
    found = [run_to_record(run) for run in runs]
    for record in found:
        record.pop("url")  # the proxy has another port each time
    return sorted(found, key=lambda record: str(record["run_id"]))


@pytest.fixture(scope="module")
def undisturbed() -> list[dict[str, Any]]:
    runs, error, _, _ = fetch_through(lambda path, n: None, made_up(6, 3))
    assert error is None
    assert len(runs) == 18
    return records(runs)


@pytest.mark.parametrize("harm", HARMS)
def test_what_goes_wrong_once_everywhere(harm: str, undisturbed: list[dict[str, Any]]) -> None:
    runs, error, counts, done = fetch_through(lambda p, n: harm if n == 0 else None, made_up(6, 3))
    assert done.done[harm] > 10
    assert error is None
    assert records(runs) == undisturbed
    assert (counts.expected, counts.received) == (18, 18)


@pytest.mark.parametrize("harm", PAGES)
@pytest.mark.parametrize("place", ["/threads/search", "/runs", "/history"])
def test_a_page_that_goes_wrong_once(
    harm: str, place: str, undisturbed: list[dict[str, Any]]
) -> None:
    when = 1 if harm == "repeated page" else 0
    choose: Choose = lambda path, n: harm if path.endswith(place) and n == when else None  # noqa: E731
    runs, error, _, done = fetch_through(choose, made_up(6, 3))
    assert done.done[harm]
    assert error is None
    assert records(runs) == undisturbed


def test_a_page_of_a_long_history_that_comes_twice() -> None:
    calm, _, _, _ = fetch_through(lambda path, n: None, made_up(2, laps=60))
    choose: Choose = lambda p, n: "repeated page" if "history" in p and n == 1 else None  # noqa: E731
    runs, error, _, done = fetch_through(choose, made_up(2, laps=60))
    assert done.done["repeated page"] == 2
    assert error is None
    assert records(runs) == records(calm)
    assert len(runs[0].steps) == 60


@pytest.mark.parametrize("place", ["/threads/search", "/runs", "/history"])
def test_pages_that_are_always_cut(place: str, undisturbed: list[dict[str, Any]]) -> None:
    choose: Choose = lambda path, n: "short page" if path.endswith(place) else None  # noqa: E731
    runs, error, _, _ = fetch_through(choose, made_up(6, 3))
    assert error is None
    assert records(runs) == undisturbed


@pytest.mark.parametrize(
    ("harm", "place", "kind", "defect"),
    [
        ("500", "", SourceUnavailable, "HTTP 500"),
        ("drop", "", SourceUnavailable, "dropped"),
        ("429", "/threads/search", SourceUnavailable, "HTTP 429"),
        ("half body", "/threads/search", SourceUnavailable, "dropped"),
        ("cut json", "/threads/count", SourceUnavailable, "no whole JSON"),
        ("cut json", "/runs", SourceUnavailable, "no whole JSON"),
        ("repeated page", "/threads/search", SourceUnavailable, "list of threads repeats a page"),
        ("repeated page", "/runs", SourceUnavailable, "repeats a page"),
        ("repeated page", "/history", SourceUnavailable, "repeats a page of history"),
        (
            "empty page",
            "/threads/search",
            IncompleteExperiment,
            "6 threads but lists only 0",
        ),
        ("empty page", "/runs", IncompleteExperiment, "has a history but lists no run"),
    ],
)
def test_what_stays_wrong_is_named(
    harm: str, place: str, kind: type[EvalkitError], defect: str
) -> None:
    choose: Choose = lambda path, n: harm if path.endswith(place) else None  # noqa: E731
    _, error, _, _ = fetch_through(choose, made_up(6, 3, laps=40), concurrency=2)
    assert isinstance(error, kind), repr(error)
    assert defect in str(error)
    assert error.exit_code == 3


@pytest.mark.parametrize("harm", ["500", "cut json", "empty page"])
def test_one_run_that_cannot_be_had_is_named_and_the_others_arrive(harm: str) -> None:
    place = "/threads/thread-0003/"
    choose: Choose = lambda p, n: harm if p.startswith(place) and "runs" not in p else None  # noqa: E731
    world = made_up(6)
    if harm == "empty page":
        (world.threads["thread-0003"]).history = []
    runs, error, counts, _ = fetch_through(choose, world)
    assert isinstance(error, IncompleteExperiment)
    assert "run-0003-000" in str(error)
    assert "fetched 5 of 6 runs" in str(error)
    assert len(runs) == 5
    assert (counts.expected, counts.received, len(counts.problems)) == (6, 5, 1)


def test_what_is_missing_comes_with_the_next_fetch() -> None:
    broken: Choose = lambda p, n: "500" if "thread-0003/history" in p else None  # noqa: E731
    first, error, _, _ = fetch_through(broken, made_up(6))
    assert isinstance(error, IncompleteExperiment)
    known = {run.run_id: run.updated_at.isoformat() for run in first if run.updated_at}
    second, error, counts, _ = fetch_through(lambda p, n: None, made_up(6), known=known)
    assert error is None
    assert [run.run_id for run in second] == ["run-0003-000"]
    assert (counts.expected, counts.received, counts.unchanged) == (6, 6, 5)


def test_a_run_deleted_while_it_was_fetched_is_no_loss() -> None:
    world = made_up(3)

    def forget(path: str, count: int) -> None:
        if path == "/threads/thread-0001/history":
            world.threads["thread-0001"].runs.clear()
            world.threads["thread-0001"].history.clear()

    runs, error, counts, _ = fetch_through(forget, world)
    assert error is None
    assert [run.run_id for run in runs] == ["run-0000-000", "run-0002-000"]
    assert (counts.expected, counts.received) == (2, 2)
    assert "deleted while it was fetched" in counts.notes[0]


def test_runs_written_while_we_read_are_met() -> None:
    world, late = made_up(4), made_up(9, 2)

    def write(path: str, count: int) -> None:
        if path == "/threads/thread-0003/history":
            for name in ("thread-0003", "thread-0004", "thread-0005"):
                world.threads[name] = late.threads[name]

    runs, error, counts, _ = fetch_through(write, world)
    assert error is None
    assert len(runs) == counts.expected == counts.received == 3 + 3 * 2
    assert len({run.run_id for run in runs}) == len(runs)


def test_a_source_that_never_rests_is_said_to() -> None:
    world = made_up(2)

    def write(path: str, count: int) -> None:
        if path == "/threads/search":
            thread = world.threads["thread-0001"].thread
            thread["updated_at"] = f"2026-01-02T00:00:{len(world.asked) % 60:02d}+00:00"

    runs, error, counts, _ = fetch_through(write, world)
    assert error is None
    assert len(runs) == 2
    assert "kept changing" in counts.notes[0]


def test_a_server_that_is_down_is_not_asked_for_every_run() -> None:
    choose: Choose = lambda path, n: "500" if path.endswith("/history") else None  # noqa: E731
    runs, error, _, harm = fetch_through(choose, made_up(100), concurrency=2)
    assert runs == []
    assert isinstance(error, SourceUnavailable)
    assert harm.asked["/threads/thread-0050/history"] == 0


@pytest.mark.parametrize(
    ("harm", "said"),
    [("wrong address", "objects|LangGraph server"), ("html", "no whole JSON")],
)
def test_something_else_answers(harm: str, said: str) -> None:
    body = {"json": {"hello": "world"}} if harm == "wrong address" else {"text": "<html>"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, **body))
    _, error = drain(make_fetcher(transport=transport, sleep=lambda _: None))
    assert isinstance(error, SourceUnavailable)
    assert re.search(said, str(error))


def test_nothing_there() -> None:
    _, error = drain(
        make_fetcher(transport=made_up(2).transport(), thread_metadata={"experiment": "typo"})
    )
    assert isinstance(error, ExperimentNotFound)
    _, error = drain(
        make_fetcher(transport=made_up(2).transport(), run_metadata={"example_id": "none"})
    )
    assert isinstance(error, NoRunsError)


def test_a_server_that_cannot_count_is_believed_and_that_is_said() -> None:
    world = made_up(3)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in ("/threads/count", "/info"):
            return httpx.Response(405 if "count" in request.url.path else 404)
        return world.answer(request)

    fetcher = make_fetcher(transport=httpx.MockTransport(answer))
    runs, error = drain(fetcher)
    assert (len(runs), error) == (3, None)
    assert "cannot count threads" in fetcher.counts().notes[0]
    lines = list(make_fetcher(transport=httpx.MockTransport(answer)).check())
    assert [line.ok for line in lines] == [True, True, True, None, True]
    assert "cannot count threads" in lines[3].text
    assert "version not stated" in lines[0].text
