"""Export: a stored experiment as files anybody reads: Parquet, JSON Lines, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError, written
from evalkit.model.kept.replacing import replacing
from evalkit.model.results import Results
from evalkit.model.schema.columns import TABLES
from evalkit.model.schema.content import dumps
from evalkit.model.schema.written import example_to_record, run_to_record
from evalkit.model.spreadsheet import inert

FORMATS = ("parquet", "jsonl", "csv")


def export(results: Results, folder: Path, format: str = "parquet") -> list[Path]:
    """Write an experiment into a folder and return the files.

    `parquet` and `csv` write a file for each of the tables runs, steps, cells and examples.
    `jsonl` writes `runs.jsonl` in evalkit's own record form, examples first, and `cells.jsonl`.
    """
    if format not in FORMATS:
        raise StoreError(f"export: there is no format {format!r}. Formats: {', '.join(FORMATS)}.")
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if format == "jsonl":
        rows = results.table("cells").to_pylist()
        return [
            _lines(folder / "runs.jsonl", _records(results)),
            _lines(folder / "cells.jsonl", iter(rows)),
        ]
    write = {"parquet": _parquet, "csv": _csv}[format]
    return [_table(results, name, folder / f"{name}.{format}", write) for name in TABLES]


def _table(
    results: Results, name: str, path: Path, write: Callable[[pa.Table, IO[bytes]], None]
) -> Path:
    table = results.table(name)
    if name != "runs":
        table = table.unify_dictionaries()
    _put(path, lambda file: write(table, file))
    return path


def _lines(path: Path, rows: Iterator[Any]) -> Path:
    _put(path, lambda file: file.writelines(dumps(row) + b"\n" for row in rows))
    return path


def _records(results: Results) -> Iterator[dict[str, Any]]:
    for example in results.examples().values():
        yield example_to_record(example)
    for run in results.runs():
        yield run_to_record(run)


def _parquet(table: pa.Table, file: IO[bytes]) -> None:
    pq.write_table(table, file, compression="zstd")


def _csv(table: pa.Table, file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [column.to_pylist() for column in batch.columns]
        writer.writerows([list(map(inert, row)) for row in zip(*columns, strict=True)])
    text.detach()  # flushes; whoever opened the file closes it


def _put(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        replacing(path, write)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}). "
            "Make room, or name another --to."
        ) from None
