"""Packed: a reader of units on its way to the process that reads; nobody in between opens it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.model.units import UnitReader


@dataclass(frozen=True, slots=True)
class Packed:
    """A pickled `UnitReader`: what opens it loads the store, which takes a third of a second."""

    data: bytes
    move: tuple[Path, Path] | None = None
    """The project's folder where the reader was made, and where it is opened."""

    @classmethod
    def of(cls, reader: UnitReader) -> Packed:
        """Pack a reader."""
        return cls(pickle.dumps(reader, pickle.HIGHEST_PROTOCOL))

    def moved(self, old: Path, new: Path) -> Packed:
        """Return it for a machine that has the project in another folder."""
        return replace(self, move=(old, new))

    def opened(self) -> UnitReader:
        """Return the reader; raises what its store raises where it cannot be read."""
        reader: UnitReader = pickle.loads(self.data)
        return reader if self.move is None else reader.moved(*self.move)
