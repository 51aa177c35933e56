"""Servers, fetchers and SDK clients for the LangSmith tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import Clock, environ_of, experiment_of
from fetchers.langsmith_server.serve import LangSmithServer

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langsmith.fetcher import LangSmithFetcher


@pytest.fixture
def serve() -> Iterator[Callable[..., LangSmithServer]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda world, backend="v1": stack.enter_context(LangSmithServer(world, backend))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_fetcher(serve: Any, clock: Clock) -> Iterator[Callable[..., LangSmithFetcher]]:
    """Make fetchers of a server's first experiment; options and context by keyword."""
    made: list[LangSmithFetcher] = []

    def make(
        server: LangSmithServer,
        *,
        known: dict[str, str] | None = None,
        wait: bool = False,
        environ: dict[str, str] | None = None,
        **options: Any,
    ) -> LangSmithFetcher:
        options.setdefault("experiment", experiment_of(server.world))
        fetcher = LangSmithFetcher(
            LangSmithFetcher.Options.model_validate(options),
            FetchContext("rerank", Path(), known=known or {}, wait=wait),
            environ=environ_of(server) if environ is None else environ,
            clock=clock,
            sleep=clock.sleep,
        )
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.counts()


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
