"""Gc: drops stale cells, gathers small parts of scores, deletes files nothing refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells import infos
from evalkit.store.cells import parts as cells
from evalkit.store.cells.current import Now, current_blocks
from evalkit.store.disk.files import Files
from evalkit.store.disk.state import State
from evalkit.store.runs.tidy import tidy

PART_CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted."""

    files: int
    cells: int
    damaged: int = 0
    """Damaged files that stay, because nothing else holds all the cells there should be."""


def collect(files: Files, state: State) -> Collected:
    """Keep only current cells, in few parts; the caller holds the lock.

    New parts are in place before old ones are deleted: a kill in between leaves cells twice on
    disk, of which readers take the later ones.
    """
    damaged: list[str] = []
    old = {name: t.num_rows for name, t in cells.read_parts(files, ["outcome"], damaged)}
    before = sum(old.values())
    prints = [info.fingerprint for info in infos.load(files) if info.fingerprint]
    found = current_blocks(files, Now(files, state), prints, cells.SCHEMA.names, damaged=[])
    tables = [block.table for name in prints for block in found[name]]
    kept = sum(table.num_rows for table in tables)
    removed, gathered = tidy(files, state), _gathered(tables)
    if kept < before or len(old) > len(gathered):
        made = [
            cells.add_part(files, cells.to_bytes(part), number)
            for number, part in enumerate(gathered, start=cells.next_number(files))
        ]
        infos.keep_parts(files, [*made, *damaged])
        for name in old:
            files.remove(name)
        removed += old
    removed += (dropped := drop_damaged(files, state, damaged))
    return Collected(len(removed), before - kept, len(damaged) - len(dropped))


def drop_damaged(
    files: Files, state: State, damaged: Sequence[str], made: Sequence[str] = ()
) -> list[str]:
    """Delete damaged parts of scores if no cell is missing without them; return their names.

    An evaluator that was `made` just now has the cells it can have. While one of the others lacks
    some, the damaged parts stay, so that nobody takes the rest for all there was.
    """
    others = [info for info in infos.load(files) if info.fingerprint and info.name not in made]
    if damaged and _is_covered(files, state, others):
        infos.keep_parts(files, set(cells.part_names(files)) - set(damaged))
        for name in damaged:
            files.remove(name)
        return list(damaged)
    return []


def _is_covered(files: Files, state: State, evaluators: Sequence[EvaluatorInfo]) -> bool:
    """Tell whether parts that can be read hold a cell of every run."""
    prints = [info.fingerprint or "" for info in evaluators]
    found = current_blocks(files, Now(files, state), prints, ["run_id"], damaged=[])
    for info in evaluators:
        places = {
            place for each in found[info.fingerprint or ""] for place in each.places.to_pylist()
        }
        if len(places) < (1 if info.scope == "experiment" else state.rows):
            return False
    return True


def _gathered(tables: list[pa.Table]) -> list[pa.Table]:
    """Put neighbouring tables together until a part is full."""
    piles: list[list[pa.Table]] = []
    for table in tables:
        if not piles or sum(each.num_rows for each in piles[-1]) + table.num_rows > PART_CELLS:
            piles.append([])
        piles[-1].append(table.select(cells.SCHEMA.names))
    return [pa.concat_tables(pile).unify_dictionaries().combine_chunks() for pile in piles]
