"""Compact: parts with replaced rows, and small neighbours, are written anew without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from evalkit.store.disk.encode import PartBuilder
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import PART_ROWS, Part
from evalkit.store.disk.schema import RUNS
from evalkit.store.disk.state import State

SMALL = PART_ROWS // 2


def compacted(files: Files, state: State) -> State:
    """Return the state in whole parts without replaced rows; order stays. Old files stay too."""
    number = max((part.number for part in state.parts), default=0)
    parts: list[Part] = []
    for pile in _piles(state):
        if len(pile) == 1 and pile[0].name not in state.dead:
            parts.append(pile[0])
            continue
        builder = PartBuilder()
        builder.add_table(pa.concat_tables(_living(files, pile, state)))
        if builder.rows:
            number += 1
            part, data = builder.finish(number)
            files.write(part.name, data)
            parts.append(part)
    return replace(state, parts=tuple(parts), dead={})


def _piles(state: State) -> Iterator[list[Part]]:
    """Group neighbours: small or damaged parts together up to a full part, others alone."""
    pile: list[Part] = []
    rows = 0
    for part in state.parts:
        loose = part.rows < SMALL or part.name in state.dead
        if pile and (not loose or rows + part.rows > PART_ROWS):
            yield pile
            pile, rows = [], 0
        if loose:
            pile.append(part)
            rows += part.rows
        else:
            yield [part]
    if pile:
        yield pile


def _living(files: Files, pile: list[Part], state: State) -> Iterator[pa.Table]:
    for part in pile:
        opened, first = PartFile(files, part), 0
        dead = set(state.dead.get(part.name, ()))
        for group in range(opened.groups):
            table = opened.read_groups([group], RUNS.names)
            keep = [row not in dead for row in range(first, first + table.num_rows)]
            first += table.num_rows
            yield table if all(keep) else table.filter(pa.array(keep))
