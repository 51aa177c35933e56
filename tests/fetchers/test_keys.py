"""Which key goes to a server, and in which header."""

from typing import Any

import pytest

from evalkit.errors import ConfigError
from evalkit.fetchers.http.options import ServerOptions, bearer

SET = {"USUAL": " 'u' ", "OTHER": "o{}", "EMPTY": " "}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"authorization": "Bearer u"}),
        ({"api_key_env": "OTHER"}, {"authorization": "Bearer o{}"}),
        ({"headers": {"x": "$OTHER"}}, {"x": "o{}", "authorization": "Bearer u"}),
        (
            {"headers": {"x": "${OTHER}", "Authorization": "Basic b"}},
            {"x": "o{}", "Authorization": "Basic b"},
        ),
    ],
)
def test_a_key_is_sent_once(given: dict[str, Any], sent: dict[str, str]) -> None:
    assert bearer(ServerOptions(**given), ("EMPTY", "USUAL"), SET) == sent


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"api_key_env": "EMPTY"}, "api_key_env: EMPTY is not set"),
        ({"headers": {"x": "$NONE"}}, r"headers: \$NONE is not set"),
    ],
)
def test_what_is_named_and_not_set_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        bearer(ServerOptions(**given), ("USUAL",), SET)


def test_without_a_key_nothing_is_sent() -> None:
    assert bearer(ServerOptions(), ("NONE",), SET) == {}
