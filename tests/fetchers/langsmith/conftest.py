"""Servers, fetchers and SDK clients for the LangSmith tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fetchers.langsmith_server.serve import LangSmithServer
from fetchers.langsmith_server.world import World

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.fetcher import LangSmithFetcher

BACKENDS = ("v1", "dual", "v2")


@pytest.fixture
def serve() -> Iterator[Callable[..., LangSmithServer]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda world, backend="v1": stack.enter_context(LangSmithServer(world, backend))


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def environ_of(server: LangSmithServer, **more: str) -> dict[str, str]:
    return {
        "LANGSMITH_ENDPOINT": server.url,
        "LANGSMITH_API_KEY": "lsv2_pt_secret_key",
        "LANGSMITH_CONFIG_FILE": "/nonexistent/config.json",
        **more,
    }


@pytest.fixture
def open_fetcher(clock: Clock) -> Callable[..., LangSmithFetcher]:
    """Make a fetcher of a server's first experiment; options and context by keyword."""

    def make(
        server: LangSmithServer,
        *,
        known: dict[str, str] | None = None,
        wait: bool = False,
        environ: dict[str, str] | None = None,
        **options: Any,
    ) -> LangSmithFetcher:
        options.setdefault("experiment", experiment_of(server.world))
        return LangSmithFetcher(
            LangSmithFetcher.Options.model_validate(options),
            FetchContext("rerank", Path(), known=known or {}, wait=wait),
            environ=environ_of(server) if environ is None else environ,
            clock=clock,
            sleep=clock.sleep,
        )

    return make


def experiment_of(world: World) -> str:
    return str(next(iter(world.sessions.values()))["name"])


@pytest.fixture
def sdk() -> Callable[[LangSmithServer], Any]:
    """Make a client of the real SDK."""
    langsmith = pytest.importorskip("langsmith", reason="the LangSmith SDK is the oracle here")

    def make(server: LangSmithServer) -> Any:
        return langsmith.Client(
            api_url=server.url,
            api_key="lsv2_pt_secret_key",
            workspace_id="11111111-1111-1111-1111-111111111111",
        )

    return make
