"""Gc: drops stale cells, gathers small parts of scores, deletes files nothing refers to."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from evalkit.store import cells, infos
from evalkit.store.current import Now, current_blocks
from evalkit.store.files import Files
from evalkit.store.state import State
from evalkit.store.tidy import tidy

PART_CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted."""

    files: int
    cells: int


def collect(files: Files, state: State) -> Collected:
    """Keep only current cells, in few parts; the caller holds the lock.

    New parts are in place before old ones are deleted: a kill in between leaves cells twice on
    disk, of which readers take the later ones.
    """
    old = cells.part_names(files)
    before = sum(cells.read_part(files, name, ["outcome"]).num_rows for name in old)
    prints = [info.fingerprint for info in infos.load(files) if info.fingerprint]
    found = current_blocks(files, Now(files, state), prints, cells.SCHEMA.names)
    tables = [block.table for name in prints for block in found[name]]
    kept = sum(table.num_rows for table in tables)
    removed, gathered = tidy(files, state), _gathered(tables)
    if kept < before or len(old) > len(gathered):
        for number, part in enumerate(gathered, start=cells.next_number(files)):
            cells.add_part(files, cells.to_bytes(part), number)
        for name in old:
            files.remove(name)
        removed += old
    return Collected(files=len(removed), cells=before - kept)


def _gathered(tables: list[pa.Table]) -> list[pa.Table]:
    """Put neighbouring tables together until a part is full."""
    piles: list[list[pa.Table]] = []
    for table in tables:
        if not piles or sum(each.num_rows for each in piles[-1]) + table.num_rows > PART_CELLS:
            piles.append([])
        piles[-1].append(table.select(cells.SCHEMA.names))
    return [pa.concat_tables(pile).unify_dictionaries().combine_chunks() for pile in piles]
