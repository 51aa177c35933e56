"""Travelling: the functions that are sent to workers, which may not have evalkit at all.

They travel by value, as if they stood in `__main__`, and take nothing but plain values and bytes: a
worker that cannot read a task ends itself without a word, and the task waits for ever. So a task
looks at what is there first, and says what is missing.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import FunctionType
from typing import Any

NEEDED = ("evalkit-harness", "pyarrow", "numpy", "orjson", "msgspec")
"""What has to be the same everywhere: it decides what is read, called and written."""


def needs() -> dict[str, str]:
    """Return what a worker must have: the version of Python, and of packages."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {"python": python, **{name: version(name) for name in NEEDED}}


def by_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as one that is pickled with its code, not by its name."""
    assert isinstance(function, FunctionType)
    scope: dict[str, Any] = {"__builtins__": builtins, "__name__": "__main__"}
    made = FunctionType(function.__code__, scope, f"evalkit_{function.__name__}")
    made.__module__, made.__qualname__ = "__main__", made.__name__
    return made


def answer(
    kind: str,
    scoring: str,
    needed: dict[str, str],
    variables: tuple[str, ...],
    errand: bytes,
    share: bytes,
) -> Any:
    """Do a share, or say (`kind` "look") whether shares can be done here.

    Returns a dict with `facts` and either `refused` or `report`. Runs where nothing of evalkit may
    be: everything is imported inside.
    """
    import importlib.metadata
    import os
    import socket
    import sys

    found = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
    for name in needed:
        if name != "python":
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found[name] = "none"
    from distributed import get_worker

    facts = {"address": get_worker().address, "host": socket.gethostname(), "versions": found}
    lacks = [
        f"has {name} {found[name]}, needed {needed[name]}"
        for name in needed
        if found[name] != needed[name]
    ]
    lacks += [f"{name} is not set" for name in variables if not os.environ.get(name)]
    if lacks:
        return {"facts": facts, "refused": "; ".join(lacks)}
    try:
        from evalkit.executors.there import called
    except BaseException as error:
        return {"facts": facts, "refused": f"evalkit cannot be imported: {error!r}"}
    return {"facts": facts, **called(kind, scoring, errand, share, get_worker())}


def end_scoring(scoring: str) -> None:
    """End what a scoring has left on a worker, on one that has done something for it."""
    import sys

    there = sys.modules.get("evalkit.executors.there")
    if there is not None:
        there.end_scoring(scoring)


def stop_scoring(scoring: str, dask_worker: Any) -> None:
    """Mark a scoring on a worker as one that should end with what it has."""
    dask_worker.__dict__.setdefault("evalkit_stopped", set()).add(scoring)
