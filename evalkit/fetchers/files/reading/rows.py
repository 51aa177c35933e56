"""The rows of any file: JSON documents, JSON Lines, CSV and Parquet, streamed with their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO, Any, Literal, NamedTuple

import orjson

from evalkit.errors import DatasetError
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsonstream import Broken, elements, window_of
from evalkit.fetchers.files.reading.jsontext import loads
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.files.reading.places import NOWHERE, PLACES, Spread
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.fetchers.files.reading.sqlite import MAGIC
from evalkit.fetchers.files.reading.tables import csv_rows, parquet_rows
from evalkit.fetchers.files.reading.unpack import BROKEN, open_bytes, peek
from evalkit.fetchers.values import too_much

Kind = Literal["json", "lines", "csv", "parquet", "zip", "sqlite"]
WHOLE = 32 << 20
"""A JSON document up to this size is parsed in one go; a larger one element by element."""
HEAD = 1 << 16
CHUNK = 1 << 20
LINES = (".jsonl", ".ndjson")
TABLES: dict[str, Kind] = {".csv": "csv", ".tsv": "csv"}


class Row(NamedTuple):
    """One record and where it stood."""

    value: Any
    file: SourceFile
    line: int | None
    """Line (or row of a table) counted from 1; None inside a JSON document."""
    number: int
    """Number of the record in its file, from 0."""
    key: str | None = None
    """Its key, where the records are the values of an object."""

    spread: Mapping[str, Any] = NOWHERE
    """Its place among the records that one was spread into."""

    @property
    def places(self) -> dict[str, Any]:
        """What expressions may ask of where it stood."""
        found = (self.file.shown, self.file.name, self.line, self.number, self.key)
        return {**dict(zip(PLACES, found, strict=True)), **self.spread}

    @property
    def where(self) -> str:
        """`file:line`, or the nearest thing to it."""
        if self.line is not None:
            return f"{self.file.shown}:{self.line}"
        return f"{self.file.shown}[{self.number if self.key is None else repr(self.key)}]"


def read_rows(
    file: SourceFile, selection: Selection, findings: Findings, quick: Quick | None = None
) -> Iterator[Row]:
    """Yield the records of one file; what cannot be read goes to `findings`.

    `quick` is shown each line of JSON Lines first; what it returns, if anything, is the value.
    """
    kind = kind_of(file)
    if kind in ("zip", "sqlite"):
        what = "a zip archive" if kind == "zip" else "a SQLite database"
        raise DatasetError(f"{file.shown}: {what} holds no rows that a mapping can read.")
    found = _document(file, selection, findings) if kind == "json" else None
    if found is None:
        found = _each_line(file, "lines" if kind == "json" else kind, selection, findings, quick)
    for index, (line, key, value) in enumerate(found):
        if type(value) is Spread:
            yield Row(dict(value), file, line, index, key, value.places)
        else:
            yield Row(value, file, line, index, key)


def kind_of(file: SourceFile) -> Kind:
    """Tell what a file holds, by its first bytes where the suffix leaves it open."""
    if file.span is not None:
        return "lines"
    with open_raw(file) as raw:
        head = raw.read(len(MAGIC))
    if head == MAGIC:
        return "sqlite"
    head = head[:4]
    if head == b"PAR1":
        return "parquet"
    if head == b"PK\x03\x04":
        return "zip"
    if file.suffix in LINES:
        return "lines"
    if file.suffix in TABLES:
        return TABLES[file.suffix]
    with open_bytes(file) as stream:
        return _json_kind(peek(stream, HEAD), file)


def _json_kind(head: bytes, file: SourceFile) -> Kind:
    text = head.lstrip()
    if text.startswith((b"{", b"[")):
        return "lines" if _is_lines(text) else "json"
    if not text or file.suffix == ".json":
        return "json"
    raise DatasetError(
        f"{file.shown}: neither JSON, JSON Lines, CSV nor Parquet (it begins {text[:40]!r}). "
        "Give it a suffix that says what it is, or convert it."
    )


def _is_lines(text: bytes) -> bool:
    """Tell whether the first line is an object by itself and something follows it."""
    first, _, rest = text.partition(b"\n")
    if not first.startswith(b"{") or not rest.strip():
        return False
    try:
        orjson.loads(first)
    except ValueError:
        return False
    return True


Quick = Callable[[bytes], Any]
"""Makes something of a line's bytes, or None."""
Found = Iterator[tuple[int | None, str | None, Any]]


