"""Rescue: what can still be read of a damaged part of runs becomes a part of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from evalkit.errors import StoreError
from evalkit.store.disk.encode import PartBuilder
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import Part
from evalkit.store.disk.schema import RUNS


def rescued(files: Files, part: Part, gone: frozenset[int], number: int) -> Part | None:
    """Write a part of the row groups that can still be read; None when there is none."""
    tables = list(_readable(PartFile(files, part), gone))
    if not sum(table.num_rows for table in tables):
        return None
    builder = PartBuilder()
    builder.add_table(pa.concat_tables(tables))
    kept, data = builder.finish(number)
    files.write(kept.name, data)
    return kept


def _readable(opened: PartFile, gone: frozenset[int]) -> Iterator[pa.Table]:
    """Yield the groups of which every page fits its checksum, without rows that were replaced."""
    try:
        sizes = [opened.group_rows(group) for group in range(opened.groups)]
    except StoreError:
        return
    first = 0
    for group, rows in enumerate(sizes):
        keep = pa.array([row not in gone for row in range(first, first + rows)])
        first += rows
        try:
            yield opened.read_groups([group], RUNS.names).filter(keep)
        except StoreError:
            continue
