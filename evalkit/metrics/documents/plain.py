"""Between frozen values and JSON: NaN never leaves, unknown keys never hurt."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable
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
    return typing.cast("T", _maker(typing.cast("Any", kind))(data))


Maker = Callable[[Any], Any]


@functools.cache  # a history holds thousands of values of a few dozen types
def _maker(kind: Any) -> Maker:
    """Return what makes a `kind` of its plain value; None stays None everywhere."""
    make = _made_of(kind)
    return make if make is _same else lambda data: None if data is None else make(data)


def _made_of(kind: Any) -> Maker:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _maker(next(a for a in args if a is not type(None)))
    if origin is tuple:
        parts = [_maker(a) for a in args]
        return lambda data: tuple(part(item) for part, item in zip(parts, data, strict=False))
    if origin is list:
        each = _maker(args[0])
        return lambda data: [each(item) for item in data]
    if origin is dict:
        value = _maker(args[1])
        return lambda data: {key: value(item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _instance(typing.cast("type", kind))
    return SCALARS.get(kind, _same)


def _instance(kind: type) -> Maker:
    hints = typing.get_type_hints(kind)
    makers = {f.name: _maker(hints[f.name]) for f in dataclasses.fields(kind)}
    return lambda data: kind(**{n: make(data[n]) for n, make in makers.items() if n in data})


def _same(data: Any) -> Any:
    return data


def _float(data: Any) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise TypeError(f"{data!r:.40} is no number")
    return float(data)


def _of(kind: type) -> Maker:
    def checked(data: Any) -> Any:
        if not isinstance(data, kind):
            raise TypeError(f"{data!r:.40} is no {kind.__name__}")
        return data

    return checked


SCALARS: dict[Any, Maker] = {float: _float, int: _of(int), str: _of(str), bool: _of(bool)}
"""A document may have been altered: what is no number must not become a figure."""
