"""Rows: examples as checks read them, and the texts and numbers inside their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.model.results import Results

LONGEST = 65_536
"""Characters of an example that are compared; a body may be a gigabyte."""
LEAVES = 2_000
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """An example: JSON text of what goes in and of what should come out."""

    example_id: str
    inputs: str | None
    reference: str | None

    def asked(self) -> Any:
        """Return the inputs, decoded."""
        return decoded(self.inputs)

    def expected(self) -> Any:
        """Return the reference, decoded."""
        return decoded(self.reference)


def rows_of(results: Results) -> list[Row]:
    """Return the examples; where the source had none, what the first run of each was asked."""
    table = results.table("examples", ["example_id", "inputs", "reference_outputs"])
    columns = [table.column(name).to_pylist() for name in table.column_names]
    rows = [Row(*row) for row in zip(*columns, strict=True)]
    return rows or [Row(key, text, None) for key, text in asked_by_runs(results).items()]


def asked_by_runs(results: Results) -> dict[str, str | None]:
    """Return the inputs of the first run of each example, by example."""
    found: dict[str, str | None] = {}
    pieces = results.pieces(["example_id", "inputs"])
    for table in (table for _, tables in pieces for table in tables):
        ids, texts = (table.column(name).to_pylist() for name in ("example_id", "inputs"))
        for key, text in zip(ids, texts, strict=True):
            if key is not None:
                found.setdefault(key, text)
    return found


def decoded(text: str | None) -> Any:
    """Return a JSON text as a value; one that is too long to be looked into is none."""
    if text is None or len(text) > 64 * LONGEST:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def is_empty(value: Any) -> bool:
    """Tell whether a body says nothing: null, blank, or made only of such.

    An empty list says something: that no tool should be called, no document found.
    """
    if isinstance(value, Mapping):
        return all(is_empty(each) for each in value.values())
    return value is None or (isinstance(value, str) and not value.strip())


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every text and number inside with the path to it; places in lists do not count."""
    pending = [(path, value)]
    for _ in range(LEAVES):
        if not pending:
            return
        at, each = pending.pop()
        if isinstance(each, Mapping):
            inner = [(f"{at}.{key}" if at else str(key), v) for key, v in each.items()]
            pending += reversed(inner)
        elif isinstance(each, list):
            pending += [(f"{at}[]", v) for v in reversed(each[:LEAVES])]
        elif each is not None:
            yield at, each


def plain_text(value: Any) -> str:
    """Return all texts and numbers of a body in one line, without case."""
    parts = [str(each)[:LONGEST] for _, each in leaves(value)]
    return folded("\n".join(parts)[:LONGEST])


def folded(text: str) -> str:
    """Return text without case and without differences in white space."""
    return SPACE.sub(" ", text).strip().casefold()
