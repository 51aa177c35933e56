"""Plain: options as they stand in the configuration, taken without pydantic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

OF_LANGGRAPH: dict[str, Any] = {
    "thread_metadata": {}, "run_metadata": {}, "assistant": None, "status": None, "since": None,
    "until": None, "limit": None, "dataset": None, "example_id": "example_id",
    "repetition": "repetition", "outputs": "state", "subgraphs": True, "spans": None,
    "retrievers": None, "headers": {}, "api_key_env": None, "concurrency": 8,
    "requests_per_second": None, "timeout": 30, "wait_seconds": 3600, "verify": True,
    "cert": None, "proxy": None,
}  # fmt: skip
"""What keys of a LangGraph server say that are not given."""
TEXTS = frozenset({"assistant", "example_id", "repetition", "spans", "api_key_env"})
METADATA = frozenset({"thread_metadata", "run_metadata"})
LABEL = "(?!xn--)[a-z](?:[a-z0-9-]*[a-z0-9])?"
PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}"
ADDRESS = re.compile(
    rf"https?://(?:127\.0\.0\.1|{LABEL}(?:\.{LABEL})*)(?::(?:{PORT}))?(?:/[A-Za-z0-9_-]+)*/?"
)
"""Addresses that nobody could refuse."""


class PlainOptions:
    """Options that are as they were written; those that were not are as by default."""

    def __init__(self, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._given = dict(given)
        self.__dict__.update({**defaults, **self._given})

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # for who checks types: keys are attributes

    def model_dump(self, *, exclude_unset: bool) -> dict[str, Any]:
        """Return what was given."""
        assert exclude_unset
        return dict(self._given)


def plain_server(options: Mapping[str, Any]) -> PlainOptions | None:
    """Return the options of a LangGraph server where they are plain; None: its model reads them."""
    if "url" not in options or not all(_is_plain(*each) for each in options.items()):
        return None
    return PlainOptions({**options, "url": options["url"].rstrip("/")}, OF_LANGGRAPH)


def _is_plain(key: str, value: Any) -> bool:
    if key == "url":
        return type(value) is str and ADDRESS.fullmatch(value) is not None
    if key == "dataset":
        return type(value) is str and bool(value.strip())
    if key in METADATA:
        return type(value) is dict and all(type(e) in (str, int, bool) for e in value.values())
    return key in TEXTS and type(value) is str
