"""Facets: words that split the runs (topic, difficulty, split), for filters and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.metrics.columns.reading import RunColumns, read_runs
from evalkit.metrics.slicing.slicing import slicing
from evalkit.model.results import Results
from evalkit.report.runs.fields import reserved

MOST_FACETS = 8
MOST_VALUES = 50
ID = re.compile(r"(?:^|_)(?:id|uuid|key|hash)s?$", re.IGNORECASE)
NONE = 255
"""The code of a run that has no value."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One word with its values, and the value's place for every row."""

    name: str
    """As typed in the filter: the expression without `metadata.`."""
    by: str
    """The expression of the slice: `metadata.topic`, `split`."""
    values: tuple[str, ...]
    codes: tuple[int, ...]


def find(results: Sequence[Results], wanted: Sequence[str], taken: Iterable[str]) -> list[Facet]:
    """Return the facets of all runs: the expressions `wanted`, then scalars of the metadata.

    What splits nothing, has more than 50 values, puts a run in two parts, or bears the name of
    another field of the filter is left out.
    """
    columns = [read_runs(one) for one in results]
    names = list(dict.fromkeys([*wanted, *_guesses(results)]))
    closed = reserved() | set(taken)
    found: list[Facet] = []
    for by in names:
        facet = _facet(by, results, columns)
        if facet is not None and facet.name not in closed:
            found.append(facet)
            closed |= {facet.name}
    return found[:MOST_FACETS]


def _guesses(results: Sequence[Results]) -> list[str]:
    """Return expressions for metadata keys with scalar values that recur."""
    seen: dict[str, set[Any]] = {}
    for one in results:
        texts = set(one.table("runs", ["metadata"]).column(0).to_pylist())
        texts |= set(one.table("examples", ["metadata"]).column(0).to_pylist())
        for text in sorted(t for t in texts if t):
            value = orjson.loads(text)
            for key, item in value.items() if isinstance(value, dict) else ():
                if isinstance(item, str | int | bool) and key.isidentifier() and not ID.search(key):
                    seen.setdefault(key, set()).add(item)
    usable = [key for key, values in seen.items() if 2 <= len(values) <= MOST_VALUES]
    return ["split", *(f"metadata.{key}" for key in sorted(usable))]


def _facet(by: str, results: Sequence[Results], columns: Sequence[RunColumns]) -> Facet | None:
    codes: list[int] = []
    places: dict[str, int] = {}
    for one, runs in zip(results, columns, strict=True):
        own = [NONE] * runs.n
        for label, rows in slicing(one, runs, by).members.items():
            code = places.setdefault(label, len(places))
            for row in rows.tolist():
                if own[row] != NONE:
                    return None
                own[row] = code
        codes += own
    if not 2 <= len(places) <= MOST_VALUES:
        return None
    order = sorted(places)
    rank = {places[label]: i for i, label in enumerate(order)} | {NONE: NONE}
    return Facet(by.removeprefix("metadata."), by, tuple(order), tuple(rank[c] for c in codes))
