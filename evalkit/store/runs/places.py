"""Places: where the runs of an experiment lie, by id, in some 40 bytes a run."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from evalkit.model.schema.ids import Ids

PLACES = 2**32
"""The place of a run is the number of its part times this and its row: one number a run."""


class Places:
    """Part and row of each run; the one put last counts."""

    def __init__(self) -> None:
        self._ids, self._places = Ids(), array("Q")

    def put(self, run_id: str, part: int, row: int) -> tuple[int, int] | None:
        """Take down where a run lies; return where it lay before."""
        number, place = self._ids.number(run_id), part * PLACES + row
        if number == len(self._places):
            self._places.append(place)
            return None
        before, self._places[number] = self._places[number], place
        return divmod(before, PLACES)

    def of(self, run_ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return where runs lie; those that are nowhere are left out."""
        found = [number for each in run_ids if (number := self._ids.find(each)) is not None]
        return [divmod(self._places[number], PLACES) for number in found]
