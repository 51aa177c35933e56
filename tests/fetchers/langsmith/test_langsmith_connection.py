"""Where the server is, who may ask it, and how often."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fetchers.langsmith_server.fixtures import Clock
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalkit.errors import AuthenticationFailed, ConfigError
from evalkit.fetchers.langsmith.api.connection import connect, split_endpoint, ui_of
from evalkit.fetchers.langsmith.api.limits import WindowLimit, v1_queries
from evalkit.fetchers.langsmith.api.options import LangSmithOptions

CLOUD = "https://api.smith.langchain.com"
NOWHERE = {"LANGSMITH_CONFIG_FILE": "/nonexistent/config.json"}


def opened(environ: dict[str, str], **options: Any) -> Any:
    options.setdefault("experiment", "x")
    return connect(LangSmithOptions.model_validate(options), {**NOWHERE, **environ})


@pytest.mark.parametrize(
    ("environ", "options", "root", "v1"),
    [
        ({}, {}, CLOUD, ""),
        ({"LANGSMITH_ENDPOINT": "https://h/api/v1/"}, {}, "https://h", "/api/v1"),
        ({"LANGSMITH_ENDPOINT": "https://h/api"}, {}, "https://h", "/api"),
        ({"LANGCHAIN_ENDPOINT": "https://old"}, {}, "https://old", ""),
        ({"LANGCHAIN_ENDPOINT": "https://old", "LANGSMITH_ENDPOINT": "https://new"}, {},
         "https://new", ""),
        ({"LANGSMITH_ENDPOINT": ' "https://quoted/" '}, {}, "https://quoted", ""),
        ({"LANGSMITH_ENDPOINT": "  "}, {}, CLOUD, ""),
        ({"LANGSMITH_ENDPOINT": "https://env"}, {"endpoint": "https://mine"}, "https://mine", ""),
        ({}, {"experiment": "https://eu.smith.langchain.com/o/t/projects/p/1"},
         "https://eu.api.smith.langchain.com", ""),
        ({}, {"experiment": "https://smith.langchain.com/o/t/projects/p/1"}, CLOUD, ""),
        ({}, {"experiment": "https://self.example/o/t/projects/p/1"}, "https://self.example",
         "/api"),
    ],
)  # fmt: skip
def test_where(environ: dict[str, str], options: dict[str, Any], root: str, v1: str) -> None:
    found = opened({"LANGSMITH_API_KEY": "k", **environ}, **options)
    assert (found.root, found.v1) == (root, v1)


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"LANGSMITH_API_KEY": " 'key' "}, {"x-api-key": "key"}),
        ({"LANGCHAIN_API_KEY": "old"}, {"x-api-key": "old"}),
        ({"LANGSMITH_API_KEY": "k", "LANGSMITH_WORKSPACE_ID": "w"},
         {"x-api-key": "k", "x-tenant-id": "w"}),
        ({"LANGSMITH_API_KEY": "k", "LANGSMITH_TENANT_ID": "w"},
         {"x-api-key": "k", "x-tenant-id": "w"}),
    ],
)  # fmt: skip
def test_who(environ: dict[str, str], headers: dict[str, str]) -> None:
    assert opened(environ).headers == headers


def write_profiles(folder: Path, current: str | None = None, **profiles: Any) -> dict[str, str]:
    path = folder / "config.json"
    path.write_text(json.dumps({"current_profile": current, "profiles": profiles}))
    return {"LANGSMITH_CONFIG_FILE": str(path)}


def test_profiles(tmp_path: Path) -> None:
    environ = write_profiles(
        tmp_path, "work",
        default={"api_key": "d", "api_url": "https://d"},
        work={"api_key": "w", "api_url": "https://w", "workspace_id": "ws"},
        named={"api_key_env": "MY_KEY"}, login={"oauth": {"access_token": "t"}}, empty={},
    )  # fmt: skip
    found = opened(environ)
    assert (found.root, dict(found.headers)) == (
        "https://w", {"x-api-key": "w", "x-tenant-id": "ws"},
    )  # fmt: skip
    assert opened({**environ, "LANGSMITH_PROFILE": "default"}).headers == {"x-api-key": "d"}
    assert opened(environ, profile="default").root == "https://d"
    assert opened({**environ, "MY_KEY": "n"}, profile="named").headers == {"x-api-key": "n"}
    assert opened(environ, profile="login").headers == {"authorization": "Bearer t"}
    assert opened({**environ, "LANGSMITH_API_KEY": "e"}).headers["x-api-key"] == "e"
    with pytest.raises(AuthenticationFailed, match="LANGSMITH_API_KEY"):
        opened(environ, profile="empty")
    with pytest.raises(ConfigError, match=r"'nobody'.*no such profile"):
        opened(environ, profile="nobody")


def test_profiles_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "config.json"
    broken.write_text("{")
    place = {"LANGSMITH_CONFIG_FILE": str(broken)}
    assert opened({**place, "LANGSMITH_API_KEY": "k"}).headers == {"x-api-key": "k"}
    with pytest.raises(ConfigError, match="cannot be read"):
        opened({**place, "LANGSMITH_PROFILE": "work"})
    with pytest.raises(ConfigError, match="does not exist"):
        opened({}, profile="work")


def test_no_key_and_no_address() -> None:
    with pytest.raises(AuthenticationFailed, match="no API key"):
        opened({})
    with pytest.raises(ConfigError, match="is no address"):
        opened({"LANGSMITH_API_KEY": "k", "LANGSMITH_ENDPOINT": "smith.langchain.com"})


@pytest.mark.parametrize(
    ("endpoint", "ui"),
    [
        (CLOUD, "https://smith.langchain.com"),
        ("https://eu.api.smith.langchain.com", "https://eu.smith.langchain.com"),
        ("https://apac.api.smith.langchain.com", "https://apac.smith.langchain.com"),
        ("https://eu.p.api.smith.langchain.com", "https://eu.smith.langchain.com"),
        ("https://self.example/api/v1", "https://self.example"),
        ("https://self.example:8443/api", "https://self.example:8443"),
        ("http://localhost:1984", "http://localhost"),
    ],
)
def test_pages_for_people(endpoint: str, ui: str) -> None:
    assert ui_of(endpoint) == ui
    assert "".join(split_endpoint(endpoint)) == endpoint


@pytest.mark.parametrize(
    "options",
    [{"experiment": ""}, {"experiment": "x", "api": "v3"}, {"experiment": "x", "page_size": 0},
     {"experiment": "x", "key": "secret"}, {"experiment": "x", "page_size": 1001}],
)  # fmt: skip
def test_options_that_are_none(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LangSmithOptions.model_validate(options)


NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "most"),
    [(None, None, 3), (8, None, 3), (6, None, 10), (200, 195, 10), (200, 190, 3), (7, None, 10)],
)
def test_tiers(start: int | None, end: int | None, most: int) -> None:
    days = [None if each is None else NOW - timedelta(days=each) for each in (start, end)]
    assert v1_queries(days[0], days[1], NOW) == most


@given(
    st.integers(1, 15),
    st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more(most: int, pauses: list[float]) -> None:
    clock = Clock()
    limit = WindowLimit(most, clock=clock)
    starts = []
    for pause in pauses:
        clock.now += pause
        clock.now += limit.reserve()
        starts.append(clock.now)
    for first, beyond in zip(starts, starts[most:], strict=False):
        assert beyond - first >= 10.0


def test_the_first_ones_go_at_once() -> None:
    limit = WindowLimit(3, clock=Clock())
    assert [limit.reserve() for _ in range(3)] == [0, 0, 0]
    assert limit.reserve() > 10


def test_a_told_pause_holds() -> None:
    clock = Clock()
    limit = WindowLimit(3, clock=clock)
    limit.pause(4)
    assert limit.reserve() == pytest.approx(4)
