"""One real LangGraph server for all tests that want one, in a folder that is thrown away."""

from collections.abc import Iterator

import pytest
from fetchers.langgraph.live import Application, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def app(server: str) -> Iterator[Application]:
    application = Application(server)
    with application.http:
        yield application
