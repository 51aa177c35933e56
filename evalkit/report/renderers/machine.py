"""Machine: the report for programs: one JSON document, and the runs as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from evalkit.model.kept.replacing import replacing
from evalkit.model.kept.seal import Sign, with_manifest
from evalkit.model.outcome import OUTCOMES
from evalkit.model.score import CELL_OUTCOMES
from evalkit.model.spreadsheet import inert
from evalkit.report.page.figures import document
from evalkit.report.runs.columns import NO_ERROR, Rows
from evalkit.report.runs.fields import REST, START, Field
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner
from evalkit.report.sharing.manifest import shown


def write_json(
    content: Content, path: Path, clean: Cleaner | None = None, sign: Sign | None = None
) -> Path:
    """Write the figures of the report and the full documents they come from, as one JSON."""
    view = shown(content.view, clean or Cleaner())
    made = document(view) | {"summaries": view.summaries, "comparison": view.comparison}
    if view.manifest:
        # The hash is of what is read back: tuples are lists then, and odd values text.
        plain = json.loads(json.dumps(made, allow_nan=False, default=str))
        made = with_manifest(plain, plain["manifest"], sign)
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
        writer.writerow([inert(cell) for cell in line])
    text.detach()


def _lines(content: Content, rows: Rows, clean: Cleaner) -> Iterator[list[Any]]:
    facets = content.source.facets
    scores = [name for c in rows.scores for name in (c.name, f"{c.name}.outcome")]
    start, rest = _exported(START), _exported(REST)
    columns = [each.column for each in start], [each.column for each in rest]
    yield [*columns[0], *(clean.text(f.name) for f in facets), *scores, *columns[1]]
    names = [clean.text(part.name) for part in content.view.experiments]
    for row in range(len(rows)):
        yield [
            *(_value(each, rows, row, names, clean) for each in start),
            *(_word(f.values, f.codes[row], clean) for f in facets),
            *_scores(rows, row, clean),
            *(_value(each, rows, row, names, clean) for each in rest),
        ]


def _exported(fields: tuple[Field, ...]) -> list[Field]:
    """Return the fields that are whole here: previews of payloads are for the page."""
    return [each for each in fields if each.key not in ("input", "output")]


def _value(field: Field, rows: Rows, row: int, names: list[str], clean: Cleaner) -> Any:
    """Return what a run has under a field of the table."""
    if field.kind == "number":
        return rows.numbers[field.key][row]
    if field.kind == "text":
        text = rows.texts[field.key][row]
        return None if text is None else clean.text(text)
    return OWN[field.key](rows, row, names, clean)


def _error(rows: Rows, row: int, names: list[str], clean: Cleaner) -> str | None:
    error = rows.errors[row]
    if error == NO_ERROR:
        return None
    return rows.error_names[error] if clean.plain else rows.error_kind(error, clean.text)


OWN: dict[str, Callable[[Rows, int, list[str], Cleaner], Any]] = {
    "id": lambda rows, row, names, clean: clean.ident(rows.run_ids[row]),
    "experiment": lambda rows, row, names, clean: names[rows.experiments[row]],
    "example": lambda rows, row, names, clean: clean.ident(rows.example_ids[rows.examples[row]]),
    "outcome": lambda rows, row, names, clean: OUTCOMES[rows.outcomes[row]],
    "error": _error,
}
"""Fields that the rows keep in a form of their own."""


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
