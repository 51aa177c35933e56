"""Shown: how values look in a notebook, drawn by a room above that registers itself here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Draw = Callable[[Any], str]
_drawers: dict[str, Draw] = {}


def draw_with(kind: str, draw: Draw) -> None:
    """Draw values of the class named `kind` with `draw`, which returns HTML."""
    _drawers[kind] = draw


class Shown:
    """Has a table for notebooks, once somebody can draw it; before that, its `repr` is shown."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        draw = _drawers.get(type(self).__name__)
        return None if draw is None else draw(self)
