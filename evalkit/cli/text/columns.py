"""Rows of text in aligned columns; control characters of what strangers wrote are taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """Return `text` on one line, without anything that could steer a terminal."""
    return CONTROL.sub(lambda found: "\N{SYMBOL FOR SPACE}" if found[0] != "\n" else " ", str(text))


def aligned(rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Return `rows` with every column but the last padded to its widest entry."""
    table = [[clean(cell) for cell in row] for row in ([header] if header else [])]
    table += [[clean(cell) for cell in row] for row in rows]
    if not table:
        return ""
    widths = [max(len(row[at]) for row in table if at < len(row)) for at in range(len(table[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)) for row in table]
    return "\n".join(line.rstrip() for line in lines)
