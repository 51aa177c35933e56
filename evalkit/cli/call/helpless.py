"""Helpless: Arrow's functions without the text of their help, 40 ms of a command that computes.

`pyarrow.compute` writes that text for 300 functions when it is imported, from what it scrapes off
others. Nobody asks a command for it.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from importlib.machinery import ModuleSpec
from typing import Any

SCRAPER = "pyarrow.vendored.docscrape"
READER = "pyarrow.compute"


class Nothing:
    """Stands for the scraper: it finds nothing for Arrow, and is the real one for anybody else."""

    __spec__ = ModuleSpec(SCRAPER, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what Python's import looks for
            raise AttributeError(name)
        modules: dict[str, Any] = sys.modules
        # What Python's import itself goes by, to tell a module that is being loaded.
        loading = getattr(getattr(modules.get(READER), "__spec__", None), "_initializing", False)
        if name == "NumpyDocString" and loading:
            return _empty
        if modules.get(SCRAPER) is self:
            del modules[SCRAPER]
        return getattr(importlib.import_module(SCRAPER), name)


def _empty(_: str) -> dict[str, tuple[()]]:
    """Return the parts of a text, all empty."""
    return defaultdict(lambda: ())


def without_help() -> None:
    """Let Arrow be imported without it in this process, unless that has been done already."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault(SCRAPER, Nothing())
