"""Telling: a document sent to a webhook, whose address is a secret and is never said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalkit.errors import ConfigError, SourceUnavailable
from evalkit.fetchers.http.transport import httpx

SECONDS = 15.0


def post_document(url: str, document: Mapping[str, Any], transport: Any = None) -> None:
    """POST a document as JSON; raises `SourceUnavailable` when it is not taken.

    Its `text` is what chat systems show.
    """
    where = _host(url)
    try:
        with httpx.Client(timeout=SECONDS, transport=transport) as client:
            answer = client.post(url, json=dict(document))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailable(
            f"webhook of {where}: {type(error).__name__}. It is called again with the next poll."
        ) from None
    if not answer.is_success:
        raise SourceUnavailable(
            f"webhook of {where}: answers {answer.status_code}. "
            "It is called again with the next poll."
        )


def refuse_webhook(url: str) -> None:
    """Raise `ConfigError` for what is no address of a webhook."""
    if not re.match(r"https?://[^/\s]+", url):
        raise ConfigError("webhook: is no http:// or https:// address. Correct it.")


def _host(url: str) -> str:
    found = re.match(r"https?://(?:[^/@\s]*@)?([^/?#\s]+)", url)
    return found[1] if found else "an address that is none"
