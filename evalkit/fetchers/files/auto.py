"""`files`: finds out which known format files have, and reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel

from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.files.fetcher import FileFetcher, FileOptions
from evalkit.fetchers.files.formats import named, one_format
from evalkit.fetchers.files.item import Item
from evalkit.fetchers.files.paths import SourceFile


class AutoOptions(FileOptions):
    """Keys of an experiment with `fetcher = "files"`."""

    format: str | None = None
    """Name of the format. Default: found out from the files."""


class AutoFetcher(FileFetcher):
    """Reads any format evalkit knows by itself."""

    Options: ClassVar[type[BaseModel]] = AutoOptions

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the runs of the files."""
        known = self.options.format
        chosen = named(known, self.who) if known else one_format(files, self.who)
        yield from chosen.reader().read(files, self)

    def check_format(self, files: list[SourceFile]) -> Iterator[CheckLine]:
        """Say which format the files have."""
        yield CheckLine(True, f"format: {one_format(files, self.who).name}")
