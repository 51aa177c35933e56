"""Batch: what is handed over from time to time while a unit is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalkit.model.units import CellBlock
from evalkit.scoring.calls.failure import Failure

Blames = Mapping[tuple[int, int], Failure]
"""(row, task) -> what is already known to happen when that call is made."""


@dataclass(slots=True)
class Batch:
    """The cells of some rows of a unit, and the calls they stand for."""

    blocks: list[CellBlock]
    done: list[tuple[int, int, int]] = field(default_factory=list)
    """(task, first row, row after the last) of what was called."""
