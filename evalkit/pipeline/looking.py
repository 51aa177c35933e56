"""Looking: whether a source is as it was when it was fetched last, told by its bytes."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import evalkit
from evalkit.errors import EvalkitError
from evalkit.model.experiment import FORMAT_VERSION
from evalkit.project.config import Project

READS = ("fetchers", "model", "pipeline", "store")
"""Rooms whose code decides what becomes of a source."""


def source_digest(project: Project, name: str, fetcher: Any) -> str:
    """Return a digest of all that decides what a fetch stores; empty where it cannot be known.

    That is every byte of the source, every option (those that the manifest hides too), and the
    evalkit that reads: another release, or code that was edited, fetches anew.
    """
    look = getattr(fetcher, "look", None)
    bytes_read = look() if look is not None else None
    if bytes_read is None:
        return ""
    config = project.experiment(name)
    prices = {model: repr(table) for model, table in project.table.prices.items()}
    asked = [config.fetcher, config.options, config.statuses, config.on_repeat, prices, _table()]
    said = json.dumps([bytes_read, asked, FORMAT_VERSION, code_stamp(*READS)], default=repr)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _table() -> str:
    """Return which table of prices is installed: costs that nobody recorded are taken from it."""
    from importlib.metadata import PackageNotFoundError, version  # not for verbs that fetch nothing

    try:
        return version("genai-prices")
    except PackageNotFoundError:
        return ""


def marks(fetcher: Any) -> Any:
    """Return what shows that a source changed while it was read; None: it cannot be shown."""
    told = getattr(fetcher, "marks", None)
    try:
        return None if told is None else told()
    except (EvalkitError, OSError):
        return None  # what is wrong with the source is said when it is read


@cache
def code_stamp(*rooms: str) -> str:
    """Return what tells this code of evalkit from any other: its version, its files, its Python."""
    top = Path(evalkit.__file__).parent
    whole = hashlib.sha256(f"{evalkit.__version__} {sys.version}".encode())
    for room in rooms:
        for path in sorted((top / room).rglob("*")):
            if path.suffix != ".pyc" and path.is_file():
                about = path.stat()
                said = f"{path.relative_to(top)} {about.st_size} {about.st_mtime_ns}\n"
                whole.update(said.encode())
    return whole.hexdigest()
