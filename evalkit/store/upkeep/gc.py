"""Gc: drops stale cells, gathers small parts of scores, deletes files nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells import infos
from evalkit.store.cells import parts as cells
from evalkit.store.cells.current import Now, current_blocks, placed
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


@dataclass(frozen=True, slots=True)
class Span:
    """A part of scores, how many cells it has, and the first and last run they are of."""

    name: str
    cells: int
    first: int
    last: int


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
    for pile in _piles(_spans(files, now, damaged)):
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


def _spans(files: Files, now: Now, damaged: list[str]) -> list[Span]:
    """Return all parts in the order of their runs."""
    found = []
    for part in placed(files, now, [], damaged):
        bounds = pc.min_max(pc.fill_null(part.places, -1)).as_py()
        first, last = (-1, -1) if bounds["min"] is None else (bounds["min"], bounds["max"])
        found.append(Span(part.name, part.table.num_rows, first, last))
    return sorted(found, key=lambda span: (span.first, span.last, span.name))


def _piles(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Group neighbours up to a full part; what is about one run stays together."""
    pile: list[Span] = []
    last = size = 0
    for span in spans:
        if pile and span.first > last and size + span.cells > PART_CELLS:
            yield pile
            pile, last, size = [], 0, 0
        pile.append(span)
        last, size = max(last, span.last), size + span.cells
    if pile:
        yield pile


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
