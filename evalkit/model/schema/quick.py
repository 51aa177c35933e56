"""Quick values: what quick converters ask of payloads that stay the text they came as."""

from __future__ import annotations

from msgspec import Raw

NULL = Raw(b"null")
FALSY = frozenset({b"null", b'""', b"[]", b"{}", b"0", b"0.0", b"-0.0", b"false"})
"""All values that are false, as orjson writes them."""


def given(raw: Raw) -> bool:
    """Tell whether a field of a record holds anything."""
    return raw is not NULL and bytes(raw) not in FALSY
