"""promptfoo's CSV: a line a test, with a block of columns for every prompt and provider.

The names of the columns repeat in every block, so they are told apart by where they stand.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import number_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.unpack import open_bytes
from evalkit.model.score import Score

COLUMN = re.compile(r"\[(?P<provider>[^\]]*)\] (?P<prompt>.*)", re.DOTALL)
STATUS = "Status"
METRIC = "Metric: "


def fits(sample: Sample) -> bool:
    """Tell whether a table has promptfoo's blocks."""
    names = [str(name) for name in sample.first]
    return any(COLUMN.fullmatch(name) for name in names) and STATUS in names


def is_table(file: SourceFile) -> bool:
    """Tell whether a file is a CSV by its name."""
    return file.suffix == ".csv"


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a test and block."""
    cases = Cases(reading, "promptfoo")
    for file in files:
        with open_bytes(file) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
            rows = csv.reader(text)
            header = next(rows, [])
            starts = [n for n, name in enumerate(header) if COLUMN.fullmatch(name)]
            for line, cells in enumerate(rows, start=2):
                cells += [""] * (len(header) - len(cells))
                shared = dict(zip(header[: starts[0]], cells, strict=False)) if starts else {}
                for place, start in enumerate(starts):
                    end = starts[place + 1] if place + 1 < len(starts) else len(header)
                    block = list(zip(header[start:end], cells[start:end], strict=True))
                    where = f"{file.shown}:{line}"
                    yield _item(cases, shared, block, place, where)


def _item(cases: Cases, shared: dict[str, str], block: list[Any], place: int, where: str) -> Item:
    head, output = block[0]
    column, said = COLUMN.fullmatch(head), dict(block[1:])
    description = shared.get("Description") or None
    status = said.get(STATUS, "")
    variables = {name: value or None for name, value in shared.items()
                 if name != "Description"}  # fmt: skip
    provider = column["provider"] if column else None
    return cases.item(
        [shared, block], where,
        run_id=digest([where, place]),
        example_id=f"{digest([variables, description])}/{place}",
        name=provider,
        inputs=variables,
        outputs={"output": output} if output else None,
        error=said.get("Grader Reason") or "error" if status == "ERROR" else None,
        metadata={
            "provider": provider, "prompt": column["prompt"] if column else None, "column": place,
            "description": description,
        },
        scores=() if status == "ERROR" else list(_scores(said, status)),
    )  # fmt: skip


def _scores(said: dict[str, str], status: str) -> Iterator[Score]:
    yield score("pass", status == "PASS", said.get("Grader Reason") or None)
    if said.get("Score"):
        yield score("score", number_or_note(said["Score"]))
    for name, value in said.items():
        if name.startswith(METRIC) and value:
            yield score(name.removeprefix(METRIC), number_or_note(value))
