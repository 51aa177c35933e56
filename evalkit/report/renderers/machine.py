"""Machine: the report for programs: one JSON document, and the runs as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from evalkit.model.outcome import OUTCOMES
from evalkit.model.score import CELL_OUTCOMES
from evalkit.report.page.html import document
from evalkit.report.page.write import replacing
from evalkit.report.runs.columns import NO_ERROR, Rows
from evalkit.report.sections.view import Content
from evalkit.report.sharing.share import Cleaner

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_json(content: Content, path: Path, clean: Cleaner | None = None) -> Path:
    """Write the figures of the report and the full documents they come from, as one JSON."""
    view = (clean or Cleaner()).parts(content.view)
    made = document(view) | {"summaries": view.summaries, "comparison": view.comparison}
    text = json.dumps(made, indent=2, allow_nan=False, default=str) + "\n"
    replacing(path, lambda file: file.write(text.encode("utf-8", "replace")))
    return path


def write_csv(content: Content, path: Path, clean: Cleaner | None = None) -> Path:
    """Write one line a run (RFC 4180); no cell begins as a formula would."""
    rows = content.source.rows or Rows()
    replacing(path, lambda file: _fill(file, content, rows, clean or Cleaner()))
    return path


def _fill(file: IO[bytes], content: Content, rows: Rows, clean: Cleaner) -> None:
    text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    for line in _lines(content, rows, clean):
        writer.writerow([_safe(cell) for cell in line])
    text.detach()


def _safe(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return "'" + cell if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA) else cell


def _lines(content: Content, rows: Rows, clean: Cleaner) -> Iterator[list[Any]]:
    facets = content.source.facets
    scores = [name for c in rows.scores for name in (c.name, f"{c.name}.outcome")]
    yield [
        "run_id", "experiment", "example_id", "repetition", "outcome",
        *(clean.text(f.name) for f in facets), *scores,
        "latency_s", "ttft_s", "total_tokens", "total_cost", "steps", "error",
    ]  # fmt: skip
    names = [clean.text(part.name) for part in content.view.experiments]
    for row in range(len(rows)):
        error = rows.errors[row]
        yield [
            clean.ident(rows.run_ids[row]),
            names[rows.experiments[row]],
            clean.ident(rows.example_ids[rows.examples[row]]),
            rows.numbers["rep"][row],
            OUTCOMES[rows.outcomes[row]],
            *(_word(f.values, f.codes[row], clean) for f in facets),
            *_scores(rows, row, clean),
            *(rows.numbers[name][row] for name in ("lat", "ttft", "tok", "cost", "nsteps")),
            clean.text(rows.error_names[error]) if error != NO_ERROR else None,
        ]


def _word(values: tuple[str, ...], code: int, clean: Cleaner) -> str | None:
    return clean.text(values[code]) if code < len(values) else None


def _scores(rows: Rows, row: int, clean: Cleaner) -> Iterator[Any]:
    for column in rows.scores:
        value = column.values[row]
        if column.type == "category" and value is not None:
            yield clean.text(column.categories[int(value)])
        else:
            yield value
        yield CELL_OUTCOMES[column.outcomes[row]]
