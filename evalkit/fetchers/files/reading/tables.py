"""Rows of CSV and Parquet files as plain JSON-like dicts."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import IO, Any

from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsontext import mend
from evalkit.fetchers.files.reading.parquet.batches import LARGE, TooWide, opened
from evalkit.fetchers.files.reading.paths import SourceFile, open_raw
from evalkit.fetchers.files.reading.unpack import BROKEN
from evalkit.fetchers.values import ITEM, NAMED

NOT_FINITE = "NaN or infinite numbers, read as missing"
BYTES = re.compile("[\udc80-\udcff]")
"""What stands for a byte that is no UTF-8."""
SEPARATOR = re.compile(r"sep=.\s*", re.IGNORECASE)


def csv_rows(
    stream: IO[bytes], file: SourceFile, findings: Findings
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield `(line, row)`; every cell stays text, an empty cell is missing."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1, file.limit))
    with io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="") as text:
        try:
            first = text.readline(file.limit)
            if SEPARATOR.fullmatch(first):  # how a spreadsheet is told what divides the cells
                first = text.readline(file.limit)
        except BROKEN as error:
            findings.break_at(f"{file.shown}:1", f"unpacking fails: {error}")
            return
        if len(first) + first.count(_delimiter(first, file)) * (ITEM + NAMED) > file.limit:
            findings.break_at(f"{file.shown}:1", f"a header {file.too_many}")
        elif first.strip():
            yield from _cells(first, _bounded(text, file), file, findings)


def _bounded(text: io.TextIOWrapper, file: SourceFile) -> Iterator[str]:
    while line := text.readline(file.limit + 1):
        if len(line) > file.limit:
            raise csv.Error(f"a row {file.too_large}")
        yield line


def _cells(
    first: str, rest: Iterator[str], file: SourceFile, findings: Findings
) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = itertools.chain([first], rest)
    reader = csv.reader(lines, delimiter=_delimiter(first, file), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, *BROKEN) as error:
            findings.break_at(f"{file.shown}:{line}", f"not CSV: {error}")
            return
        if header is None:
            cells = _mended(cells, f"{file.shown}:{line}", findings)
            header = _header(cells, file, findings)
        elif len(cells) > len(header):
            reason = f"{len(cells)} cells under {len(header)} column names"
            findings.break_at(f"{file.shown}:{line}", reason)
        elif cells:
            cells += [""] * (len(header) - len(cells))
            if not all(cell.isascii() for cell in cells):
                cells = _mended(cells, f"{file.shown}:{line}", findings)
            yield line, {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _mended(cells: list[str], where: str, findings: Findings) -> list[str]:
    """Return cells that can be stored; what is no UTF-8 is read as a spreadsheet writes it."""
    for at, cell in enumerate(cells):
        if BYTES.search(cell):
            try:
                cells[at] = cell.encode("utf-8", "surrogateescape").decode("cp1252")
                findings.mended.note("cells that are no UTF-8, read as Windows-1252", where)
            except UnicodeError:
                continue
    mended: list[str] = mend(cells, findings.mended, where)
    return mended


def _delimiter(first: str, file: SourceFile) -> str:
    if file.suffix == ".tsv":
        return "\t"
    return "," if "," in first else ";" if ";" in first else "\t" if "\t" in first else ","


def _header(cells: list[str], file: SourceFile, findings: Findings) -> list[str]:
    """Return the names of the columns; one that comes again is numbered by its place: `Score_2`."""
    twice = [name for name, times in Counter(cells).items() if times > 1]
    if not twice:
        return cells
    shown = ", ".join(twice[:5])
    findings.note(f"column named twice; read as NAME_2 and so on ({shown})", f"{file.shown}:1")
    taken, seen, names = set(cells), Counter[str](), []
    for name in cells:
        seen[name] += 1
        numbered = name if seen[name] == 1 else f"{name}_{seen[name]}"
        while numbered != name and numbered in taken:
            numbered += "_"
        taken.add(numbered)
        names.append(numbered)
    return names


def parquet_rows(file: SourceFile, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield `(row number from 1, row)`; times become ISO text, decimals numbers, NaN missing.

    A row that is larger than it may be is left out and named, as a line would be.
    """
    import pyarrow

    with open_raw(file) as handle:
        try:
            table = opened(handle)
            odd = {f.name for f in table.schema if not _is_plain(f.type)}
            first = table.before(file.groups) + 1
            for number, row in enumerate(table.rows(file.limit, file.groups), start=first):
                if isinstance(row, str):
                    why = file.too_large if row == LARGE else file.too_many
                    findings.break_at(f"{file.shown}:{number}", f"a row {why}")
                    continue
                lost = partial(findings.mended.note, NOT_FINITE, f"{file.shown}:{number}")
                for name in odd:
                    row[name] = plain(row[name], lost)
                yield number, row
        except TooWide as error:
            findings.break_at(file.shown, str(error))
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            findings.break_at(file.shown, f"not a whole Parquet file: {error}")


def _is_plain(kind: Any) -> bool:
    import pyarrow.types as types

    checks: tuple[Callable[[Any], bool], ...] = (
        types.is_string,
        types.is_large_string,
        types.is_boolean,
        types.is_integer,
        types.is_null,
    )
    return any(check(kind) for check in checks)


def plain(value: Any, lost: Callable[[], None] = lambda: None) -> Any:
    """Return a Parquet value as JSON would hold it; `lost` is told of what JSON has no word for."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        lost()
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(float(value), lost)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(name): plain(item, lost) for name, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(name): plain(item, lost) for name, item in value}  # a map column
        return [plain(item, lost) for item in value]
    return value
