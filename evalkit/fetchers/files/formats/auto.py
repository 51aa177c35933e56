"""`files`: finds out which known format files have, and reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import ConfigError
from evalkit.fetchers.base import CheckLine, options_at
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.known import Across, Format, named, one_format
from evalkit.fetchers.files.mapping.apart import by_file
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.model.example import Example
from evalkit.model.schema.batch import ExampleRow

if TYPE_CHECKING:
    from pydantic import BaseModel


class AutoFetcher(FileFetcher):
    """Reads any format evalkit knows by itself."""

    Options: ClassVar[type[BaseModel]] = options_at(
        "evalkit.fetchers.files.formats.options", "AutoOptions"
    )
    _counted = False
    _format: Format | None = None
    _across: Across | None = None

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the runs of the files."""
        if self._apart is not None and not by_file(self._apart):
            raise ConfigError(
                f"experiments.{self.who}.experiments: files of a known format are told apart by "
                "`_filename` or `_path`; what records say needs `records`."
            )
        reader = self._chosen(files).reader()
        if self.piece and hasattr(reader, "across"):
            self._across = reader.across(self)
            yield from self._across.items(files)
        else:
            yield from reader.read(files, self)

    def _chosen(self, files: list[SourceFile]) -> Format:
        if self._format is None:
            known = self.options.format
            self._format = named(known, self.who) if known else one_format(files, self.who)
            self._counted = self._format.counts_repetitions
        return self._format

    def unspread(self, files: list[SourceFile]) -> str:
        """Say whether the format is one whose files are read one by one."""
        if self._apart is not None and not by_file(self._apart):
            return "its records say which experiment they are of"
        chosen = self._chosen(files)
        if not chosen.by_file:
            said = f"files of the format {chosen.name} are read together"
            return f"{said}: a run may be spread over several of them"
        together = getattr(chosen.reader(), "together", None)
        return "" if together is None else next(filter(None, map(together, files)), "")

    def chosen(self, files: list[SourceFile]) -> list[SourceFile]:
        """Return the files that count for their format."""
        choose = getattr(self._chosen(files).reader(), "chosen", None)
        found: list[SourceFile] = files if choose is None else choose(files, self)
        return found

    def begin(self, files: list[SourceFile], heard: Findings) -> None:
        """Get ready for files that are read elsewhere."""
        make = getattr(self._chosen(files).reader(), "across", None)
        self._across = None if make is None else make(self)

    def told(self) -> Any:
        """Return what the format's reader remembers."""
        return None if self._across is None else self._across.told()

    def hear(self, told: Any) -> None:
        """Take in what it remembers elsewhere."""
        if self._across is not None:
            self._across.hear(told)

    def rest(self) -> Iterator[Item]:
        """Yield what its reader can only make of all files."""
        return iter(()) if self._across is None else self._across.rest()

    @property
    def splits(self) -> bool:
        """Whether lines of a file can be read by themselves."""
        return self._format is not None and self._format.by_line

    def settings(self) -> dict[str, Any]:
        """Return the options with the format that was found out."""
        found = {} if self._format is None else {"format": self._format.name}
        return super().settings() | found

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

    def example_rows(self) -> Iterable[Example | ExampleRow]:
        """Return the same, as rows where nothing else is said of them."""
        return super().example_rows() if self.options.dataset is None else self.examples()

    def check_format(self, files: list[SourceFile]) -> Iterator[CheckLine]:
        """Say which format the files have."""
        yield CheckLine(True, f"format: {one_format(files, self.who).name}")
