"""Shown: how values look in a notebook, drawn by a room above that registers itself here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Draw = Callable[..., Any]
DRAWERS = "evalkit.pipeline.notebook"
"""Registers what draws; it stands above and brings the templates, so it is loaded on demand."""
FRAMES = "evalkit.metrics.columns.frames"
"""Makes pandas tables, the one place that does; loaded on demand as well."""
_drawers: dict[str, Draw] = {}


def draw_with(kind: str, draw: Draw) -> None:
    """Draw values of the class named `kind` with `draw`, which returns HTML."""
    _drawers[kind] = draw


def drawing(what: str) -> Draw:
    """Return what draws `what`."""
    import_module(DRAWERS)
    return _drawers[what]


class Shown:
    """Has a table for notebooks, drawn by what is registered for its class."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        import_module(DRAWERS)
        draw = _drawers.get(type(self).__name__)
        return None if draw is None else str(draw(self))


class Plot:
    """A chart as SVG text: shown by notebooks, saved as a file that any browser opens."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write the SVG and return where it is."""
        path = Path(path)
        path.write_text(self.svg, "utf-8")
        return path

    def __repr__(self) -> str:
        return f'<Plot, {len(self.svg):,} characters of SVG; .save("plot.svg") writes it>'
