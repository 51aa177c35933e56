"""Validate: look at the data of experiments before anybody believes a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalkit.metrics.documents.validation import Finding
from evalkit.metrics.validation.drift import Known, drifted, known_of, odd_ones
from evalkit.metrics.validation.duplicates import repeated, same_inputs
from evalkit.metrics.validation.leaks import leaked
from evalkit.metrics.validation.near import nearly_repeated
from evalkit.metrics.validation.references import lacking, strays
from evalkit.metrics.validation.rows import Row, rows_of
from evalkit.metrics.validation.shape import Field, Shape
from evalkit.metrics.validation.times import apart, changed_models, window_of
from evalkit.metrics.validation.versions import differing
from evalkit.model.results import Results

BODIES = ("inputs", "outputs")
OF_EXAMPLES = {"example.inputs": "inputs", "reference_outputs": "reference"}
"""Parts of examples whose schema is known, and what of a row they are."""
NOTHING = (None, "null", "{}")
"""Bodies that have no fields to miss: that they are not there is said of references."""
Fields = Mapping[str, Mapping[str, Field]]
"""By part of a run or example: its fields by path."""
Kept = dict[str, Any]
"""By part of the store: the shapes of the bodies in it, in JSON types."""


def examples_findings(rows: Sequence[Row], *, own: bool, near: bool) -> list[Finding]:
    """Return what is wrong with examples; `near=False` leaves out what takes long.

    `own` tells whether the source has examples, or only what its runs were asked.
    """
    found = list(lacking(rows)) if own else []
    alike = same_inputs(rows)
    found += repeated(alike, len(rows))
    if near:
        found += nearly_repeated(rows, alike)
        found += leaked(rows)
    return found


def runs_findings(results: Results) -> list[Finding]:
    """Return what is wrong with runs, apart from their fields."""
    ids = results.table("examples", ["example_id"]).column(0).to_pylist()
    return [*strays(results, set(ids)), *changed_models(results)]


def shapes_of(results: Results, kept: Kept) -> dict[str, Shape]:
    """Return the shapes of inputs, and of outputs of runs that succeeded.

    Parts of the store that `kept` knows are not read again; it then knows those there are.
    """
    whole = {body: Shape() for body in BODIES}
    known = dict(kept)
    kept.clear()
    for mark, tables in results.pieces(["run_id", "outcome", *BODIES]):
        shapes = _remembered(known.get(mark)) or _shapes_in(tables)
        for body in BODIES:
            whole[body].join(shapes[body])
        plain = {body: shapes[body].to_plain() for body in BODIES}
        if mark and None not in plain.values():
            kept[mark] = plain
    return whole


def fields_of(shapes: Mapping[str, Shape], rows: Sequence[Row]) -> dict[str, dict[str, Field]]:
    """Return the fields of runs and of examples."""
    every = dict(shapes)
    for part, name in OF_EXAMPLES.items():
        every[part] = Shape()
        for row in rows:
            text = getattr(row, name)
            if text not in NOTHING:
                every[part].add(text, row.example_id)
    return {part: shape.fields() for part, shape in every.items() if shape.n}


def schema_findings(fields: Fields, schema: Mapping[str, Known]) -> list[Finding]:
    """Return where fields are not as the schema kept, and which are odd among themselves."""
    found: list[Finding] = []
    for part, here in fields.items():
        what = "example" if part in OF_EXAMPLES else "run"
        drift = list(drifted(part, here, schema.get(part, {}), "the kept schema", what))
        told = {each.where for each in drift}
        found += drift
        found += [each for each in odd_ones(part, here, what) if each.where not in told]
    return found


def schema_of(fields: Fields) -> dict[str, Any]:
    """Return the schema that fields make, to be kept."""
    return {part: known_of(here) for part, here in fields.items()}


def side_by_side(
    first: Results, second: Results, fields: tuple[Fields, Fields]
) -> Iterator[Finding]:
    """Yield what sets the data of two experiments apart; the first is the baseline."""
    names = (first.experiment, second.experiment)
    rows = rows_of(first), rows_of(second)
    found: list[Finding] = list(differing(names, *rows))
    found += apart(names, window_of(first), window_of(second))
    of_one_dataset = {row.example_id for row in rows[0]} & {row.example_id for row in rows[1]}
    for part in BODIES if of_one_dataset else ():
        known = known_of(fields[0].get(part, {}))
        found += drifted(part, fields[1].get(part, {}), known, names[0])
    yield from (replace(each, experiments=names) for each in found)


def _remembered(plain: Any) -> dict[str, Shape] | None:
    try:
        return {body: Shape.from_plain(plain[body]) for body in BODIES} if plain else None
    except (TypeError, ValueError, KeyError):
        return None


def _shapes_in(tables: Iterator[Any]) -> dict[str, Shape]:
    found = {body: Shape() for body in BODIES}
    for table in tables:
        columns = [table.column(name).to_pylist() for name in table.column_names]
        for run_id, outcome, asked, said in zip(*columns, strict=True):
            found["inputs"].add(asked, run_id)
            if outcome == "success":
                found["outputs"].add(said, run_id)
    return found
