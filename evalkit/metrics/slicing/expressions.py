"""Slice expressions: read and checked without any runs, for configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from evalkit.errors import ConfigError, did_you_mean
from evalkit.model.schema.columns import TABLES

ROOTS = ("metadata", "example", "inputs", "reference_outputs", "tags", "split", "name", "model")
RUN_COLUMNS = tuple(column.name for column in TABLES["runs"] if column.type != "json")
"""Columns of the runs that hold one value or a list."""
AUTO = "auto"
CROSS = " & "


def parse(by: str) -> str:
    """Check an expression without any runs; what cannot be one raises `ConfigError`."""
    if by.strip() == AUTO:
        return by
    if CROSS in by:
        for each in by.split(CROSS):
            parse(each)
        return by
    path, _ = split(by)
    root, _, rest = path.partition(".")
    if root not in ROOTS and root not in RUN_COLUMNS:
        known = ", ".join(ROOTS)
        hint = did_you_mean(root, [*ROOTS, *RUN_COLUMNS])
        raise ConfigError(
            f"slices: {path!r} starts with none of {known}, nor with a column of the runs.{hint} "
            "Begin with one of them."
        )
    finder(rest, path)
    return by


def split(by: str) -> tuple[str, int | None]:
    """Return the path and, for `... in 4 bins`, the number of bins."""
    words = by.split()
    if len(words) == 4 and words[1] == "in" and words[3] == "bins" and words[2].isdigit():
        if int(words[2]) < 2:
            raise ConfigError(f"slices: {by!r} asks for less than 2 bins.")
        return words[0], int(words[2])
    return by.strip(), None


def finder(expression: str, path: str) -> Callable[[Any], Any]:
    """Return what applies a JMESPath; records it does not fit give None."""
    if not expression:
        return lambda value: value
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        where = str(error).splitlines()[0]
        raise ConfigError(f"slices: {path!r} is no JMESPath: {where}") from None

    def find(value: Any) -> Any:
        try:
            return compiled.search(value)
        except JMESPathError:
            return None  # e.g. length() of a number in one record: this run has no value

    return find
