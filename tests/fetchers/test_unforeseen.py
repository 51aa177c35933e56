"""What a source holds that nobody foresaw is said in a line, and costs nothing before it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fetchers.langfuse.world import World
from fetchers.langgraph.helpers import drain, make_fetcher
from fetchers.langgraph.world import made_up

from evalkit.errors import IncompleteExperiment, NoRunsError, SourceUnavailable
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langfuse.fetcher import LangfuseFetcher
from evalkit.fetchers.unforeseen import guarded, looked_at


def breaking(error: Exception) -> Iterator[int]:
    yield 1
    raise error


@pytest.mark.parametrize(
    "error",
    [TypeError("an int\nis no list"), KeyError("id"), RecursionError(), NotImplementedError()],
)
def test_what_nobody_foresaw_comes_after_what_came(error):
    items = guarded(breaking(error), "nightly")
    came = [next(items)]
    with pytest.raises(IncompleteExperiment, match=type(error).__name__) as raised:
        next(items)
    assert came == [1]
    assert "nightly: " in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(SourceUnavailable, match="does not answer as it should"):
        list(looked_at(breaking(error), "nightly"))


@pytest.mark.parametrize("error", [NoRunsError("none"), IncompleteExperiment("short"),
                                   KeyboardInterrupt(), MemoryError()])  # fmt: skip
def test_what_was_meant_goes_through(error):
    with pytest.raises(type(error)) as raised:
        list(looked_at(breaking(error), "nightly"))
    assert raised.value is error


def test_an_odd_run_of_a_server_costs_no_other():
    world = made_up(threads=3)
    odd = next(iter(world.threads.values()))
    for each in odd.history:
        each["metadata"]["graph_id"] = ["no", "text"]
    runs, error = drain(make_fetcher(transport=world.transport(), sleep=lambda _: None))
    assert len(runs) == 2
    assert isinstance(error, IncompleteExperiment)


def test_an_odd_trace_of_langfuse_costs_no_other(monkeypatch):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-2")
    world = World()
    world.experiment("a", "b")
    world.observations[2]["usageDetails"] = [["input", 3]]
    world.observations[2]["tags"] = 7
    context = FetchContext(experiment="trial", base=None)
    options = {"experiment": "nightly", "url": "http://langfuse.test"}
    fetcher = LangfuseFetcher(options, context, httpx.MockTransport(world))
    runs = []
    with pytest.raises(IncompleteExperiment, match="not as Langfuse has it"):
        runs.extend(guarded(fetcher.runs(), "trial"))
