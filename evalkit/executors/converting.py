"""Converting: files become parts of a store on the workers that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.pieces.piece import Piece, Pieced
from evalkit.fetchers.files.pieces.planned import size_of_bytes
from evalkit.fetchers.files.pieces.reader import PieceReader
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.pricing import Price, Pricer
from evalkit.model.schema.made import MadePart
from evalkit.scoring.shares.place import Place
from evalkit.store.disk.encode import PartBuilder
from evalkit.store.disk.parts import PART_ROWS

EVERY = 64
"""Runs between two questions whether somebody still wants them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchErrand:
    """What all pieces of one fetch have in common."""

    fetcher: str
    """Module and name of its class."""
    options: Mapping[str, Any]
    experiment: str
    base: Path
    statuses: Mapping[str, str]
    prices: Mapping[str, Price] | None
    """None: rows are made the quick way, without costs that nobody recorded."""
    files: tuple[tuple[SourceFile, int], ...] = ()
    """Every file with its bytes here, for a look."""
    packages: Mapping[str, str] = field(default_factory=dict)
    move: tuple[Path, Path] | None = None
    """The project's folder where the files were listed, and where they are read."""
    what: ClassVar[str] = "read the files"

    def for_shares(self) -> FetchErrand:
        """Return it without the list of all files."""
        return replace(self, files=())

    def moved(self, old: Path, new: Path) -> FetchErrand:
        """Return it for machines that have the project in another folder."""
        return replace(self, base=_moved(self.base, old, new), move=(old, new))

    def refusal(self, place: Place) -> str:
        """Say which file cannot be read here, or is another one than where they were listed."""
        if not self.base.is_dir():
            return f"has no project at {self.base}"
        for file, size in self.files:
            here = self._here(file)
            try:
                with open_raw(here):
                    there = size_of_bytes(here)
            except EvalkitError as error:
                return str(error).rstrip(".")
            if there != size and not file.growing:
                return f"{file.shown}: has {there:,} bytes here instead of {size:,}"
        return ""

    def do(self, share: Piece, place: Place) -> Pieced:
        """Read a piece, and encode the runs that are in it."""
        reader = self._reader(share)
        parts: list[MadePart] = []
        builder = PartBuilder()
        for number, rows in enumerate(reader.rows()):
            if number % EVERY == 0 and place.stopped():
                return share.undone()
            builder.add(rows.row, rows.steps)
            if builder.rows >= PART_ROWS:
                parts.append(_made(builder))
                builder = PartBuilder()
        if builder.rows:
            parts.append(_made(builder))
        reader.pieced.parts = parts
        return reader.pieced

    def _reader(self, piece: Piece) -> PieceReader:
        module, _, name = self.fetcher.partition(":")
        kind: type[FileFetcher] = getattr(import_module(module), name)
        context = FetchContext(experiment=self.experiment, base=self.base, statuses=self.statuses)
        priced = None if self.prices is None else Pricer(self.prices).priced
        here = replace(piece, files=tuple(map(self._here, piece.files)))
        return PieceReader(kind, self.options, context, here, priced)

    def _here(self, file: SourceFile) -> SourceFile:
        if self.move is None or not Path(file.url).is_absolute():
            return file
        return replace(file, url=str(_moved(Path(file.url), *self.move)))


def _made(builder: PartBuilder) -> MadePart:
    part, data = builder.finish(0)
    return MadePart(data, part.rows, part.recorded or 0)


def _moved(path: Path, old: Path, new: Path) -> Path:
    return new / path.relative_to(old) if path.is_relative_to(old) else path
