"""Slicing: split the runs of an experiment by metadata, tags, split, inputs or numeric bins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson

from evalkit.metrics.columns.arrays import Codes, unique
from evalkit.metrics.columns.reading import RunColumns
from evalkit.metrics.slicing.discovery import discover
from evalkit.metrics.slicing.expressions import AUTO, CROSS, RUN_COLUMNS, finder, parse, split
from evalkit.metrics.slicing.labels import NO_VALUE, NOTHING, distinct, edge_labels, labels_of
from evalkit.metrics.slicing.said import Said, Texts, alone, load
from evalkit.model.results import Results

VALUES = 50
"""Values of one slicing kept, the most frequent; a key with more is an id, not a slice."""
BIN_VALUES = 12
"""From this many different numbers on, numbers are binned into quarters."""


@dataclass(frozen=True, slots=True)
class Slicing:
    """Runs split by one expression; a run may be in several slices (tags) or in none."""

    by: str
    members: dict[str, Codes]
    """Rows of the runs of each slice, by its label; no two slices have the same."""


def slicings(results: Results, runs: RunColumns, by: Sequence[str]) -> list[Slicing]:
    """Split the runs by each expression of `by`.

    An expression is `tags`, `split`, `name`, or a JMESPath below `metadata` (of the run, else of
    its example), `example` (metadata of the example), `inputs` or `reference_outputs`:
    `metadata.topic`, `inputs.length(question)`. `... in 4 bins` cuts numbers at their quantiles,
    `A & B` crosses two, and `auto` stands for everything that splits the runs.
    """
    found: dict[str, Slicing] = {}
    held = Texts(results)
    for each in by:
        names = discover(results) if each.strip() == AUTO else [each]
        splits = [slicing(results, runs, name, held) for name in names if name not in found]
        keep = (s for s in splits if each.strip() != AUTO or 1 < len(s.members) < VALUES)
        found.update((split.by, split) for split in keep)
    return list(found.values())


def with_units(results: Results, runs: RunColumns, by: str | None) -> RunColumns:
    """Return the runs with coarser independent units: examples that share a value are one.

    An example whose runs have no value is a unit of its own; with several values, its first run's
    counts.
    """
    if by is None:
        return runs
    place: dict[Any, int] = {}
    unit_of = np.full(runs.clusters, -1, np.int64)
    said = _said(results, runs, by, Texts(results))
    for code, at in zip(runs.cluster.tolist(), said.codes.tolist(), strict=True):
        if unit_of[code] < 0 and (keys := _keys(said.values[at])):
            unit_of[code] = place.setdefault(tuple(keys), len(place))
    alone = np.flatnonzero(unit_of < 0)
    unit_of[alone] = np.arange(len(place), len(place) + len(alone))
    return replace(runs, unit_of=unit_of)


def slicing(results: Results, runs: RunColumns, by: str, held: Texts | None = None) -> Slicing:
    """Split the runs by one expression, see `slicings`; `held` is shared by several expressions."""
    held = held or Texts(results)
    if CROSS in by:
        return _crossed(by, [slicing(results, runs, each, held) for each in by.split(CROSS)])
    path, bins = split(by)
    said = _said(results, runs, path, held)
    there = said.there
    numeric = {v for v in map(said.values.__getitem__, there) if _is_number(v)}
    if bins or len(numeric) > BIN_VALUES:
        return Slicing(by, _binned(said, bins or 4))
    members: dict[Any, list[int]] = {}
    for code in there:
        for key in _keys(said.values[code]) or [NOTHING]:
            members.setdefault(key, []).append(code)
    if set(members) <= {NOTHING}:
        return Slicing(by, {})
    sizes = said.sizes
    counted = [(key, int(sizes[own].sum()), own) for key, own in members.items()]
    kept = sorted(counted, key=lambda item: (-item[1], repr(item[0])))[:VALUES]
    names = labels_of([key for key, _, _ in kept])
    rows = (said.rows(own) for _, _, own in kept)
    return Slicing(by, dict(zip(names, rows, strict=True)))


def _crossed(by: str, parts: Sequence[Slicing]) -> Slicing:
    members: dict[tuple[str, ...], Codes]
    members = {(label,): rows for label, rows in parts[0].members.items()}
    for part in parts[1:]:
        members = {
            (*labels, other): np.intersect1d(rows, more)
            for labels, rows in members.items()
            for other, more in part.members.items()
        }
    there = [(labels, rows) for labels, rows in members.items() if len(rows)]
    there.sort(key=lambda item: (-len(item[1]), item[0]))
    names = distinct([CROSS.join(labels) for labels, _ in there[:VALUES]])
    return Slicing(by, {name: rows for name, (_, rows) in zip(names, there[:VALUES], strict=True)})


def _said(results: Results, runs: RunColumns, path: str, held: Texts) -> Said:
    root, _, rest = parse(path).partition(".")
    if root in RUN_COLUMNS:
        return held.of_column(root)
    if root == "model":
        return alone(_models(results, runs))
    if root == "split":
        return _of_examples(results, runs, "split", lambda value: value)
    find = finder(rest, path)
    if root == "inputs":
        return held.found("inputs", find)
    if root == "reference_outputs":
        return _of_examples(results, runs, "reference_outputs", lambda text: find(load(text)))
    of_example = _of_examples(results, runs, "metadata", lambda text: find(load(text)))
    return of_example if root == "example" else held.found("metadata", find).else_of(of_example)


def _of_examples(
    results: Results, runs: RunColumns, column: str, find: Callable[[Any], Any]
) -> Said:
    table = results.table("examples", ["example_id", column])
    rows = zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True)
    by_id: Mapping[str, Any] = {example: find(value) for example, value in rows}
    per_code = [by_id.get(example) for example in runs.example_ids]
    per_code += [None] * (runs.clusters - len(per_code))
    return Said(runs.cluster, per_code)


def _models(results: Results, runs: RunColumns) -> list[Any]:
    table = results.table("steps", ["run_id", "model"])
    rows = zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True)
    seen: dict[str, set[str]] = {}
    for run_id, model in rows:
        if model is not None:
            seen.setdefault(run_id, set()).add(model)
    return [sorted(seen.get(run_id, ())) for run_id in runs.run_ids.to_pylist()]


def _keys(value: Any) -> list[Any]:
    """Return what a value is grouped by: itself, each item of a list; nothing for no value.

    1 and 1.0 are one number; true, 1 and the word "1" are three values.
    """
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(key for item in value for key in _keys(item)))
    if isinstance(value, dict):
        return [("table", orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str))]
    kind = "truth" if isinstance(value, bool) else "word" if isinstance(value, str) else "number"
    return [(kind, value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _binned(said: Said, bins: int) -> dict[str, Codes]:
    """Cut numbers at their quantiles; runs that have none are a slice of their own."""
    known_as = np.array([v if _is_number(v) else np.nan for v in said.values], np.float64)
    numbers = known_as[said.codes]
    known = ~np.isnan(numbers)
    if not known.any():
        return {}
    edges = unique(np.quantile(numbers[known], np.linspace(0, 1, bins + 1)))
    shown = edge_labels(edges.tolist())
    place = np.clip(np.searchsorted(edges, numbers, "right") - 1, 0, max(0, len(edges) - 2))
    found = {}
    for at in range(max(1, len(edges) - 1)):
        last = at >= len(edges) - 2
        label = f"{shown[at]} to {'' if last else 'under '}{shown[min(at + 1, len(edges) - 1)]}"
        found[label if len(edges) > 1 else shown[0]] = np.flatnonzero(known & (place == at))
    found[NO_VALUE] = np.flatnonzero(~known)
    return {label: rows for label, rows in found.items() if len(rows)}