def _each_line(
    file: SourceFile,
    kind: Kind,
    selection: Selection,
    findings: Findings,
    quick: Quick | None = None,
) -> Found:
    values: Iterator[tuple[int, Any]]
    if kind == "parquet":
        values = parquet_rows(file, findings)
        yield from _of_lines(values, selection, file)
        return
    with open_bytes(file) as stream:
        values = (
            csv_rows(stream, file, findings)
            if kind == "csv"
            else _lines(stream, file, findings, quick)
        )
        yield from _of_lines(values, selection, file)


def _of_lines(values: Iterator[tuple[int, Any]], selection: Selection, file: SourceFile) -> Found:
    if selection.is_default:
        for line, value in values:
            for record in value if isinstance(value, list) else [value]:
                if record is not None:
                    yield line, None, record
        return
    for line, value in values:
        selection.stand(file, line)
        try:
            found = list(selection.of_line(value))
        except ValueError as error:
            raise DatasetError(f"{file.shown}:{line}: {selection.who}: {error}.") from error
        for key, record in found:
            yield line, key, record


def _lines(
    stream: IO[bytes], file: SourceFile, findings: Findings, quick: Quick | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield `(line, value)`; a line that is no JSON is a finding, the others are still read."""
    number, growing = file.lines, file.growing
    first, every = file.lines + 1, iter(partial(stream.readline, file.limit + 1), b"")
    try:
        for number, raw in enumerate(every, start=first):
            if growing and not raw.endswith(b"\n"):
                findings.note(
                    "line that is still being written, left for the next time", file.shown
                )
                return
            if len(raw) > file.limit and not raw.endswith(b"\n"):
                findings.break_at(f"{file.shown}:{number}", f"a line {file.too_large}")
                while raw and not raw.endswith(b"\n"):
                    raw = stream.readline(CHUNK)
                continue
            if too_much(raw, file.limit):
                findings.break_at(f"{file.shown}:{number}", f"a line {file.too_many}")
                continue
            if quick is not None and (made := quick(raw)) is not None:
                yield number, made
                continue
            try:
                yield number, orjson.loads(raw)
            except ValueError:
                if raw.strip():
                    where = f"{file.shown}:{number}"
                    try:
                        yield number, loads(raw, findings.mended, where)
                    except (ValueError, RecursionError) as error:
                        findings.break_at(where, _why(raw, error))
        findings.lines += number - file.lines
    except BROKEN as error:
        findings.break_at(f"{file.shown}:{number + 1}", f"unpacking fails: {error}")


def _why(raw: bytes, error: Exception) -> str:
    if not raw.endswith(b"\n"):
        return "the last line is cut off"
    return f"not JSON: {error}"


def _document(file: SourceFile, selection: Selection, findings: Findings) -> Found | None:
    """Return the records of one JSON document; None when it turns out to be lines."""
    selection.stand(file)
    with open_bytes(file) as stream:
        try:
            head = stream.read(WHOLE + 1)
        except BROKEN:
            return _streamed(file, selection, findings)
    if not head.strip():
        return iter(())
    if len(head) <= WHOLE and not too_much(head, file.limit):
        try:
            value = orjson.loads(head)
        except ValueError:
            pass
        else:
            return ((None, key, record) for key, record in selection.of_document(value))
    return None if _is_lines(head.lstrip()) else _streamed(file, selection, findings)


def _streamed(file: SourceFile, selection: Selection, findings: Findings) -> Found:
    """Read element by element: for large documents, and for those with something wrong in them."""
    with open_bytes(file) as stream:
        window = window_of(stream, findings.mended, file)
        try:
            if not selection.streams:
                value = window.value()
                yield from ((None, key, record) for key, record in selection.of_document(value))
                return
            for key, item in elements(window, selection.path, selection.holds):
                yield from ((None, k, record) for k, record in selection.of_element(key, item))
        except Broken as error:
            findings.break_at(f"{file.shown}:{error.line}", error.reason)
