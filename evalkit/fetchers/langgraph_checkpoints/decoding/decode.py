"""Decodes a blob by the name of its format: msgpack, JSON, raw bytes, nothing, or encrypted.

The serializer packs objects as `(module, name, arguments[, method])`, and its own loader imports
the module and calls it: whoever writes the database runs code where it is read. Here only the
arguments are kept, which for messages are the same dicts that a server sends. Pickles are refused.
"""

from __future__ import annotations

import json
from typing import Any

from evalkit.errors import ConfigError, RecordError
from evalkit.fetchers.langgraph_checkpoints.decoding.decrypt import decrypted
from evalkit.fetchers.langgraph_checkpoints.decoding.objects import (
    DELTA,
    DELTA_SNAPSHOT,
    UNREADABLE,
    object_of,
    plain,
)

EMPTY = ("null", "empty")
AES = "+aes"


def decode(kind: str | None, blob: bytes | None, where: str) -> Any:
    """Return the JSON-like value of a blob; `where` names it in the `RecordError` of a bad one."""
    if kind is None or kind in EMPTY or blob is None:
        return None
    if kind.endswith(AES):
        return decode(kind.removesuffix(AES), decrypted(bytes(blob), where), where)
    try:
        if kind == "msgpack":
            return plain(_unpack(bytes(blob)))
        if kind == "json":
            return plain(json.loads(blob))
    except (ValueError, RecursionError, IndexError, KeyError, TypeError) as error:
        raise RecordError(f"{where}: cannot be decoded ({error}).") from None
    if kind in ("bytes", "bytearray"):
        return plain(bytes(blob))
    raise RecordError(
        f"{where}: is stored as {kind!r}, which evalkit never loads: it could run code, or is "
        "encrypted in a way evalkit does not know. Write checkpoints with LangGraph's default "
        "serializer."
    )


def _unpack(blob: bytes) -> Any:
    try:
        import ormsgpack
    except ImportError:
        raise ConfigError(
            "langgraph-checkpoints: the package ormsgpack is missing. "
            'Install it with: pip install "evalkit-harness[checkpoints]".'
        ) from None
    option = ormsgpack.OPT_NON_STR_KEYS

    def hook(code: int, data: bytes) -> Any:
        parts = ormsgpack.unpackb(data, ext_hook=hook, option=option)
        if code == DELTA_SNAPSHOT:
            return {DELTA: parts}
        if code in UNREADABLE or not isinstance(parts, list | tuple) or len(parts) < 3:
            return {"unread": f"extension {code}", "size": len(data)}
        return object_of(code, *parts[:3])  # its module and name are compared, never looked up

    return ormsgpack.unpackb(blob, ext_hook=hook, option=option)
