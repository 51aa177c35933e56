"""Attachments of runs and examples: where they are, and their bytes when somebody asks."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.langsmith.convert.fields import Payload, mapping_of


def attachments_of(payload: Payload, key: str = "s3_urls", base: str = "") -> dict[str, Any]:
    """Return name -> `{url, mime_type}`; nothing is downloaded.

    A self-hosted server gives addresses relative to its API, which is `base`.
    """
    found: dict[str, Any] = {}
    for name, place in mapping_of(payload, key).items():
        if name.startswith("attachment.") and isinstance(place, dict):
            found[name.removeprefix("attachment.")] = _place(place, base)
    for name, place in mapping_of(payload, "attachments").items():
        found[name] = _place({"presigned_url": place} if isinstance(place, str) else place, base)
    return found


def _place(place: Any, base: str) -> dict[str, Any]:
    if not isinstance(place, dict):
        return {}
    url = place.get("presigned_url") or place.get("s3_url")
    if base and isinstance(url, str) and url.startswith("/"):
        url = base + url
    entry = {"url": url, "mime_type": place.get("mime_type")}
    return {key: value for key, value in entry.items() if value is not None}
