"""Later: what dataclasses write for themselves is compiled when it is first called.

A dataclass compiles up to six functions when it is made, most of which nobody calls: a fifth of a
short command, over all classes of evalkit. Only `__init__` is nearly always called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

SELDOM = frozenset({"__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"})
OURS, TRAVELS = "evalkit.", "evalkit.executors."
"""Classes of others are as they ever were, and those that are sent elsewhere with their code."""
MAKER = "_create_fn"
"""What Python 3.11 and 3.12 make each function with; where there is none, nothing is put off."""

Make = Callable[..., Any]


def compile_later() -> None:
    """Let dataclasses of evalkit be made so in this process, which is a command's."""
    make: Make | None = getattr(dataclasses, MAKER, None)
    if make is not None:
        setattr(dataclasses, MAKER, putting_off(make))


def putting_off(make: Make) -> Make:
    """Return what makes functions as `make` does, some of them when they are called."""

    def made(name: str, *given: Any, **how: Any) -> Any:
        module = str((how.get("globals") or {}).get("__name__"))
        if name in SELDOM and module.startswith(OURS) and not module.startswith(TRAVELS):
            return _put_off(name, lambda: make(name, *given, **how))
        return make(name, *given, **how)

    return made


def _put_off(name: str, make: Callable[[], Any]) -> Any:
    """Return what stands for a function until its first call, which puts that in its place."""
    whole: list[Any] = []

    def method(self: Any, *given: Any) -> Any:
        if not whole:
            function = make()
            function.__qualname__ = method.__qualname__
            whole.append(function)
            for kind in type(self).__mro__:
                if vars(kind).get(name) is method:
                    setattr(kind, name, function)
        return whole[0](self, *given)

    method.__name__ = name
    return method
