"""Plain: datasets and files of which only the paths are said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.fetchers.files.reading.paths import SourceFile, find_files
from evalkit.fetchers.plain import PlainOptions


def plain_dataset(path: str) -> PlainOptions:
    """Return the options of a dataset of which only the path is said."""
    return PlainOptions({"path": path}, {"records": "@", "fields": {}, "subset": False})


def files_of(path: Any, dataset: Any, base: Path, who: str) -> list[SourceFile]:
    """Return all files that a fetch reads, those of the dataset last."""
    found = [find_files(each, base, who) for each in (path, dataset) if each]
    return [file for files in found for file in files]
