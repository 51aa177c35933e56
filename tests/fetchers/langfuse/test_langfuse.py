"""Langfuse over its API: experiments and windows, every field asked for, shortfalls named."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pydantic import ValidationError

from evalkit.errors import (
    AuthenticationFailed,
    ExperimentNotFound,
    FetchError,
    IncompleteExperiment,
    SourceUnavailable,
)
from evalkit.fetchers.base import FetchContext, revision
from evalkit.fetchers.langfuse.client import FIELDS
from evalkit.fetchers.langfuse.fetcher import UNTRIED, LangfuseFetcher

from .world import START, World, at, observation, score, trace

NIGHTLY = {"experiment": "nightly", "url": "http://langfuse.test"}
WINDOW = {"since": START.isoformat(), "url": "http://langfuse.test"}


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-2")


@pytest.fixture
def world():
    made = World()
    made.experiment("e1", "e2", "e1", failed="e2")
    return made


def fetched(world, options, known=None):
    context = FetchContext(experiment="trial", base=None, known=known or {})
    fetcher = LangfuseFetcher(options, context, httpx.MockTransport(world))
    return list(fetcher.runs()), fetcher


def test_an_experiment_with_its_items_steps_and_scores(world):
    world.scores = [
        score("s1", "right", True, "BOOLEAN", kind="trace", id="t0"),
        score("s2", "tone", "warm", "CATEGORICAL", kind="trace", id="t0"),
        score("s3", "fit", 0.4, "NUMERIC", kind="observation", id="t0-ask", traceId="t0"),
        score("s4", "other", 1, "NUMERIC", kind="session", id="t0"),
    ]
    runs, fetcher = fetched(world, NIGHTLY)
    assert [(run.run_id, run.example_id, run.repetition) for run in runs] == [
        ("t0", "e1", 0),
        ("t1", "e2", 0),
        ("t2", "e1", 1),
    ]
    first, failed, _ = runs
    assert (first.inputs, first.outputs) == ({"question": "e1"}, {"answer": "a"})
    assert (failed.outcome, failed.error) == ("error", "ValueError: backend is down")
    assert (first.thread_id, first.name, first.tags) == ("s-1", "agent", ["nightly"])
    assert [(step.kind, step.name) for step in first.steps] == [
        ("agent", "agent"),
        ("tool", "search"),
        ("llm", "ask"),
    ]
    usage = first.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (100, 20, 60)
    assert usage.total_cost == pytest.approx(0.003)
    assert first.steps[2].time_to_first_token == pytest.approx(0.25)
    assert first.metadata["topic"] == "rivers"
    assert {(each.key, each.score, each.value, each.step_id) for each in first.feedback} == {
        ("right", True, None, None),
        ("tone", None, "warm", None),
        ("fit", 0.4, None, "t0-ask"),
    }
    assert {each.comment for each in first.feedback} == {"why right", "why tone", "why fit"}
    examples = {each.example_id: each for each in fetcher.examples()}
    assert examples["e1"].reference_outputs == {"answer": "e1"}
    assert examples["e1"].metadata == {"topic": "rivers"}
    counts = fetcher.counts()
    assert (counts.expected, counts.received, counts.problems) == (3, 3, [])
    assert counts.scores == [
        {"key": "overall", "score": 0.7, "comment": "why overall", "evaluator": "langfuse"}
    ]
    assert UNTRIED in counts.notes


def test_every_field_is_asked_for_and_cut_metadata_is_said(world):
    _, fetcher = fetched(world, NIGHTLY)
    asked = [query for path, query in world.asked if path.endswith("observations")]
    assert {each["fields"] for each in asked} == {FIELDS}
    assert any("cuts metadata at 200 characters: long" in note for note in fetcher.counts().notes)
    runs, fetcher = fetched(world, {**NIGHTLY, "expand_metadata": ["long"]})
    assert len(runs[0].metadata["long"]) == 1000
    assert not any("cuts" in note for note in fetcher.counts().notes)


def test_the_traces_of_a_window(world):
    world.observations += trace("late", second=1000)
    runs, fetcher = fetched(world, {**WINDOW, "until": at(500)})
    assert [run.run_id for run in runs] == ["t0", "t1", "t2"]
    assert runs[0].inputs == {"question": "q t0"}
    assert (fetcher.counts().expected, fetcher.counts().received) == (None, 3)
    assert len(fetched(world, WINDOW)[0]) == 4
    assert fetched(world, {**WINDOW, "session": "s-0"})[0] == []


def test_pages_rows_that_come_twice_and_the_version_that_counts(world):
    world.experiment(*(f"m{n}" for n in range(130)))
    world.items = world.items[3:]
    for n, item in enumerate(world.items):
        item["traceId"], item["id"] = f"u{n}", f"u{n}-agent"
    world.observations = [each for n in range(130) for each in trace(f"u{n}", second=n)]
    world.observations.append({**world.observations[0], "output": '"new"', "updatedAt": at(9999)})
    world.observations.append({**world.observations[0], "output": '"old"', "updatedAt": at(1)})
    world.items += world.items[:2]
    world.item_count = 130
    runs, fetcher = fetched(world, {**NIGHTLY, "page_size": 2})
    assert len(runs) == 130
    assert runs[0].steps[0].outputs == "new"
    assert fetcher.counts().duplicates == 4


def test_a_second_fetch_brings_what_changed(world):
    runs, _ = fetched(world, NIGHTLY)
    known = {run.run_id: revision(run) for run in runs}
    again, fetcher = fetched(world, NIGHTLY, known)
    assert (again, fetcher.counts().unchanged) == ([], 3)
    late = observation("t1", "late", "agent", "SPAN", second=60)
    world.observations.append(late)
    assert [run.run_id for run in fetched(world, NIGHTLY, known)[0]] == ["t1"]
    world.scores = [score("s1", "right", 1, "NUMERIC", kind="trace", id="t2")]
    world.scores[0]["updatedAt"] = at(5000)
    assert [run.run_id for run in fetched(world, NIGHTLY, known)[0]] == ["t1", "t2"]


def test_a_root_inside_another_system_and_one_that_goes_on(world):
    web = observation("t0", "web", None, "SPAN", isRootObservation=False, second=-1)
    world.observations[0].update(parentObservationId="t0-web")
    world.observations.append(web)
    world.observations[3]["endTime"] = None
    runs, fetcher = fetched(world, NIGHTLY)
    assert [run.run_id for run in runs] == ["t0", "t2"]
    assert fetcher.counts().pending == 1
    assert runs[0].name == "agent"
    assert {step.name for step in runs[0].steps} == {"web", "agent", "search", "ask"}


@pytest.mark.parametrize("lack", ["items", "observations"])
def test_what_is_missing_is_named(world, lack):
    if lack == "items":
        world.item_count = 5
    else:
        world.observations = world.observations[3:]
    context = FetchContext(experiment="trial", base=None)
    fetcher = LangfuseFetcher(NIGHTLY, context, httpx.MockTransport(world))
    runs = fetcher.runs()
    with pytest.raises(IncompleteExperiment, match=r"5 items and 3|t0 of an item has no obs"):
        list(runs)
    assert fetcher.counts().received == (3 if lack == "items" else 2)


def test_faults_are_borne_or_named(world):
    broken = [httpx.Response(503), httpx.Response(429, headers={"retry-after": "0"})]
    world.before = lambda path, asked: broken.pop() if broken else None
    assert len(fetched(world, NIGHTLY)[0]) == 3
    loop = {"data": [], "meta": {"cursor": "same"}}
    world.before = lambda path, asked: httpx.Response(200, json=loop)
    with pytest.raises(SourceUnavailable, match="again and again"):
        fetched(world, WINDOW)
    world.before = lambda path, asked: httpx.Response(200, json={"rows": []})
    with pytest.raises(SourceUnavailable, match="no page of rows"):
        fetched(world, WINDOW)


def test_refusals_are_one_line(world, monkeypatch):
    with pytest.raises(ExperimentNotFound, match=r"'nightli'.*nightly"):
        fetched(world, {**NIGHTLY, "experiment": "nightli"})
    world.before = lambda path, asked: httpx.Response(404)
    with pytest.raises(FetchError, match="older Langfuse"):
        fetched(world, WINDOW)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    with pytest.raises(AuthenticationFailed) as refused:
        fetched(world, NIGHTLY)
    assert "wrong" not in str(refused.value)
    monkeypatch.delenv("LANGFUSE_SECRET_KEY")
    with pytest.raises(AuthenticationFailed, match="LANGFUSE_SECRET_KEY"):
        fetched(world, NIGHTLY)


@pytest.mark.parametrize("options", [{}, {"experiment": "a", "session": "s"}, {"experiment": ""}])
def test_options_that_select_nothing_sensible(options):
    with pytest.raises(ValidationError):
        LangfuseFetcher(options, FetchContext(experiment="trial", base=None))


def test_doctor_says_that_it_is_untried(world):
    context = FetchContext(experiment="trial", base=None)
    lines = list(LangfuseFetcher(NIGHTLY, context, httpx.MockTransport(world)).check())
    assert [line.ok for line in lines] == [True, None, True]
    assert "not yet tried" in lines[1].text
    assert "3 items" in lines[2].text


@pytest.fixture
def served(world):
    """The same project behind a real port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            answer = world.answer(path, self.path, self.headers.get("authorization"))
            self.send_response(answer.status_code)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_published_client_reads_the_same(world, served):
    """Every row the fetcher reads is one that the SDK's own models accept, with the same values."""
    api = pytest.importorskip("langfuse.api")
    client = api.LangfuseAPI(base_url=served, username="pk-1", password="sk-2")
    world.scores = [
        score("s1", "right", True, "BOOLEAN", kind="trace", id="t0"),
        score("s2", "tone", "warm", "CATEGORICAL", kind="trace", id="t0"),
        score("s3", "fit", 0.4, "NUMERIC", kind="observation", id="t0-ask", traceId="t0"),
    ]
    runs, _ = fetched(world, {**NIGHTLY, "url": served})
    (experiment,) = client.experiments.list(from_start_time=START, name="nightly").data
    items = client.experiments.list_items(
        from_start_time=START, experiment_id=experiment.id, fields="core,io,itemMetadata"
    ).data
    assert {item.trace_id: item.experiment_item_id for item in items} == {
        run.run_id: run.example_id for run in runs
    }
    for run in runs:
        theirs = client.observations.get_many(trace_id=run.run_id, fields=FIELDS).data
        assert {each.id for each in theirs} == {step.step_id for step in run.steps}
        for step in run.steps:
            (other,) = (each for each in theirs if each.id == step.step_id)
            assert (step.started_at, step.ended_at) == (other.start_time, other.end_time)
            if other.usage_details:
                assert step.usage.input_tokens == other.usage_details["input"]
                assert step.usage.total_cost == other.total_cost
    theirs = client.scores.get_many(trace_id="t0", fields="details,subject").data
    assert {(each.name, each.value) for each in theirs} == {
        (each.key, each.score if each.value is None else each.value) for each in runs[0].feedback
    }
