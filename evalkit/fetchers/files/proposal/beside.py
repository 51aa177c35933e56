"""The questions, where a file holds only what was made of them: in another file beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from evalkit.errors import EvalkitError
from evalkit.fetchers.files.proposal import names
from evalkit.fetchers.files.proposal.profile import Column, profile
from evalkit.fetchers.files.proposal.taking import Guess, Proposal
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SUFFIXES, SourceFile
from evalkit.fetchers.files.reading.rows import kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection

TRIED = 40
"""Files that are looked at, those first whose names speak of questions."""
ROWS = 5000
LARGEST = 64 << 20
ENOUGH = 0.5
"""Share of the ids that a file has to know."""
SPEAKING = ("question", "dataset", "prompt", "task", "example", "problem", "input", "bench", "data")
QUESTIONS = (*names.INPUTS, "turns", "messages", "conversation", "questions")


class Questions(NamedTuple):
    """A file with the examples, and how its rows are read."""

    options: dict[str, Any]
    known: int
    """Ids of the runs that it has."""


def questions(made: Proposal, rows: list[dict[str, Any]], file: SourceFile, base: Path) -> None:
    """Propose the file with the questions, or say that they are missing.

    Judgments repeat the question inside the judge's own prompt: that is no question.
    """
    judged = any("judge" in row or "judgment" in row for row in rows)
    if "example_id" not in made.fields or "group_by" in made.options:
        return
    if "inputs" in made.fields and not judged:
        return
    expression = Expression(made.fields["example_id"], "map")
    if expression.placed or "://" in file.url:
        return
    wanted = {str(key) for row in rows if (key := expression(row)) is not None}
    found = max(_candidates(Path(file.url), wanted, base), key=lambda q: q.known, default=None)
    if found is not None:
        made.options["dataset"] = found.options
        if "inputs" in made.fields:
            made.unplaced.append(made.fields.pop("inputs"))
        return
    if "inputs" not in made.fields:
        made.notes.append(
            f"no column says what was asked, and no file beside this one knows its "
            f"{made.fields['example_id']}: put the file with the questions here and add "
            'dataset = "FILE", or map `inputs`'
        )


def _candidates(file: Path, wanted: set[str], base: Path) -> Iterator[Questions]:
    """Yield the files that know enough of the ids, from the same folder and the one above."""
    if not wanted:
        return
    folders = [file.parent, file.parent.parent]
    paths = [path for folder in folders for path in sorted(folder.glob("*"))
             if path.is_file() and path != file and not path.name.startswith(".")
             and SourceFile("", path.name).suffix in SUFFIXES
             and 0 < path.stat().st_size <= LARGEST]  # fmt: skip
    paths.sort(key=lambda path: not any(word in path.stem.lower() for word in SPEAKING))
    for path in paths[:TRIED]:
        try:
            found = _of(path, wanted, base)
        except EvalkitError:
            continue
        if found is not None and found.known >= ENOUGH * len(wanted):
            yield found


def _of(path: Path, wanted: set[str], base: Path) -> Questions | None:
    """Return how a file is joined, where it knows the ids and says what was asked."""
    shown = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
    source = SourceFile(str(path), shown)
    found = (row.value for row in read_rows(source, Selection(None), Findings()))
    rows = [value for value in islice(found, ROWS) if isinstance(value, dict)]
    guess = Guess(profile(rows, cells=kind_of(source) == "csv"))
    keys = [c for c in guess.columns if c.plain in names.EXAMPLE_ID and c.unique]
    key = max(keys, key=lambda c: _known(c, wanted), default=None)
    if key is None or not _known(key, wanted):
        return None
    guess.drop(key)
    fields = {"example_id": key.expression}
    for name, words in (("reference_outputs", names.REFERENCE), ("inputs", QUESTIONS)):
        column = guess.take(words)
        if column is not None:
            whole = column.expression
            fields[name] = whole if column.all_are(dict) else f"{{{_word(column)}: {whole}}}"
    for column in list(guess.left):
        if len(column.path) == 1 and column.scalar and column.distinct <= column.records / 2:
            fields[f"metadata.{column.name}"] = column.expression
    if "inputs" not in fields:
        return None
    return Questions({"path": shown, "fields": fields}, _known(key, wanted))


def _known(column: Column, wanted: set[str]) -> int:
    return len(wanted & {str(value) for value in column.values})


def _word(column: Column) -> str:
    return column.expression if len(column.path) == 1 else f'"{column.name}"'
