"""Between frozen values and JSON: NaN never leaves, unknown keys never hurt."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn dataclasses, tuples and numpy scalars into JSON types; NaN and infinity become None."""
    if value is None or isinstance(value, str | bool):
        return value
    if dataclasses.is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def from_plain(kind: type[T], data: Any) -> T:
    """Rebuild a dataclass from its document; keys it does not know are ignored."""
    return typing.cast("T", _build(kind, data))


def _build(kind: Any, data: Any) -> Any:
    if data is None:
        return None
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _build(next(a for a in args if a is not type(None)), data)
    if origin is list:
        return [_build(args[0], item) for item in data]
    if origin is dict:
        return {key: _build(args[1], item) for key, item in data.items()}
    if origin is tuple:
        return tuple(_build(a, item) for a, item in zip(args, data, strict=False))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = [f.name for f in dataclasses.fields(kind) if f.name in data]
        return typing.cast("type", kind)(**{n: _build(hints[n], data[n]) for n in known})
    return float(data) if kind is float else data
