"""Decodes what LangGraph's serializer wrote, as data only.

The serializer packs objects as `(module, name, arguments[, method])`, and its own loader imports
the module and calls it: whoever writes the database runs code where it is read. Here only the
arguments are kept, which for messages are the same dicts that a server sends. Pickles are refused.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

from evalkit.errors import ConfigError, RecordError

NUMPY = 6
"""The extension code of arrays, whose data is raw memory."""


def decode(kind: str | None, blob: bytes | None, where: str) -> Any:
    """Return the JSON-like value of a blob; `where` names it in the `RecordError` of a bad one."""
    if kind is None or kind == "null" or blob is None:
        return None
    try:
        if kind == "msgpack":
            return plain(_unpack(blob))
        if kind == "json":
            return plain(json.loads(blob))
    except (ValueError, RecursionError, IndexError, KeyError, TypeError) as error:
        raise RecordError(f"{where}: cannot be decoded ({error}).") from None
    if kind in ("bytes", "bytearray"):
        return plain(bytes(blob))
    raise RecordError(
        f"{where}: is stored as {kind!r}, which evalkit never loads: it could run code or is "
        "encrypted. Write checkpoints with LangGraph's default serializer."
    )


def _unpack(blob: bytes) -> Any:
    try:
        import ormsgpack
    except ImportError:
        raise ConfigError(
            "langgraph-checkpoints: the package ormsgpack is missing. "
            'Install it with: pip install "evalkit-harness[checkpoints]".'
        ) from None

    def hook(code: int, data: bytes) -> Any:
        parts = ormsgpack.unpackb(data, ext_hook=hook, option=ormsgpack.OPT_NON_STR_KEYS)
        if code == NUMPY or not isinstance(parts, list | tuple) or len(parts) < 3:
            return {"unread": f"extension {code}", "size": len(data)}
        return parts[2]  # parts[0] and parts[1] name what the data once was; never looked up

    return ormsgpack.unpackb(blob, ext_hook=hook, option=ormsgpack.OPT_NON_STR_KEYS)


def plain(value: Any) -> Any:
    """Return the value as JSON can hold it; LangChain's legacy envelopes become their arguments."""
    if isinstance(value, Mapping):
        if value.get("lc") in (1, 2) and value.get("type") == "constructor":
            return plain(value.get("kwargs") or value.get("args") or {})
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
