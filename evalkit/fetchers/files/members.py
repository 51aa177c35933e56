"""One table that stands for many experiments of files: who they are, and how each is told apart.

`experiments = "_filename"` makes one of every file, `experiments = "model"` one of every value that
records have there. A store that holds several is asked by `experiment = "eval-*"`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from evalkit.fetchers.files.formats.harness.promptfoo_db import names_of
from evalkit.fetchers.files.mapping.apart import BY_FILE, by_file, of_file, text_of
from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import PACKED, SUFFIXES, SourceFile, find_files
from evalkit.fetchers.files.reading.rows import kind_of, read_rows
from evalkit.fetchers.files.reading.selection import Selection


def members(options: Mapping[str, Any], base: Path, who: str) -> dict[str, str]:
    """Return the experiments by name, each with the value that tells it apart.

    A file's name loses the suffix that says what it holds, unless two would then be the same.
    """
    files = find_files(options["path"], base, who)
    text = options.get("experiments")
    if text is None:
        pattern = str(options.get("experiment", "*"))
        values = [name for file in files for name in _held(file) if fnmatchcase(name, pattern)]
        return {value: value for value in values}
    expression = Expression(text, f"experiments.{who}.experiments")
    found = dict.fromkeys(_values(expression, options, files, who))
    short = {value: _short(value) if text in BY_FILE else value for value in found}
    times = Counter(short.values())
    return {name if times[name] == 1 else value: value for value, name in short.items()}


def _values(
    expression: Expression, options: Mapping[str, Any], files: list[SourceFile], who: str
) -> Iterator[str]:
    alone = by_file(expression)
    records = options.get("records", "@")
    selection = Selection(Expression(records, f"experiments.{who}.records"))
    for file in files:
        places = ({},) if alone else _rows(file, selection)
        for each in places:
            found = of_file(expression, file) if alone else text_of(expression(*each))
            if found is not None:
                yield found


def _rows(file: SourceFile, selection: Selection) -> Iterable[Any]:
    for row in read_rows(file, selection, Findings()):
        yield row.value, row.places


def _held(file: SourceFile) -> list[str]:
    if kind_of(file) != "sqlite":
        return []
    return names_of(file)


def _short(name: str) -> str:
    for suffix in (*PACKED, *SUFFIXES):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name
