"""Wording: a step as people read it, `search(q='x')`, short and safe to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from reprlib import Repr
from typing import Any

WIDTH = 60
ARGUMENTS = 8
BIG = 10**18
SMALL = (float, bool, type(None))

_repr = Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = WIDTH
_repr.maxlevel = 3


def wording(name: str, arguments: Any = None) -> str:
    """Return `name(key='value', ...)`; long values are cut and control characters escaped."""
    shown = _plain(name)
    if arguments is None:
        return shown
    if type(arguments) is dict or isinstance(arguments, Mapping):
        items = list(arguments.items())
        inside = ", ".join(
            f"{_plain(str(key))}={_shown(value)}" for key, value in items[:ARGUMENTS]
        )
        return f"{shown}({inside}{', …' if len(items) > ARGUMENTS else ''})"
    if isinstance(arguments, Sequence) and not isinstance(arguments, str):
        calls = [wording(each.name, each.arguments) for each in arguments if hasattr(each, "name")]
        return f"{shown}: {', '.join(calls)}" if calls else shown
    return f"{shown}({_shown(arguments)})"


def short(text: str, width: int = WIDTH) -> str:
    """Return `text` cut to `width` characters, with an ellipsis where it was cut."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _plain(text: str) -> str:
    if len(text) <= WIDTH and text.isprintable():
        return text
    return short(text if text.isprintable() else repr(text)[1:-1])


def _shown(value: Any) -> str:
    """Return the value as Python writes it; only what may be long takes the careful way."""
    kind = type(value)
    if kind is str:
        return repr(value) if len(value) <= WIDTH else _repr.repr(value)
    if kind is int:
        return str(value) if -BIG < value < BIG else _repr.repr(value)
    return repr(value) if kind in SMALL else _repr.repr(value)
