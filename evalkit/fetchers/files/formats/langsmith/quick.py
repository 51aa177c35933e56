"""Quick lines: a line that is one run with its steps inside, read without making a tree of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from evalkit.fetchers.langsmith.convert.quick import Reader
from evalkit.model.schema.batch import Odd, parsed


class QuickLine(NamedTuple):
    """A root record, and the value it was made of, for the long way."""

    root: Any
    value: Any


class QuickLines:
    """Reads the lines of one source."""

    def __init__(self) -> None:
        self.reader = Reader()

    def line(self, raw: bytes) -> QuickLine | None:
        """Return what is in a line; None where it is something else."""
        if b'"child_runs"' not in raw:
            return None
        try:
            value = parsed(raw)
            return QuickLine(self.reader.root(value), value)
        except Odd:
            return None
