"""Keeps pyarrow from importing pandas, a third of a second, before anybody asks for a frame.

The first array made from Python values makes pyarrow look whether pandas is there, by importing it,
and dateutil, whose spans of time evalkit has none of. Answering "not now" once is enough:
`to_pandas` looks again and finds pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

import pyarrow as pa


class _NotNow:
    """A finder of modules, without the base class: `importlib.abc` loads twenty modules."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        if name in ("pandas", "dateutil"):
            raise ModuleNotFoundError(f"{name} is imported when it is asked for", name=name)


def put_off_pandas() -> None:
    """Let pyarrow look for pandas now, and not find it; nothing happens if it is there already."""
    if "pandas" in sys.modules:
        return
    finder = _NotNow()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(finder)
