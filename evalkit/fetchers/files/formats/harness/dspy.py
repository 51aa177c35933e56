"""DSPy's `Evaluate(save_as_json=...)`: merged objects whose last key is the metric.

An example whose program or metric raised has no `pred_` keys and the failure score: that is the
only trace of the error, so it is read as one. A key that only one of example and prediction has
stands bare. An example's keys come first, so what follows the last that both have is the
prediction's, unless a row without a prediction shows the keys of examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection

EXAMPLE, PREDICTION = "example_", "pred_"
ERROR = "the program or the metric raised (DSPy keeps no word of it)"


def fits(sample: Sample) -> bool:
    """Tell whether a list holds rows with both prefixes, and a score last."""
    rows = sample.value if isinstance(sample.value, list) else []
    return sample.kind == "json" and any(_is_row(row) for row in rows[:50])


def _is_row(row: object) -> bool:
    if not isinstance(row, dict) or not row:
        return False
    keys = [name[len(EXAMPLE) :] for name in row if name.startswith(EXAMPLE)]
    scored = isinstance(row[list(row)[-1]], bool | int | float)
    return scored and any(PREDICTION + key in row for key in keys)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a row."""
    cases = Cases(reading, "dspy")
    for file in files:
        known = _example_keys(file)
        for row in read_rows(file, Selection(None), reading.findings):
            if isinstance(row.value, Mapping) and row.value:
                yield _item(cases, row.value, row.where, known)
            else:
                reading.findings.break_at(row.where, "not a row of DSPy's results")


def _example_keys(file: SourceFile) -> set[str] | None:
    """Return the keys of a row that holds nothing but its example, where there is one."""
    for row in read_rows(file, Selection(None), Findings()):
        if isinstance(row.value, Mapping) and not any(_marked(name) for name in row.value):
            return set(list(row.value)[:-1])
    return None


def _marked(name: str) -> bool:
    return name.startswith((EXAMPLE, PREDICTION))


def _item(cases: Cases, row: Line, where: str, known: set[str] | None) -> Item:
    *names, metric = row
    predicted = {n[len(PREDICTION) :]: row[n] for n in names if n.startswith(PREDICTION)}
    shared = {n[len(EXAMPLE) :]: row[n] for n in names if n.startswith(EXAMPLE)}
    failed = not predicted and not shared
    last = max((place for place, n in enumerate(names) if n.startswith(EXAMPLE)), default=-1)
    inputs: dict[str, Any] = {}
    for place, name in enumerate(names):
        if _marked(name):
            continue
        theirs = failed or (place < last if known is None else name in known)
        (inputs if theirs else predicted)[name] = row[name]
    return cases.item(
        row, where,
        run_id=digest([where, row]),
        example_id=digest(inputs if failed else {**inputs, **shared}),
        inputs=inputs,
        outputs=predicted or None,
        error=ERROR if failed else None,
        reference=shared or None,
        scores=() if failed else [score(metric, row[metric])],
    )  # fmt: skip
