"""Flat rows of LangSmith's frames become runs: `to_pandas` and `get_test_results`, no steps.

Columns are `inputs.KEY` (`input.KEY` in `get_test_results`), `outputs.KEY`, `reference.KEY`,
`feedback.KEY`, `error`, `execution_time` in seconds, `id` and `example_id`. A CSV file holds every
value as text: lists and objects in it are read, as JSON or as Python writes them, and text and
numbers of outputs stay as they stand.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import duration_or_note, to_error, to_identity
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.langsmith.convert.feedback import SOURCE
from evalkit.fetchers.numbers import Numbers
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Feedback

Row = Mapping[str, Any]
GROUPS = {
    "inputs": "inputs",
    "input": "inputs",
    "outputs": "outputs",
    "reference": "reference",
    "feedback": "feedback",
}
"""What stands before the dot of a column, and what it is part of."""


def is_frame(names: Any) -> bool:
    """Tell whether column names are those of a frame of results."""
    if not isinstance(names, Mapping):
        return False
    groups = {GROUPS.get(str(name).partition(".")[0]) for name in names if "." in str(name)}
    return "outputs" in groups and bool({"reference", "feedback"} & groups or "inputs" in groups)


def frame_item(row: Row, where: str, repetitions: Numbers, reading: Reading) -> Item:
    """Return the run of a row; its example is added to the book."""
    parts: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        group, _, key = str(name).partition(".")
        if key and group in GROUPS:
            parts.setdefault(GROUPS[group], {})[key] = _value(value)
    inputs = _present(parts.get("inputs"))
    stated = to_identity(_missing(row.get("example_id")))
    example_id = stated or (digest(inputs) if inputs else None)
    repetition = None
    if example_id is not None:
        repetition = repetitions.next(example_id)
        reading.book.add(
            Example(
                example_id=example_id,
                inputs=inputs,
                reference_outputs=_present(parts.get("reference")),
            )
        )
    error = to_error(_missing(row.get("error")))
    run_id = to_identity(_missing(row.get("id"))) or digest([dict(row), where])
    outputs = _present(parts.get("outputs"))
    scores = {key: value for key, value in parts.get("feedback", {}).items() if value is not None}
    run = Run(
        run_id=run_id,
        example_id=example_id,
        repetition=repetition,
        inputs=inputs,
        outputs=outputs,
        status="error" if error else "success",
        error=error,
        duration_s=duration_or_note(_missing(row.get("execution_time"))),
        feedback=[_feedback(key, value, run_id, example_id) for key, value in scores.items()],
        steps_recorded=False,
    )
    return Item(run, run_id, where)


def _feedback(key: str, value: Any, run_id: str, example_id: str | None) -> Feedback:
    score = _number(value)
    return Feedback(
        key=key,
        run_id=run_id,
        example_id=example_id,
        evaluator=SOURCE,
        score=score,
        value=None if score is not None else value,
        source="recorded",
    )


def _number(value: Any) -> bool | int | float | None:
    """Return a score as a number; a frame may have written it as text."""
    if isinstance(value, bool | int | float):
        return value
    if value in ("True", "False"):
        return bool(value == "True")
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _present(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Drop what the row has no value for: a frame has the columns of all rows."""
    return {key: value for key, value in (part or {}).items() if value is not None} or None


def _missing(value: Any) -> Any:
    return None if value == "" or (isinstance(value, float) and math.isnan(value)) else value


def _value(value: Any) -> Any:
    """Return lists and objects that were written as text; nothing else changes."""
    value = _missing(value)
    if isinstance(value, str) and value[:1] in "[{" and value[-1:] in "]}":
        try:
            read = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return _json(value)
        return read if isinstance(read, dict | list) else value
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
