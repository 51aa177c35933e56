"""Came: tells whether a run came before, and whether it was the same."""

from __future__ import annotations

from array import array

from evalkit.model.schema.ids import Ids


class Came:
    """What came, by id, with 64 bits of each one's fingerprint."""

    def __init__(self) -> None:
        self._ids, self._marks = Ids(), array("q")

    def same(self, run_id: str, fingerprint: str | bytes) -> bool | None:
        """Tell whether a run is what came under its id at first; `None`: nothing did."""
        number, mark = self._ids.number(run_id), hash(fingerprint)
        if number == len(self._marks):
            self._marks.append(mark)
            return None
        return self._marks[number] == mark
