"""Makes plain values of packed objects: what a LangGraph server would print for them.

An object comes as its module, its name and what it was made of, packed by msgpack or as one of
LangChain's JSON envelopes. The names are compared with a short list and never imported.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

DELTA_SNAPSHOT = 7
UNREADABLE = frozenset({6})
"""Extension codes of values that are raw memory: numpy's arrays."""
POSITIONAL, KEYWORDS = 1, 2
DELTA = "$delta"
"""Key that marks the snapshot of a delta channel until its channel is read."""
ROLES = {
    "HumanMessage": "human",
    "AIMessage": "ai",
    "AIMessageChunk": "ai",
    "ToolMessage": "tool",
    "SystemMessage": "system",
    "FunctionMessage": "function",
    "ChatMessage": "chat",
    "RemoveMessage": "remove",
}


def object_of(code: int, module: Any, name: Any, made_of: Any) -> Any:
    """Return the plain value of an object that msgpack packed under an extension code."""
    arguments = made_of if code == POSITIONAL and isinstance(made_of, list | tuple) else [made_of]
    keywords = made_of if code == KEYWORDS and isinstance(made_of, Mapping) else {}
    known = KNOWN.get((str(module), str(name)))
    if known is None:
        return made_of
    try:
        return known([] if keywords else list(arguments), keywords)
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return made_of  # not made the way we know


def plain(value: Any) -> Any:
    """Return the value as JSON can hold it; LangChain's envelopes become what they stand for."""
    if isinstance(value, Mapping):
        if value.get("lc") in (1, 2) and isinstance(value.get("type"), str):
            return _envelope(value)
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _envelope(value: Mapping[str, Any]) -> Any:
    kind, path = value["type"], value.get("id")
    if kind == "undefined":
        return None
    if kind == "not_implemented":
        return plain(value.get("repr") or {"unread": path})
    if kind == "secret":
        return {"secret": path}
    if kind != "constructor" or not isinstance(path, list) or not path:
        return {str(key): plain(item) for key, item in value.items()}
    arguments, keywords = value.get("args") or [], value.get("kwargs") or {}
    name = str(path[-1])
    known = KNOWN.get((".".join(map(str, path[:-1])), name)) or JAVASCRIPT.get(name)
    if known is not None and (len(path) > 1 or name in JAVASCRIPT):
        try:
            return plain(known(list(arguments), keywords))
        except (ValueError, TypeError, IndexError, ArithmeticError):
            pass  # not made the way we know
    made_of = plain(keywords or arguments)
    if isinstance(made_of, dict) and name in ROLES:
        made_of.setdefault("type", ROLES[name])  # JavaScript keeps who spoke in the name alone
    return made_of


def _date(arguments: list[Any], keywords: Mapping[str, Any]) -> str:
    return date(*arguments, **keywords).isoformat()


def _time(arguments: list[Any], keywords: Mapping[str, Any]) -> str:
    kept = {key: item for key, item in keywords.items() if key not in ("tzinfo", "fold")}
    zone = keywords.get("tzinfo")
    return time(*arguments[:4], **kept).isoformat() + (f"[{zone}]" if isinstance(zone, str) else "")


def _seconds(arguments: list[Any], keywords: Mapping[str, Any]) -> float:
    names = ("days", "seconds", "microseconds")
    parts = {**dict(zip(names, arguments, strict=False)), **keywords}
    return float(
        parts.get("days", 0) * 86400 + parts.get("seconds", 0) + parts.get("microseconds", 0) / 1e6
    )


def _uuid(arguments: list[Any], keywords: Mapping[str, Any]) -> str:
    digits = str(arguments[0] if arguments else keywords["hex"]).replace("-", "")
    if len(digits) != 32:
        raise ValueError(digits)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _number(arguments: list[Any], keywords: Mapping[str, Any]) -> int | float | str:
    text = str(arguments[0])
    try:
        return int(text)
    except ValueError:
        value = float(text)
    return value if math.isfinite(value) else text


def _first(arguments: list[Any], keywords: Mapping[str, Any]) -> Any:
    return arguments[0] if arguments else []


def _map(arguments: list[Any], keywords: Mapping[str, Any]) -> Any:
    pairs = arguments[0] if arguments else []
    named = all(isinstance(pair, list) and isinstance(pair[0], str) for pair in pairs)
    return dict(pairs) if named else pairs


def _bytes(arguments: list[Any], keywords: Mapping[str, Any]) -> Any:
    return bytes(arguments[0] if arguments else b"")


def _overwrite(arguments: list[Any], keywords: Mapping[str, Any]) -> Any:
    return {"value": keywords["value"] if keywords else arguments[0], "type": "__overwrite__"}


Reader = Callable[[list[Any], Mapping[str, Any]], Any]
KNOWN: dict[tuple[str, str], Reader] = {
    ("datetime", "date"): _date,
    ("datetime", "time"): _time,
    ("datetime", "timedelta"): _seconds,
    ("uuid", "UUID"): _uuid,
    ("decimal", "Decimal"): _number,
    ("re", "compile"): _first,
    ("builtins", "set"): _first,
    ("builtins", "frozenset"): _first,
    ("collections", "deque"): _first,
    ("langgraph.types", "Overwrite"): _overwrite,
}
JAVASCRIPT: dict[str, Reader] = {
    "Set": _first,
    "Map": _map,
    "RegExp": lambda arguments, keywords: "/{}/{}".format(*[*arguments, ""][:2]),
    "Uint8Array": _bytes,
}
