"""Spreadable: what a fetcher of files says and hears where others read its files, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.numbers import Numbers
from evalkit.model.run import Run
from evalkit.model.schema.batch import RunRows
from evalkit.model.schema.hashes import body_hash
from evalkit.model.schema.made import MadeRow

ENOUGH = 16
"""Bytes of a hash that tell copies from other runs; they are held for every run."""
Elsewhere = Callable[[list[SourceFile]], Iterator[Item] | None]
"""Yields the items of files that others read; None: they are to be read here after all."""


class Spreadable:
    """Base of fetchers of files; a subclass whose files can be read one by one says so."""

    options: Any

    def __init__(self) -> None:
        self.repetitions = Numbers()
        """The runs of each example until now."""
        self.numbers = {"repetitions": self.repetitions}
        """What is numbered by what came before, in files that may be read elsewhere."""
        self.elsewhere: Elsewhere | None = None
        """What has the files read by others."""
        self.piece = 0
        """Which of many pieces is read here; 0: there are none."""

    def begin(self, files: list[SourceFile], heard: Findings) -> Any:
        """Get ready for files, whether they are read here or elsewhere."""

    def chosen(self, files: list[SourceFile]) -> list[SourceFile]:
        """Return the files that count, and note which do not."""
        return files

    def rest(self) -> Iterator[Item]:
        """Yield what could only become runs when all files had been read."""
        yield from ()

    def unspread(self, files: list[SourceFile]) -> str:
        """Say why others cannot read these files one by one; empty where they can."""
        return "its files are read together"

    @property
    def splits(self) -> bool:
        """Whether groups of rows, or some lines, of a file can be read by themselves."""
        return True

    def settings(self) -> dict[str, Any]:
        """Return the options that read the same elsewhere."""
        found: dict[str, Any] = self.options.model_dump(exclude_unset=True)
        return found

    def told(self) -> Any:
        """Return what was counted beside the items, for `hear` of another one."""

    def hear(self, told: Any) -> None:
        """Take in what was counted elsewhere."""


def fingerprint_of(item: Item, run: Run | RunRows | MadeRow) -> str | bytes:
    """Return what tells copies of a run from other records of it."""
    if isinstance(run, MadeRow):
        return run.fingerprint
    if isinstance(run, RunRows) and not item.fingerprint:
        return (run.body or body_hash(run.row, run.steps))[:ENOUGH]
    return item.fingerprint
