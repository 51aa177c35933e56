"""LangSmith's files, of any of its shapes, become runs, traces put together from flat records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import DatasetError
from evalkit.fetchers.base import options_at
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.langsmith import shapes
from evalkit.fetchers.files.formats.langsmith.buckets import Buckets
from evalkit.fetchers.files.formats.langsmith.source import Source
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.mapping.examples import Dataset
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile, size_of
from evalkit.fetchers.files.reading.sample import sample_of

if TYPE_CHECKING:
    from pydantic import BaseModel

fits = shapes.fits
SOME = 8
"""Records of a page that are looked at before it is sent elsewhere."""
SPILL = 256 << 20
"""Bytes of input beyond which records wait on disk until their trace is whole."""


def read(
    files: list[SourceFile],
    reading: Reading,
    dataset: Dataset | None = None,
    *,
    session: str | None = None,
    spill: int = SPILL,
) -> Iterator[Item]:
    """Yield the runs of all files together: a trace may be spread over pages and files.

    `session` is the id or name of the experiment whose runs count; without it, runs of two raise
    `DatasetError`.
    """
    source = across(reading, dataset, session, spill=sum(map(size_of, files)) > spill)
    yield from source.items(files)
    yield from source.rest()


def across(
    reading: Reading,
    dataset: Dataset | None = None,
    session: str | None = None,
    *,
    spill: bool = False,
) -> Source:
    """Return what reads files and remembers what is not whole yet; with `spill` on disk."""
    return Source(reading, dataset, session, Buckets(spill=spill))


def together(file: SourceFile) -> str:
    """Say why a file cannot be read without the others: its traces are not whole in a record."""
    try:
        sample = sample_of(file)
    except DatasetError:  # too much in every line: said by who reads it, and others are read
        return ""
    first = islice(shapes.records(sample.first), SOME)
    if all(record.get("child_runs") for record in first if isinstance(record, Mapping)):
        return ""
    return f"{file.shown}: runs and their steps are records of their own, read together"


class LangSmithFiles(FileFetcher):
    """Reads what LangSmith's API, SDK, command line and exports leave in files."""

    Options: ClassVar[type[BaseModel]] = options_at(
        "evalkit.fetchers.files.formats.options", "LangSmithFileOptions"
    )
    _across: Source | None = None

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the runs of the files."""
        if self.piece:
            self.begin(files, Findings())
            assert self._across is not None
            return self._across.items(files)
        return read(files, self, self._dataset(self.findings), session=self.options.session)

    def _dataset(self, heard: Findings) -> Dataset | None:
        options = self.options.dataset
        return None if options is None else read_dataset(options, self.context, heard)

    def begin(self, files: list[SourceFile], heard: Findings) -> None:
        """Get ready for files, whether they are read here or elsewhere."""
        self._across = across(self, self._dataset(heard), self.options.session)

    def unspread(self, files: list[SourceFile]) -> str:
        """Say why runs are not whole in one record each; empty where they are."""
        if self._apart is not None:
            return "its records say which experiment they are of"
        return next(filter(None, map(together, files)), "")

    def told(self) -> Any:
        """Return what is not whole yet."""
        assert self._across is not None
        return self._across.told()

    def hear(self, told: Any) -> None:
        """Take in what was not whole elsewhere."""
        assert self._across is not None
        self._across.hear(told)

    def rest(self) -> Iterator[Item]:
        """Yield the runs of flat records."""
        assert self._across is not None
        return self._across.rest()

    def inferred(self) -> list[str]:
        """Say what LangSmith's files do not hold."""
        return ["repetition: counted per example"]
