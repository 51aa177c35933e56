"""Quick lines: a line that is one run with its steps inside, read without making a tree of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from evalkit.fetchers.langsmith.convert.quick import Reader
from evalkit.model.schema.batch import Odd, json_text


class QuickLine(NamedTuple):
    """A root record, and the text it is a view of."""

    root: Any
    text: bytes

    def value(self) -> Any:
        """Return the record for the long way."""
        return orjson.loads(self.text)


class QuickLines:
    """Reads the lines of one source."""

    def __init__(self) -> None:
        self.reader = Reader()

    def line(self, raw: bytes) -> QuickLine | None:
        """Return what is in a line; None where it is something else."""
        if b'"child_runs"' not in raw:
            return None
        try:
            text = json_text(raw)
            return QuickLine(self.reader.root(text), text)
        except Odd:
            return None
