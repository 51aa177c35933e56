"""Repeats: runs of one example and repetition under several ids, as a resumed recording leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import Part

TIMES = ("ended_at", "started_at", "created_at")
Place = tuple[int, int]
"""Part and row."""


class Repeat(NamedTuple):
    """The runs of one example and repetition, the first one first."""

    example_id: str
    repetition: int
    run_ids: list[str]
    places: list[Place]


def repeats_in(
    files: Files,
    parts: Sequence[Part | None],
    dead: Sequence[set[int]],
    order: Mapping[str, int],
) -> list[Repeat]:
    """Return every example and repetition that has several runs.

    They are in the order of their times where all of them have one, else as they stand in the
    source (`order`, where it was read), else as they arrived.
    """
    found: dict[tuple[str, int], list[Place]] = {}
    for number, part in enumerate(parts):
        if part is None:
            continue
        table = PartFile(files, part).read(["example_id", "repetition"])
        pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
        for row, pair in enumerate(pairs):
            if None not in pair and row not in dead[number]:
                found.setdefault(pair, []).append((number, row))
    several = {pair: places for pair, places in found.items() if len(places) > 1}
    if not several:
        return []
    facts = _facts(files, parts, {place for places in several.values() for place in places})
    return [_ordered(pair, places, facts, order) for pair, places in several.items()]


def _facts(
    files: Files, parts: Sequence[Part | None], wanted: set[Place]
) -> dict[Place, dict[str, Any]]:
    """Return id and times of some rows; only parts that hold one are read."""
    found = {}
    for number in sorted({number for number, _ in wanted}):
        part = parts[number]
        assert part is not None
        rows = PartFile(files, part).read(["run_id", *TIMES]).to_pylist()
        found.update({place: rows[place[1]] for place in wanted if place[0] == number})
    return found


def _ordered(
    pair: tuple[str, int],
    places: list[Place],
    facts: dict[Place, dict[str, Any]],
    order: Mapping[str, int],
) -> Repeat:
    ids = {place: facts[place]["run_id"] for place in places}
    if all(run_id in order for run_id in ids.values()):
        places = sorted(places, key=lambda place: order[ids[place]])
    for name in TIMES:
        times = {place: facts[place][name] for place in places}
        if None not in times.values():
            places = sorted(places, key=times.__getitem__)  # equal ones stay in order
            break
    return Repeat(*pair, [ids[place] for place in places], places)
