"""`files`: finds out which known format files have, and reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

from pydantic import BaseModel

from evalkit.errors import ConfigError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.files.formats.base import FileFetcher, FileOptions
from evalkit.fetchers.files.formats.known import named, one_format
from evalkit.fetchers.files.mapping.apart import by_file
from evalkit.fetchers.files.mapping.dataset import DatasetOptions, read_dataset
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.model.example import Example


class AutoOptions(FileOptions):
    """Keys of an experiment with `fetcher = "files"`."""

    format: str | None = None
    """Name of the format. Default: found out from the files."""
    dataset: str | DatasetOptions | None = None
    """A file with the examples, joined by id, else by equal inputs."""


class AutoFetcher(FileFetcher):
    """Reads any format evalkit knows by itself."""

    Options: ClassVar[type[BaseModel]] = AutoOptions
    _counted = False

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the runs of the files."""
        if self._apart is not None and not by_file(self._apart):
            raise ConfigError(
                f"experiments.{self.who}.experiments: files of a known format are told apart by "
                "`_filename` or `_path`; what records say needs `records`."
            )
        known = self.options.format
        chosen = named(known, self.who) if known else one_format(files, self.who)
        self._counted = chosen.counts_repetitions
        yield from chosen.reader().read(files, self)

    def inferred(self) -> list[str]:
        """Say what the format does not hold."""
        return ["repetition: counted per example"] if self._counted else []

    def examples(self) -> Iterable[Example]:
        """Return the examples, with what the dataset says of them under the ids the runs use."""
        if self.options.dataset is None:
            yield from self.book
            return
        dataset = read_dataset(self.options.dataset, self.context, self.findings)
        for example in self.book:
            theirs = dataset.find(example.example_id, example.inputs)
            if theirs is None:
                self.findings.note("example that is not in the dataset", example.example_id)
                yield example
            else:
                yield replace(theirs, example_id=example.example_id)
        if said := dataset.ambiguity():
            self.findings.note(said)
        yield from dataset.unanswered()

    def check_format(self, files: list[SourceFile]) -> Iterator[CheckLine]:
        """Say which format the files have."""
        yield CheckLine(True, f"format: {one_format(files, self.who).name}")
