"""Gc: drops stale cells, gathers small parts of scores, deletes files nothing refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells import infos
from evalkit.store.cells import parts as cells
from evalkit.store.cells.current import Now, current_blocks
from evalkit.store.cells.piles import PART_CELLS, piles, spans
from evalkit.store.disk.files import Files
from evalkit.store.disk.state import State
from evalkit.store.runs.tidy import tidy


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted."""

    files: int
    cells: int
    damaged: int = 0
    """Damaged files that stay, because nothing else holds all the cells there should be."""


def collect(files: Files, state: State) -> Collected:
    """Keep only current cells, in few parts; the caller holds the lock.

    Neighbouring parts are put together a few at a time, so that memory does not grow with the
    experiment. New parts are in place before old ones are deleted: a kill in between leaves cells
    twice on disk, of which readers take the later ones.
    """
    damaged: list[str] = []
    now = Now(files, state)
    prints = [info.fingerprint for info in infos.load(files) if info.fingerprint]
    removed = tidy(files, state)
    made: list[str] = []
    old: list[str] = []
    dropped, number = 0, cells.next_number(files)
    for pile in piles(spans(files, now, damaged), PART_CELLS):
        names = [span.name for span in pile]
        found = current_blocks(files, now, prints, cells.SCHEMA.names, among=names)
        tables = [block.table for fingerprint in prints for block in found[fingerprint]]
        gone = sum(span.cells for span in pile) - sum(table.num_rows for table in tables)
        gathered = _gathered(tables)
        if gone or len(gathered) < len(pile):
            for part in gathered:
                made.append(cells.add_part(files, cells.to_bytes(part), number))
                number += 1
            old += names
            dropped += gone
    if old:
        infos.keep_parts(files, set(cells.part_names(files)) - set(old))
        for name in old:
            files.remove(name)
    mended = drop_damaged(files, state, damaged)
    return Collected(len(removed) + len(old) + len(mended), dropped, len(damaged) - len(mended))


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
    gathered: list[list[pa.Table]] = []
    for table in tables:
        if (
            not gathered
            or sum(each.num_rows for each in gathered[-1]) + table.num_rows > PART_CELLS
        ):
            gathered.append([])
        gathered[-1].append(table.select(cells.SCHEMA.names))
    return [pa.concat_tables(pile).unify_dictionaries().combine_chunks() for pile in gathered]
