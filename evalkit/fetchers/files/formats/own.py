"""evalkit's own JSON Lines: one run or example a line, checked field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.errors import RecordError
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.numbers import Numbers
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.batch import Odd, RunRows, parsed

OURS = {"example_id", "inputs", "outputs", "steps", "status", "error", "feedback"}
"""Keys of which a run of ours has at least one."""
NOT_OURS = {"run_type", "trace_id", "dotted_order"}
"""Keys of LangSmith's command line, whose records say `run_id` too."""


def fits(sample: Sample) -> bool:
    """Tell whether the first object is a run or an example of ours."""
    if sample.kind not in ("json", "lines"):
        return False
    if sample.first.get("kind") == "example":
        return True
    first = sample.first.keys()
    return "run_id" in first and bool(first & OURS) and not first & NOT_OURS


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield the runs; examples go to the book, records that do not fit to the findings."""
    repetitions = reading.repetitions
    quick = QuickLines(repetitions).line if reading.quick else None
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings, quick):
            if type(row.value) is RunRows:
                yield Item(row.value, "", row.where)
                continue
            try:
                found = _checked(_numbered(row.value, repetitions, row.where), row.where)
            except RecordError as error:
                reading.findings.break_at(row.where, str(error).removeprefix(f"{row.where}: "))
                continue
            if isinstance(found, Example):
                reading.book.add(found)
            else:
                yield Item(found, "" if reading.quick else digest(row.value), row.where)


def _checked(value: dict[str, Any], where: str) -> Run | Example:
    from evalkit.model.schema.records import read_record  # pydantic, which plain runs do without

    return read_record(value, where)


class QuickLines:
    """Reads lines that are plain runs, counting the runs of an example as `_numbered` does."""

    def __init__(self, repetitions: Numbers) -> None:
        from evalkit.fetchers.files.formats.own_quick import Reader

        self._reader, self._repetitions = Reader(), repetitions

    def line(self, raw: bytes) -> RunRows | None:
        """Return the rows of a line; None where it has to go the long way."""
        try:
            record = self._reader.run(parsed(raw))
            example_id, repetition = record.example_id, record.repetition
            if example_id is not None and repetition is None:
                repetition = self._repetitions.number(example_id)
            rows = self._reader.rows(record, repetition)
        except Odd:
            return None
        if example_id is not None:
            self._repetitions.count(example_id)
        return rows


def _numbered(value: Any, repetitions: Numbers, where: str) -> dict[str, Any]:
    """Count the runs of an example where the record does not say which one it is."""
    if not isinstance(value, dict):
        raise RecordError(f"{where}: a line is an object, not {type(value).__name__}")
    example_id = value.get("example_id")
    if value.get("kind") == "example" or example_id is None:
        return dict(value)
    if value.get("repetition") is None:
        value = value | {"repetition": repetitions.number(str(example_id))}
    repetitions.count(str(example_id))
    return dict(value)


class OwnFetcher(FileFetcher):
    """Reads what `evalkit` itself writes."""

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Yield the runs of the files."""
        return read(files, self)

    def unspread(self, files: list[SourceFile]) -> str:
        """Every line is one run: files are read one by one."""
        return ""
