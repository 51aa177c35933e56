"""Facets: words that split the runs (topic, difficulty, split), for filters and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.metrics.columns.arrays import Codes
from evalkit.metrics.columns.reading import RunColumns, read_runs
from evalkit.metrics.selecting.parted import parted
from evalkit.metrics.slicing.said import Texts
from evalkit.model.results import Results
from evalkit.report.runs.fields import reserved

MOST_FACETS = 8
MOST_VALUES = 50
ID = re.compile(r"(?:^|_)(?:id|uuid|key|hash)s?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facet:
    """One word with its values, and the value's place for every row."""

    name: str
    """As typed in the filter: the expression without `metadata.`."""
    by: str
    """The expression of the slice: `metadata.topic`, `split`."""
    values: tuple[str, ...]
    codes: bytes


def find(
    results: Sequence[Results], wanted: Sequence[str], taken: Iterable[str], listed: Codes
) -> list[Facet]:
    """Return the facets of all runs: the expressions `wanted`, then scalars of the metadata.

    Their codes are those of the runs `listed`.

    What splits nothing, has more than 50 values, puts a run in two parts, or bears the name of
    another field of the filter is left out.
    """
    columns = [read_runs(one, performance=False) for one in results]
    held = [Texts(one) for one in results]
    names = list(dict.fromkeys([*wanted, *_guesses(results, held)]))
    closed = reserved() | set(taken)
    found: list[Facet] = []
    for by in names:
        facet = _facet(by, results, columns, listed, held)
        if facet is not None and facet.name not in closed:
            found.append(facet)
            closed |= {facet.name}
    return found[:MOST_FACETS]


def _guesses(results: Sequence[Results], held: Sequence[Texts]) -> list[str]:
    """Return expressions for metadata keys with scalar values that recur."""
    seen: dict[str, set[Any]] = {}
    for one, known in zip(results, held, strict=True):
        texts = set(known.of_column("metadata").values)
        texts |= set(one.table("examples", ["metadata"]).column(0).unique().to_pylist())
        for text in sorted(t for t in texts if t):
            value = orjson.loads(text)
            for key, item in value.items() if isinstance(value, dict) else ():
                if isinstance(item, str | int | bool) and key.isidentifier() and not ID.search(key):
                    seen.setdefault(key, set()).add(item)
    usable = [key for key, values in seen.items() if 2 <= len(values) <= MOST_VALUES]
    return ["split", *(f"metadata.{key}" for key in sorted(usable))]


def _facet(
    by: str,
    results: Sequence[Results],
    columns: Sequence[RunColumns],
    listed: Codes,
    held: Sequence[Texts],
) -> Facet | None:
    found = parted(by, results, columns, listed, held)
    if found is None or not 2 <= len(found[0]) <= MOST_VALUES:
        return None
    return Facet(by.removeprefix("metadata."), by, tuple(found[0]), found[1])
