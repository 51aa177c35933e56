"""Options of a server that are taken without pydantic are what its model makes of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.fetchers.langgraph.options import LangGraphOptions
from evalkit.fetchers.plain import ADDRESS, OF_LANGGRAPH, plain_server

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
HOSTS = st.sampled_from(["localhost", "127.0.0.1", "host", "a-b.example.com", "xn--a.com", "1.2"])
URLS = (
    st.from_regex(ADDRESS, fullmatch=True)
    | st.from_regex(r"https?://[a-z0-9.-]{1,12}(:[0-9]{0,5})?(/[a-z~]*){0,3}", fullmatch=True)
    | st.builds("http://{}:{}{}".format, HOSTS, st.integers(0, 70_000), st.sampled_from(["", "/"]))
    | st.builds("https://{}/{}".format, HOSTS, st.sampled_from(["", "a/b/", "a//", "é"]))
    | TEXTS
)
VALUES = (
    TEXTS | st.none() | st.booleans() | st.integers(0, 3) | st.floats()
    | st.lists(TEXTS, max_size=1)
)  # fmt: skip
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=2)
OPTIONS = st.fixed_dictionaries(
    {"url": URLS}, optional=dict.fromkeys([*OF_LANGGRAPH, "urls"], VALUES | OBJECTS)
)
FEW = st.fixed_dictionaries(
    {"url": URLS}, optional={"thread_metadata": OBJECTS, "assistant": TEXTS, "dataset": TEXTS}
)


def said(options: Any) -> dict[str, Any]:
    return {name: each for name, each in vars(options).items() if not name.startswith("_")}


@settings(deadline=None)
@given(options=OPTIONS | FEW)
def test_what_is_plain_is_what_the_model_makes_of_it(options: dict[str, Any]) -> None:
    plain = plain_server(options)
    if plain is not None:
        assert said(plain) == LangGraphOptions.model_validate(options).model_dump()


@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({"url": "http://127.0.0.1:8123"}, True),
        ({"url": "https://agents.my-team.example.com/prefix/"}, True),
        ({"url": "http://localhost:54321", "thread_metadata": {"experiment": "a"}}, True),
        ({"url": "http://localhost:2024", "assistant": "a", "dataset": "d.jsonl"}, True),
        ({"url": "http://localhost:2024", "dataset": " "}, False),
        ({"url": "http://localhost:2024", "thread_metadata": {"a": float("nan")}}, False),
        ({"url": "http://localhost:2024", "status": "success"}, False),
        ({"url": "http://localhost:70000"}, False),
        ({"url": "ftp://localhost"}, False),
        ({"url": "localhost:2024"}, False),
        ({"thread_metadata": {}}, False),
    ],
)
def test_only_what_nobody_could_refuse_is_plain(options: dict[str, Any], plain: bool) -> None:
    assert (plain_server(options) is not None) is plain
