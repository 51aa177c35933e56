"""Labels: what people said of some runs, read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from evalkit.errors import DatasetError
from evalkit.model.scales.said import GRADES, are_grades, number_of, plainly

ACTIVE = "tightest"
"""The queue whose runs are drawn for what their labels tell."""
VALUES = ("label", "score", "value", "human")


@dataclass(frozen=True, slots=True)
class Label:
    """One person's word on one run (by id, or by example and repetition)."""

    value: str
    """As `category` writes it: numbers and truth values as `1`, `0`, `0.5`, else the word."""
    run_id: str | None = None
    example_id: str | None = None
    repetition: int | None = None
    metric: str | None = None
    rater: str | None = None
    experiment: str | None = None
    weight: float | None = None
    """Runs this one stands for in the sample it was drawn in; None: nobody said."""
    chosen: str | None = None
    """Why the run was labelled, where it was picked by what evaluators say, not by chance."""
    drawn: str | None = None
    """The queue it comes from, where that drew runs with chances of their own."""
    final: bool = False
    """What people settled on: it alone counts."""
    abstains: bool = False
    """The rater was marked as one who cannot say."""
    undone: bool = False
    """Takes the rater's label of the run back."""


def read_labels(path: Path) -> list[Label]:
    """Read JSON Lines of `{"run_id": ..., "label": ...}`, or all `.jsonl` files of a folder.

    Instead of `run_id`, `example_id` (and `repetition`, where examples repeat) may name the run;
    `metric` limits a line to one score, `rater` says who spoke. Bad lines raise `DatasetError`.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    found = [label for file in files for label in _of_file(file)]
    if not found:
        raise DatasetError(f"{path}: holds no labels. Write one JSON object a line.")
    return found


def _of_file(path: Path) -> list[Label]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatasetError(f"{path}: cannot be read: {reason}. Check the path.") from None
    return [_label(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def _label(line: bytes, where: str) -> Label:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DatasetError(f"{where}: is no JSON: {error}. Write one object a line.") from None
    if not isinstance(row, Mapping):
        raise DatasetError(f"{where}: is no object. Write {{'run_id': ..., 'label': ...}}.")
    given = [row[name] for name in VALUES if row.get(name) is not None]
    undone, abstains = row.get("undone") is True, row.get("abstains") is True
    if not given and not undone:
        raise DatasetError(f"{where}: has no label. Give it as 'label'.")
    run_id, example_id = row.get("run_id"), row.get("example_id")
    if run_id is None and example_id is None:
        raise DatasetError(f"{where}: names no run. Give 'run_id' or 'example_id'.")
    repetition = row.get("repetition")
    return Label(
        value=category(given[0]) if given else "",
        run_id=None if run_id is None else str(run_id),
        example_id=None if example_id is None else str(example_id),
        repetition=repetition if isinstance(repetition, int) else None,
        metric=_text(row.get("metric")),
        rater=_text(row.get("rater")),
        experiment=_text(row.get("experiment")),
        weight=_weight(row.get("weight"), where),
        chosen=_text(row.get("chosen")),
        drawn=_text(row.get("drawn")),
        final=row.get("final") is True,
        abstains=abstains,
        undone=undone,
    )


def _weight(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise DatasetError(f"{where}: the weight is {value!r}. Give a number above 0, or none.")
    return float(value)


def category(value: Any) -> str:
    """Write a truth value, number or word in one way, so that 1, "1.0" and true agree."""
    number = value if isinstance(value, int | float) else number_of(str(value))
    return str(value).strip() if number is None else plainly(number)


def of_metric(labels: Sequence[Label], metric: str, *, words: bool) -> list[Label]:
    """Return the labels about one score; of one in numbers, letters are read as grades."""
    found = [each for each in labels if each.metric in (None, metric)]
    if words or not are_grades(each.value for each in found):
        return found
    grades = {letter: plainly(grade) for letter, grade in GRADES.items()}
    return [replace(each, value=grades.get(each.value, each.value)) for each in found]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
