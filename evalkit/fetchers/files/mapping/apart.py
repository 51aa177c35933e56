"""What tells experiments in the same files apart: the place of a file, or what its records say."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.files.reading.expression import Expression
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.places import PLACES

BY_FILE = ("_path", "_filename")


def chosen(expression: Expression, wanted: str | None, value: Any, places: Any) -> bool:
    """Tell whether a record is of the wanted experiment."""
    return wanted is None or text_of(expression(value, places)) == wanted


def of_file(expression: Expression, file: SourceFile) -> str | None:
    """Return the experiment of a whole file; None where that depends on its records."""
    return text_of(expression({}, {"_path": file.shown, "_filename": file.name}))


def by_file(expression: Expression) -> bool:
    """Tell whether the place of a file says alone which experiment it is of."""
    inside = any(expression.names(place) for place in PLACES if place not in BY_FILE)
    return expression.placed and not inside and not expression.required_paths()


def text_of(value: Any) -> str | None:
    """Return what an experiment is told apart by as text; a list or object is nothing."""
    return None if value is None or isinstance(value, dict | list) else str(value)
