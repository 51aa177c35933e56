"""Every harm to an answer ends in a whole fetch, or in an error that names what is missing."""

from typing import Any

import httpx
import pytest
from fetchers.trace_stores.helpers import drain, known, make
from fetchers.trace_stores.worlds import Harmful, MLflowWorld, PhoenixWorld, World

from evalkit.errors import (
    AuthenticationFailed,
    ExperimentNotFound,
    FetchError,
    NoRunsError,
    SourceUnavailable,
)

WORLDS: dict[str, type[World]] = {"phoenix": PhoenixWorld, "mlflow": MLflowWorld}
NAMED = {"phoenix": {"project": "p"}, "mlflow": {"experiment": "p"}}
PAGES = {
    "phoenix": ("/v1/projects/P1/traces", "/v1/projects/P1/spans"),
    "mlflow": ("/api/3.0/mlflow/traces/search", "/api/3.0/mlflow/traces/batchGet"),
}
HARMS = ("500", "429", "drop", "cut json", "repeated page", "short page", "empty page")


def opened(kind: str, transport: Any, **more: Any) -> Any:
    return make(kind, url="http://store.test", transport=transport, **NAMED[kind], **more)


@pytest.mark.parametrize("kind", WORLDS)
def test_all_is_well(kind: str) -> None:
    fetcher = opened(kind, Harmful(WORLDS[kind](), lambda path, times: None))
    runs, error = drain(fetcher)
    assert error is None
    assert len({run.run_id for run in runs}) == 25
    assert [step.kind for step in runs[0].steps] == ["tool", "llm"]
    assert (runs[0].inputs, runs[0].outputs) == ("q1", "a1")
    counts = fetcher.counts()
    assert (counts.expected, counts.received, counts.orphans) == (25, 25, 0)
    again = opened(kind, Harmful(WORLDS[kind](), lambda path, times: None), known=known(runs))
    assert drain(again) == ([], None)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_harm_that_passes(kind: str, part: int, harm: str, at: int) -> None:
    target = PAGES[kind][part]
    harmful = Harmful(WORLDS[kind](), lambda path, times: harm if (path, times) == (target, at)
                      else None)  # fmt: skip
    runs, error = drain(opened(kind, harmful))
    assert error is None, error
    assert len({run.run_id for run in runs}) == 25
    assert all(len(run.steps) == 2 for run in runs)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("kind", WORLDS)
def test_a_harm_that_stays(kind: str, part: int, harm: str) -> None:
    target = PAGES[kind][part]
    harmful = Harmful(WORLDS[kind](), lambda path, times: harm if path == target and times else
                      None)  # fmt: skip
    runs, error = drain(opened(kind, harmful))
    whole = len({run.run_id for run in runs}) == 25 and all(len(run.steps) == 2 for run in runs)
    if error is None:
        assert whole
        return
    assert isinstance(error, FetchError)
    assert any(word in str(error) for word in ("tried", "shows", "never came", "same page")), error


@pytest.mark.parametrize("kind", WORLDS)
def test_a_trace_that_arrives_meanwhile(kind: str) -> None:
    target = PAGES[kind][0]
    harmful = Harmful(WORLDS[kind](), lambda path, times: "insert" if path == target and times < 2
                      else None)  # fmt: skip
    runs, error = drain(opened(kind, harmful))
    assert error is None
    ids = [run.run_id for run in runs]
    assert len(ids) == len(set(ids)) >= 25


@pytest.mark.parametrize("kind", WORLDS)
def test_nothing_there(kind: str) -> None:
    _, error = drain(opened(kind, Harmful(WORLDS[kind](traces=0), lambda path, times: None)))
    assert isinstance(error, NoRunsError)
    assert "'p'" in str(error)


@pytest.mark.parametrize("kind", WORLDS)
def test_a_wrong_key(kind: str) -> None:
    refusing = httpx.MockTransport(lambda request: httpx.Response(401, text="Invalid token"))
    _, error = drain(opened(kind, refusing))
    assert isinstance(error, AuthenticationFailed)
    assert "\n" not in str(error)


@pytest.mark.parametrize("kind", WORLDS)
def test_a_wrong_name(kind: str) -> None:
    wrong = {"phoenix": {"project": "other"}, "mlflow": {"experiment": "other"}}[kind]
    world = WORLDS[kind]()

    def answer(request: httpx.Request) -> httpx.Response:
        if "other" in str(request.url) and "name_contains" not in str(request.url):
            return httpx.Response(404, json={"error_code": "RESOURCE_DOES_NOT_EXIST",
                                             "message": "no"})  # fmt: skip
        if request.url.path.endswith("experiments/search"):
            return httpx.Response(200, json={"experiments": [{"name": "p"}]})
        return world.answer(request)

    fetcher = make(kind, url="http://store.test", transport=httpx.MockTransport(answer), **wrong)
    _, error = drain(fetcher)
    assert isinstance(error, ExperimentNotFound), error
    assert "'other'" in str(error)
    assert "There are: 'p'" in str(error)


@pytest.mark.parametrize("kind", WORLDS)
def test_an_older_server(kind: str) -> None:
    world, target = WORLDS[kind](), PAGES[kind][0]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == target and kind == "phoenix":
            return httpx.Response(404, json={"detail": "Not Found"})
        if request.url.path == target:
            return httpx.Response(404, text="<!doctype html><title>404 Not Found</title>")
        if request.url.path == "/version":
            return httpx.Response(200, text="2.9.1")
        answered = world.answer(request)
        answered.headers["x-phoenix-server-version"] = "11.2.0"
        return answered

    _, error = drain(opened(kind, httpx.MockTransport(answer)))
    assert isinstance(error, SourceUnavailable)
    assert {"phoenix": "11.2.0", "mlflow": "2.9.1"}[kind] in str(error)
    assert "upgrade the server" in str(error)
