"""One server of each kind for all tests that want one, filled once."""

from collections.abc import Iterator

import httpx
import pytest
from fetchers.trace_stores.servers import Store, running, until

APPLICATIONS = ("langgraph", "openai", "agents", "pydantic")
PROJECT, TRACES = "applications", 9
"""How many traces the four applications leave."""


@pytest.fixture(scope="session")
def phoenix() -> Iterator[Store]:
    with running("phoenix") as store:
        if not traces_in_phoenix(store, PROJECT):
            store.record(PROJECT, *APPLICATIONS)
            store.record("nightly", "experiment")
        until(lambda: traces_in_phoenix(store, PROJECT) == TRACES, 120)
        yield store


@pytest.fixture(scope="session")
def mlflow() -> Iterator[Store]:
    with running("mlflow") as store:
        found = httpx.get(f"{store.url}/api/2.0/mlflow/experiments/get-by-name",
                          params={"experiment_name": PROJECT}, timeout=60)  # fmt: skip
        if found.status_code == 404:
            store.record(PROJECT, *APPLICATIONS)
        yield store


def traces_in_phoenix(store: Store, project: str) -> int:
    found = httpx.get(
        f"{store.url}/v1/projects/{project}/traces", params={"limit": 1000}, timeout=60
    )
    return len(found.json()["data"]) if found.status_code == 200 else 0
