"""Plain: options as they stand in the configuration, without pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.fetchers.files.reading.paths import SourceFile, find_files


class PlainOptions:
    """Options that are as they were written; those that were not are as by default."""

    def __init__(self, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._given = dict(given)
        self.__dict__.update({**defaults, **self._given})

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # for who checks types: keys are attributes

    def model_dump(self, *, exclude_unset: bool) -> dict[str, Any]:
        """Return what was given."""
        assert exclude_unset
        return dict(self._given)


def plain_dataset(path: str) -> PlainOptions:
    """Return the options of a dataset of which only the path is said."""
    return PlainOptions({"path": path}, {"records": "@", "fields": {}, "subset": False})


def files_of(path: Any, dataset: Any, base: Path, who: str) -> list[SourceFile]:
    """Return all files that a fetch reads, those of the dataset last."""
    found = [find_files(each, base, who) for each in (path, dataset) if each]
    return [file for files in found for file in files]
