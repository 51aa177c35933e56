"""Slice discovery: what a search for bad slices looks at when nobody said where to look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from evalkit.model.results import Results

SAMPLE = 2000
"""Rows read to find keys."""
MOST_VALUES = 50
"""Keys with more different words are ids or free text."""


def discover(results: Results) -> list[str]:
    """Return expressions that may split the runs: tags, splits, models, metadata and inputs.

    Of metadata and inputs, keys on the first level whose values are words, truth values or numbers
    that recur.
    """
    found = ["tags", "split", "name", "model"]
    for root, table, column in (
        ("metadata", "runs", "metadata"),
        ("metadata", "examples", "metadata"),
        ("inputs", "runs", "inputs"),
    ):
        found += [f"{root}.{key}" for key in _keys(results, table, column)]
    return list(dict.fromkeys(found))


def _keys(results: Results, table: str, column: str) -> Iterator[str]:
    texts = results.table(table, [column]).column(0)[:SAMPLE].to_pylist()
    values: dict[str, list[Any]] = {}
    for text in texts:
        row = orjson.loads(text) if text is not None else None
        if isinstance(row, dict):
            for key, value in row.items():
                values.setdefault(key, []).append(value)
    for key, each in values.items():
        if key.isidentifier() and _recurs(each):
            yield key


def _recurs(values: list[Any]) -> bool:
    """Tell whether values are scalars of which there are few, or numbers that can be binned."""
    known = [value for value in values if value is not None]
    if not known or not all(isinstance(value, str | int | float) for value in known):
        return False
    different = len(set(known))
    if all(isinstance(value, int | float) for value in known):
        return different > 1
    return 1 < different <= MOST_VALUES and different <= len(known) / 2
