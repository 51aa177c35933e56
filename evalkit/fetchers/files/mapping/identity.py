"""Stable names for values that have none."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

from evalkit.model.schema.content import dumps


def digest(value: Any) -> str:
    """Return a short name of a JSON value: the same tomorrow, and whatever the order of keys."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        text = dumps(value)
    return blake2b(text, digest_size=8).hexdigest()
