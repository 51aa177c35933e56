"""Where user code failed, read from the traceback that was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evalkit.project.layout import shown

FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')


def place_of(traceback: str | None) -> str:
    """Return `file:line` of the last frame of a traceback that is no library's; empty: unknown."""
    frames = list(_frames(traceback or ""))
    own = [each for each in frames if "site-packages" not in each[0]] or frames
    return f"{shown(Path(own[-1][0]))}:{own[-1][1]}" if own else ""


def _frames(text: str) -> Iterator[tuple[str, str]]:
    for found in FRAME.finditer(text):
        yield found[1], found[2]
