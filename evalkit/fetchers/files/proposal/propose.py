"""Looks at a file and proposes the experiment that reads it, tried out before it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError, DatasetError, EvalkitError, IncompleteExperiment
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.known import detect
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.proposal.beside import questions
from evalkit.fetchers.files.proposal.guess import guess
from evalkit.fetchers.files.proposal.profile import profile
from evalkit.fetchers.files.proposal.taking import Proposal
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile, find_files
from evalkit.fetchers.files.reading.rows import kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.run import Run

LOOKED_AT = 300
"""Records a proposal is made of."""
TRIES = 6
LISTS = ("results", "runs", "records", "data", "rows", "examples", "items", "samples", "traces")


class Tried:
    """A proposal with the runs it makes."""

    def __init__(self, fetcher: str, proposal: Proposal) -> None:
        self.fetcher = fetcher
        self.proposal = proposal
        self.runs: list[Run] = []
        """The first three."""
        self.notes: list[str] = []
        self.count = 0


def propose(path: str, base: Path) -> Tried:
    """Return the experiment that reads `path`; raises `DatasetError` where nothing can.

    A format evalkit knows needs no mapping. Fields that turn out not to fit are left out and named.
    """
    files = find_files(path, base, "map")
    try:
        known = detect(files[0], "map")
    except DatasetError:
        return _mapped(path, files, base)
    tried = Tried("files", Proposal(options={"path": path}))
    tried.notes.append(f"the format is known: {known.doc}; no mapping is needed")
    return tried


def _mapped(path: str, files: list[SourceFile], base: Path) -> Tried:
    records, rows = _records(files[0])
    if not rows:
        raise DatasetError(f"map: {files[0].shown}: no records that are objects. Check the file.")
    made = guess(profile(rows, cells=kind_of(files[0]) == "csv"))
    chosen = {"records": records} if records != "@" else {}
    made.options = {"path": path, **chosen, **made.options}
    if records == "*":
        made.fields.setdefault("example_id", "_key")
    if not made.fields:
        raise DatasetError(
            f"map: {files[0].shown}: no column says what it is. Write `fields` by hand; "
            f"the first record has: {', '.join(list(rows[0])[:12])}."
        )
    questions(made, rows, files[0], base)
    tried = Tried("records", made)
    for _ in range(TRIES):
        wrong = _try(tried, base)
        if not wrong:
            return tried
        for name in wrong:
            made.unplaced.append(made.fields.pop(name))
    return tried


def _records(file: SourceFile) -> tuple[str, list[dict[str, Any]]]:
    """Return the expression for the records, and the first of them."""
    found = [row.value for row in _first(file, "@", LOOKED_AT)]
    objects = [value for value in found if isinstance(value, dict)]
    if len(found) != 1 or not objects:
        return "@", objects
    inner = [value for value in objects[0].values() if isinstance(value, dict)]
    if len(inner) == len(objects[0]) > 1 and len({frozenset(each) for each in inner}) <= 2:
        return "*", inner[:LOOKED_AT]
    lists = dict(_lists(objects[0], ()))
    if not lists:
        return "@", objects
    best = max(lists, key=lambda p: (p.rpartition(".")[2] in LISTS, len(lists[p])))
    own = {"messages", "steps", "trajectory", "conversation"} & objects[0].keys()
    if own and best.rpartition(".")[2] not in LISTS:
        return "@", objects
    values = [row.value for row in _first(file, best, LOOKED_AT)]
    return best, [value for value in values if isinstance(value, dict)]


def _lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, list[Any]]]:
    if not isinstance(value, dict) or len(path) > 2:
        return
    for key, inner in value.items():
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            yield ".".join([*path, key]), inner
        else:
            yield from _lists(inner, (*path, key))


def _first(file: SourceFile, records: str, count: int) -> Iterator[Any]:
    selection = Selection(None if records == "@" else Expression(records, "map"))
    return islice(read_rows(file, selection, Findings()), count)


def _try(tried: Tried, base: Path) -> list[str]:
    """Make the runs; return the fields that fit no record or not most of them."""
    made = tried.proposal
    options = {**made.options, "fields": made.fields}
    tried.runs, tried.count = [], 0
    context = FetchContext(experiment="map", base=base)
    try:
        fetcher = RecordsFetcher(options, context)
        for run in fetcher.runs():
            tried.count += 1
            if len(tried.runs) < 3:
                tried.runs.append(run)
    except ConfigError as error:
        wrong = [name for name in made.fields if any(_says(line, name) for line in error.problems)]
        if not wrong and "two different records have the id" in str(error):
            wrong = ["run_id"]
        if wrong:
            return wrong
        raise
    except IncompleteExperiment as error:
        made.notes.append(str(error))
    except EvalkitError as error:
        made.notes.append(str(error))
        return []
    tried.notes = list(fetcher.counts().notes)
    return []


def _says(line: str, name: str) -> bool:
    return line.startswith(f"{name} = ")
