"""Attachments of runs and examples: where they are, and their bytes when somebody asks."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.langsmith.fields import Payload, mapping_of


def attachments_of(payload: Payload, key: str = "s3_urls") -> dict[str, Any]:
    """Return name -> `{url, mime_type}`; nothing is downloaded."""
    found: dict[str, Any] = {}
    for name, place in mapping_of(payload, key).items():
        if name.startswith("attachment.") and isinstance(place, dict):
            found[name.removeprefix("attachment.")] = _place(place)
    for name, place in mapping_of(payload, "attachments").items():
        found[name] = {"url": place} if isinstance(place, str) else _place(place)
    return found


def _place(place: Any) -> dict[str, Any]:
    if not isinstance(place, dict):
        return {}
    url = place.get("presigned_url") or place.get("s3_url")
    entry = {"url": url, "mime_type": place.get("mime_type")}
    return {key: value for key, value in entry.items() if value is not None}
