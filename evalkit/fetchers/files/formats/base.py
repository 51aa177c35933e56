"""What all fetchers of files share: finding files, counting, dropping copies, ending honestly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import EvalkitError, NoRunsError
from evalkit.fetchers.base import CheckLine, Counts, FetchContext, is_stored_as, options_at
from evalkit.fetchers.came import Came
from evalkit.fetchers.files.formats.spreadable import Spreadable, fingerprint_of
from evalkit.fetchers.files.mapping.apart import by_file, chosen, of_file
from evalkit.fetchers.files.mapping.examples import ExampleBook
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings, Hearing
from evalkit.fetchers.files.reading.paths import (
    URL,
    SourceFile,
    digest_of,
    find_files,
    marks_of,
)
from evalkit.fetchers.files.reading.plain import files_of
from evalkit.fetchers.files.reading.unpack import is_empty
from evalkit.fetchers.statuses import settled
from evalkit.fetchers.unforeseen import UNFORESEEN
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.batch import ExampleRow, RunRows, rows_of
from evalkit.model.schema.made import MadeRow
from evalkit.model.views import unread_forms

if TYPE_CHECKING:
    from pydantic import BaseModel

EVERY = 256
"""Runs between two reports of progress."""


class FileFetcher(Spreadable):
    """Base of the fetchers of files; a subclass reads items."""

    Options: ClassVar[type[BaseModel]] = options_at(
        "evalkit.fetchers.files.formats.options", "FileOptions"
    )
    on_repeat: ClassVar[str] = "error"

    def __init__(self, options: Any, context: FetchContext) -> None:
        if isinstance(options, Mapping):
            options = self.Options.model_validate(options)
        super().__init__()
        self.options = options
        self.context = context
        self.who = context.experiment
        self.findings = Findings()
        self.book = ExampleBook(self.findings)
        self.tally = Counts()
        self._came = Came()
        apart = self.options.experiments
        self._apart = Expression(apart, f"experiments.{self.who}.experiments") if apart else None
        self.quick = False
        """Whether formats may make rows without a run."""
        self._as_rows = False

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield every run of the files."""
        raise NotImplementedError

    def settle(self) -> None:
        """Check, after all items, what can only be known then."""

    def inferred(self) -> list[str]:
        """Say which fields were derived."""
        return []

    def contradiction(self, item: Item) -> None:
        """Handle a second, different record of a run; the first one is kept."""
        self.findings.note(
            "run recorded twice with different content; the first is kept", item.where
        )

    def runs(self) -> Iterator[Run]:
        """Yield new and changed runs; what was broken raises after everything that was not."""
        for made in self._arriving():
            assert not isinstance(made, RunRows)
            yield made  # type: ignore[misc]  # rows of a part, where others made them

    def rows(self) -> Iterator[RunRows | MadeRow]:
        """Yield the same as rows, made the quick way where the format has one."""
        self.make_rows()
        for made in self._arriving():
            assert not isinstance(made, Run)
            yield made

    def make_rows(self) -> None:
        """Let items become rows, the quick way where the format has one."""
        self._as_rows = True
        self.quick = not self.context.statuses and self._apart is None

    def _arriving(self) -> Iterator[Run | RunRows | MadeRow]:
        limit = int(self.options.max_record_mb * 1e6)
        found = find_files(self.options.path, self.context.base, self.who)
        files = [replace(file, limit=limit) for file in found]
        counts = self.tally
        files = self._without_empty(self._of_experiment(files))
        others = None if self.elsewhere is None else self.elsewhere(files)
        for item in self.readable(files) if others is None else others:
            run = self.made(item)
            if self._is_copy(item, run):
                counts.duplicates += 1
                continue
            if run.outcome == "running":
                counts.pending += 1
                continue
            counts.received += 1
            if counts.received % EVERY == 0:
                self.context.progress("runs", counts.received, None)
            stored = self.context.known.get(run.run_id)
            same = is_stored_as(run, stored) if isinstance(run, Run) else run.is_stored_as(stored)
            if same:
                counts.unchanged += 1
            else:
                yield run
        self.context.progress("runs", counts.received, counts.received)
        self._end(files)

    def readable(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the items of files; see `watched`."""
        return self.watched(self.items(files), files)

    def watched(
        self, items: Iterator[Item], files: list[SourceFile], before: str = ""
    ) -> Iterator[Item]:
        """Yield items up to one that no reader foresaw: a fault of the file, and told as one."""
        hearing = Hearing(self.findings)
        while True:
            try:
                with hearing:
                    item = next(items)
            except StopIteration:
                return
            except UNFORESEEN as error:
                self.unforeseen(f"{type(error).__name__}: {error}"[:200], before, files)
                return
            before = item.where
            yield item

    def unforeseen(self, said: str, before: str, files: list[SourceFile]) -> None:
        """Take down that nothing can be read after an item; empty: from the first file on."""
        where = f"after {before}" if before else files[0].shown
        self.findings.break_at(where, f"a record is not as its format has it ({said})")

    def _of_experiment(self, files: list[SourceFile]) -> list[SourceFile]:
        """Leave out the files of other experiments, where the file alone tells."""
        wanted = self.options.experiment
        if self._apart is None:
            return [replace(file, part=wanted) for file in files] if wanted else files
        if wanted is None or not by_file(self._apart):
            return files
        found = [file for file in files if of_file(self._apart, file) == wanted]
        if len(found) > 1 and self.options.experiments == "_filename":
            said = f"{len(found)} files of one name are one experiment; `_path` tells them apart"
            self.findings.note(said, found[1].shown)
        return found

    def is_other(self, value: Any, places: Any) -> bool:
        """Tell whether a record is of another experiment."""
        return self._apart is not None and not chosen(
            self._apart, self.options.experiment, value, places
        )

    def _without_empty(self, files: list[SourceFile]) -> list[SourceFile]:
        """Leave out files of zero bytes among others, and say so: a writer that was stopped."""
        if len(files) == 1:
            return files
        empty = [file for file in files if is_empty(file)]
        for file in empty if len(empty) < len(files) else ():
            self.findings.break_at(file.shown, "the file is empty")
        return [file for file in files if file not in empty] or files

    def made(self, item: Item) -> Run | RunRows | MadeRow:
        """Return what is yielded of an item."""
        if not isinstance(item.run, Run):
            return item.run
        run = settled(item.run, self.context.statuses, item.status)
        if not self._as_rows:
            return run
        rows = rows_of(run)
        rows.unread = unread_forms(run)
        return rows

    def _is_copy(self, item: Item, run: Run | RunRows | MadeRow) -> bool:
        same = self._came.same(run.run_id, fingerprint_of(item, run))
        if same is None:
            return False
        if not same and not self.is_same(item):
            self.contradiction(item)
        return True

    def is_same(self, item: Item) -> bool:
        """Tell whether an item with another fingerprint is of the record that its run came from."""
        return False

    def _end(self, files: list[SourceFile]) -> None:
        if not self.tally.received and not self.findings.broken_count:
            raise NoRunsError(f"{self.who}: {self.nothing(files)}")
        self.settle()
        self._hold_against_promise(files)
        self.findings.raise_if_broken(self.who, self.tally.received)

    def _hold_against_promise(self, files: list[SourceFile]) -> None:
        """Compare what came with what the files' own headers say there is."""
        there, promised = self.tally.received + self.tally.pending, self.tally.expected
        if promised is None or there == promised or self.findings.broken_count:
            return
        said = f"the header promises {promised:,} runs and {there:,} are there"
        if there < promised:
            self.findings.break_at(files[0].shown, said)
        else:
            self.findings.note(said, files[0].shown)

    def nothing(self, files: list[SourceFile]) -> str:
        """Say why there is nothing to evaluate."""
        shown = ", ".join(file.shown for file in files[:3]) + (", ..." if len(files) > 3 else "")
        if self.tally.pending:
            return f"{shown}: none of {self.tally.pending} runs has ended. Fetch again later."
        return f"{shown}: no run in {len(files)} file(s). Check `path`."

    def examples(self) -> Iterable[Example]:
        """Return the examples the runs answered."""
        return self.book

    def example_rows(self) -> Iterable[Example | ExampleRow]:
        """Return the same as rows."""
        return self.book.rows()

    def counts(self) -> Counts:
        """Return what was there, with what was found on the way."""
        self.tally.problems = self.findings.problems()
        self.tally.notes = self.findings.notes()
        self.tally.inferred = self.inferred()
        return self.tally

    def look(self) -> str | None:
        """Return a digest of all that will be read, dataset included; None: it is not known.

        Of a fetcher from elsewhere nobody knows what else it reads.
        """
        if not type(self).__module__.startswith("evalkit."):
            return None
        return digest_of(self._all_files())

    def marks(self) -> list[tuple[str, int, int, int]]:
        """Return what shows at a glance that no file changed while it was read."""
        return marks_of(self._all_files())

    def stamp(self) -> str:
        """Return what changes when a file does; empty where files lie elsewhere than here."""
        files = self._all_files()
        return "" if any(URL.match(each.url) for each in files) else repr(marks_of(files))

    def _all_files(self) -> list[SourceFile]:
        dataset = getattr(self.options, "dataset", None)
        where = getattr(dataset, "path", dataset)
        return files_of(self.options.path, where, self.context.base, self.who)

    def check(self) -> Iterator[CheckLine]:
        """Say which files there are and whether they open."""
        try:
            files = find_files(self.options.path, self.context.base, self.who)
        except EvalkitError as error:
            yield CheckLine(False, str(error))
            return
        yield CheckLine(True, f"{len(files)} file(s), the first is {files[0].shown}")
        yield from self.check_format(files)

    def check_format(self, files: list[SourceFile]) -> Iterator[CheckLine]:
        """Say what the files hold."""
        yield from ()
