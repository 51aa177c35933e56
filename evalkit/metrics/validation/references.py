"""References: examples without one, and runs of no known example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evalkit.metrics.columns.arrow import codes
from evalkit.metrics.documents.validation import LISTED, Finding, counted, named
from evalkit.metrics.validation.rows import Row, is_empty
from evalkit.model.results import Results


def lacking(rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield the examples without a reference where others have one."""
    empty = [
        each.example_id for each in rows if each.reference is None or is_empty(each.expected())
    ]
    if not empty:
        return
    n, of = len(empty), len(rows)
    if n == of:
        text = f"None of {of:,} examples has a reference: nothing can be held against one."
        yield Finding("references", "note", text, n=n, of=of)
        return
    text = (
        f"{counted(n, of, 'example')} {'have' if n > 1 else 'has'} no reference ({named(empty)})."
    )
    yield Finding("references", "finding", text, n=n, of=of, ids=tuple(empty[:LISTED]))


def strays(results: Results, known: set[str]) -> Iterator[Finding]:
    """Yield the runs that answer no example of the dataset, where there is one."""
    table = results.table("runs", ["run_id", "example_id"])
    code, values = codes(table.column("example_id"))
    there = np.array([*(each in known for each in values), False])  # the last: of no example
    rows = np.flatnonzero(~there[code])
    if not known or not len(rows):
        return
    lost = [str(table.column("run_id")[int(row)].as_py()) for row in rows[: LISTED + 1]]
    n, of = len(rows), table.num_rows
    answers = "answer" if n > 1 else "answers"
    text = f"{counted(n, of, 'run')} {answers} no example of the dataset ({named(lost)})."
    yield Finding("references", "finding", text, n=n, of=of, ids=tuple(lost[:LISTED]))
