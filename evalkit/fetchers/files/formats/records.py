"""`records`: any log file becomes runs by a mapping of JMESPath expressions in the config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import ConfigError, DatasetError
from evalkit.fetchers.base import CheckLine, FetchContext, options_at
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.copies import Copies
from evalkit.fetchers.files.formats.known import detect
from evalkit.fetchers.files.formats.records_direct import EXAMPLE_ID, Direct
from evalkit.fetchers.files.formats.records_quick import BuiltRows, build_rows, is_plain
from evalkit.fetchers.files.mapping.build import Builder, Built
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.mapping.grouping import Groups
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.fetchers.files.mapping.targets import RUN_TARGETS
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile, size_of
from evalkit.fetchers.files.reading.places import NOWHERE
from evalkit.fetchers.files.reading.rows import Row, kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.numbers import Numbers
from evalkit.model.schema.batch import RunRows

if TYPE_CHECKING:
    from pydantic import BaseModel

BY_FILE = ("_path", "_filename")
"""What groups by the file: its runs are whole when it ends."""
LOOKED_AT = 4 << 20
"""Bytes up to which a file is looked at once more, whole: to find out what else would read it."""


def to_key(value: Any) -> str | None:
    """Return what groups lines as text; null, empty and what is no single value group nothing."""
    if isinstance(value, dict | list) or value is None or value == "":
        return None
    return str(value)


class RecordsFetcher(FileFetcher):
    """Reads JSON, JSON Lines, CSV or Parquet by a mapping."""

    Options: ClassVar[type[BaseModel]] = options_at(
        "evalkit.fetchers.files.formats.options", "RecordsOptions"
    )

    def __init__(self, options: Any, context: FetchContext) -> None:
        super().__init__(options, context)
        where = f"experiments.{self.who}"
        self._records = Expression(self.options.records, f"{where}.records")
        self._fields = FieldMap(self.options.fields, RUN_TARGETS, f"{where}.fields")
        self._builder = Builder(self._fields, self.options.source, self.repetitions)
        self._read = 0
        self._first: SourceFile | None = None
        self._group_by = self._optional(self.options.group_by, f"{where}.group_by")
        self._line_id = self._optional(self.options.line_id, f"{where}.line_id")
        told = "messages" in self._fields or "steps" in self._fields
        self._groups = Groups(self.options.combine, where, steps=not told)
        self._words: dict[str, str | None] = {}
        self._again = self.numbers["again"] = Numbers()
        self._copies = Copies(self._fields)
        self._at_once = False
        """Whether records become rows without a run."""
        self._direct: Direct | None = None

    @staticmethod
    def _optional(text: str | None, who: str) -> Expression | None:
        return None if text is None else Expression(text, who)

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the run of every record."""
        selection = self.begin(files, Findings() if self.piece else self.findings)
        for file in files:
            cells = kind_of(file) == "csv"
            row: Row | None = None
            try:
                for row in read_rows(file, selection, self.findings):
                    if self._apart is not None and self.is_other(row.value, row.places):
                        continue
                    self._read += 1
                    if self._group_by is None:
                        yield self._item(row, cells)
                    else:
                        self._gather(row)
            except ValueError as error:  # a function of `records` given what it cannot take
                raise DatasetError(f"{file.shown}: {self._records.who}: {error}.") from error
            if row is not None and row.number == 0 and row.line is None and selection.is_default:
                self._hint(row)
            if self.options.group_by in BY_FILE:
                yield from self._grouped(cells)
        if self._group_by is not None:
            yield from self._grouped(any(kind_of(file) == "csv" for file in files))

    def begin(self, files: list[SourceFile], heard: Findings) -> Selection:
        """Get ready for files, whether they are read here or elsewhere."""
        if self.options.dataset is not None:
            options = self.options.dataset
            self._builder.dataset = read_dataset(options, self.context, heard)
        selection = Selection(self._records)
        self._first = files[0]
        self._at_once = self.quick and is_plain(self._fields)
        whole = self._group_by is None and self._apart is None
        self._direct = Direct.of(self._builder) if self._at_once and whole else None
        elsewhere = self.elsewhere is not None
        self._copies.begin(files, selection, counted=whole, elsewhere=elsewhere, piece=self.piece)
        return selection

    def unspread(self, files: list[SourceFile]) -> str:
        """Every record is one run where none are grouped: files are read one by one."""
        return "" if self._group_by is None else "its records are grouped into runs"

    @property
    def splits(self) -> bool:
        """Whether groups of rows of a file can be read one by one: no number of a record counts."""
        return not self._fields.placed and self._apart is None

    def told(self) -> Any:
        """Return what was counted: of fields, and of the dataset."""
        dataset = self._builder.dataset
        fields = [field.told() for field in self._fields.fields]
        asked = None if dataset is None else dataset.told()
        return self._read, fields, self._builder.of_steps, asked

    def hear(self, told: Any) -> None:
        """Take in what was counted elsewhere."""
        read, fields, of_steps, asked = told
        self._read += read
        for field, of_field in zip(self._fields.fields, fields, strict=True):
            field.hear(of_field)
        self._builder.of_steps.update(of_steps)
        if self._builder.dataset is not None and asked is not None:
            self._builder.dataset.hear(asked)

    def _gather(self, row: Row) -> None:
        """Keep a line for the run it belongs to."""
        assert self._group_by is not None
        key = to_key(self._group_by(row.value, row.places))
        if key is None:
            self.findings.note(f"record without {self.options.group_by!r}, left out", row.where)
            return
        line = None if self._line_id is None else to_key(self._line_id(row.value, row.places))
        values = self._fields.values(row.value, row.where, self._places(row))
        self._groups.add(key, line, values, row.value, row.where)
        if (word := self._word(row)) is not None:
            self._words[key] = word

    def _grouped(self, cells: bool) -> Iterator[Item]:
        for key, values, fingerprint, where in self._groups.take():
            values.setdefault("run_id", key)
            yield self._built(values, fingerprint, where, self._words.get(key), cells)

    def _item(self, row: Row, cells: bool) -> Item:
        record, where = row.value, row.where
        if self._direct is not None and (direct := self._direct.rows(record)) is not None:
            return self._taken(direct, self._copies.mark(record), where, None)
        values = self._fields.values(record, where, self._places(row))
        if "run_id" in values:
            fingerprint = self._copies.mark(record)
        else:
            fingerprint = self._distinct(digest(record), where)
        return self._built(values, fingerprint, where, self._word(row), cells)

    def _built(
        self, values: dict[str, Any], fingerprint: str, where: str, word: str | None, cells: bool
    ) -> Item:
        built: Built | BuiltRows
        if self._at_once:
            built = build_rows(self._builder, values, fingerprint, where)
        else:
            built = self._builder.build(values, fingerprint, where, cells=cells)
        return self._taken(built, fingerprint, where, word)

    def _taken(
        self, built: Built | BuiltRows, fingerprint: str, where: str, word: str | None
    ) -> Item:
        """Return the item of a run; its example goes to the book."""
        run, example, theirs = built[:3]
        text = built.example_text if isinstance(built, BuiltRows) else None
        if not theirs:
            if isinstance(run, RunRows) and text is not None:
                self.book.add_text(run.row[EXAMPLE_ID], text)
            elif example is not None:
                self.book.add(example)
            else:
                self.findings.note("run that names no example", where)
                return Item(run, fingerprint, where, word)
            if self._builder.dataset is not None:
                self.findings.note("run whose example is not in the dataset", where)
        return Item(run, fingerprint, where, word)

    def _word(self, row: Row) -> str | None:
        """Return the status as it is written, where the configuration says what words mean."""
        if not self.context.statuses or "status" not in self._fields.by_name:
            return None
        word = self._fields.by_name["status"].expression(row.value, self._places(row))
        return str(word).lower() if isinstance(word, bool) else None if word is None else str(word)

    def _hint(self, row: Row) -> None:
        """Say so when a whole document was taken for one record though it holds lists of them."""
        if not isinstance(row.value, dict):
            return
        lists = [f"{name} ({len(value)})" for name, value in row.value.items() if _objects(value)]
        if lists and "messages" not in self._fields and "steps" not in self._fields:
            what = f"the document is one record; it holds lists of objects: {', '.join(lists)}"
            self.findings.note(f"{what}; `records` makes each of them a run", row.file.shown)

    def _places(self, row: Row) -> Mapping[str, Any]:
        return row.places if self._fields.placed else NOWHERE

    def _distinct(self, fingerprint: str, where: str) -> str:
        """Number equal records that name no run: equal answers are still as many runs."""
        before = self._again.next(fingerprint)
        if not before:
            return fingerprint
        self.findings.note("record equal to an earlier one, counted as a run of its own", where)
        return f"{fingerprint}-{before + 1}"

    def is_same(self, item: Item) -> bool:
        """Tell whether a record is a copy whose line was written in another way."""
        return self._copies.is_same(item.run.run_id)

    def contradiction(self, item: Item) -> None:
        """Two different records with one id: the mapping is wrong, not the data."""
        whole = self._fields.by_name["run_id"].expression.text
        raise ConfigError(
            f"{self._fields.who}.run_id: two different records have the id {item.run.run_id!r} "
            f"(the second: {item.where}). Add what tells them apart to the expression. Where "
            f"lines of one id are one run, write in the experiment: group_by = {whole!r}."
        )

    def settle(self) -> None:
        """Refuse fields that never gave anything; add the dataset's examples."""
        if self._read and self._group_by is None:
            self._fields.check(self._read, self.findings)
        elif self._read:
            self._fields.check_runs(self.tally.received, self._groups.given, self.findings)
            if self._groups.replaced:
                what = f"{self._groups.replaced:,} records came again under their `line_id`"
                self.findings.note(f"{what}: the last of each counts")
        for what, times in self._builder.of_steps.items():
            self.findings.note(f"steps: {what} ({times:,} x)")
        self._say_known()
        if self._builder.dataset is not None:
            if said := self._builder.dataset.ambiguity():
                self.findings.note(said)
            for example in self._builder.dataset.kept():
                self.book.add(example)

    def _say_known(self) -> None:
        """Say that files need no mapping, where it made repetitions of what may be none."""
        if self._group_by is None and self._first is not None and self._builder.repeats:
            if size_of(self._first) > LOOKED_AT:
                return
            with suppress(DatasetError):
                known = detect(self._first, self.who)
                self.findings.note(
                    f"several records answer one example; the format is known: {known.doc}. "
                    'fetcher = "files" reads it as its tool does'
                )

    def nothing(self, files: list[SourceFile]) -> str:
        """Say whether files are empty or `records` selects nothing."""
        if self._read or self.options.records == "@":
            return super().nothing(files)
        return (
            f"records = {self.options.records!r} selects nothing in {files[0].shown}. "
            "Use `@` for a list or lines, `*` for the values of an object, `a.b` for a list inside."
        )

    def inferred(self) -> list[str]:
        """Say which fields were derived because the mapping does not give them."""
        said = self._builder.inferred()
        if self._group_by is None or "run_id" in self._fields:
            return said
        return ["run_id: the value of group_by", *(s for s in said if not s.startswith("run_id"))]

    def check_format(self, files: list[SourceFile]) -> Iterator[CheckLine]:
        """Map the first record and say what came of it."""
        first = next(read_rows(files[0], Selection(self._records), self.findings), None)
        if first is None:
            yield CheckLine(False, f"{files[0].shown}: no record")
            return
        values = self._fields.values(first.value, first.where, self._places(first))
        missing = [field.name for field in self._fields.fields if field.name not in values]
        yield CheckLine(True, f"{first.where}: fields {', '.join(values)}")
        if missing:
            yield CheckLine(None, f"{first.where}: nothing for {', '.join(missing)}")


def _objects(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value)
