"""Rows of an `upload-experiment` document become runs: inputs, outputs and scores, no steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from evalkit.fetchers.base import recorded_score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.langsmith.shapes import Payload, upload_rows
from evalkit.fetchers.files.mapping.convert import moment_or_note, to_error, to_identity
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.langsmith.convert.feedback import to_feedback
from evalkit.model.example import Example
from evalkit.model.run import Run


def upload_items(value: Any, where: str, reading: Reading) -> Iterator[Item]:
    """Yield the runs of an upload document; nothing for other values."""
    rows = upload_rows(value)
    if not rows:
        return
    for key in ("experiment_metadata", "summary_experiment_scores"):
        if value.get(key):
            reading.tally.source_stats[key] = value[key]
    whole = value.get("summary_experiment_scores")
    for score in whole if isinstance(whole, list) else ():
        if isinstance(score, dict):
            reading.tally.scores.append(recorded_score(to_feedback(score, run_id=None)))
    repetitions: Counter[str] = Counter()
    for number, row in enumerate(rows):
        try:
            yield _item(row, number, f"{where}.results[{number}]", repetitions, reading)
        except (ValueError, AttributeError) as error:
            reading.findings.break_at(f"{where}.results[{number}]", str(error))


def _item(
    row: Payload, number: int, where: str, repetitions: Counter[str], reading: Reading
) -> Item:
    inputs = row.get("inputs")
    example_id = to_identity(row.get("row_id")) or digest(inputs)
    repetition = repetitions[example_id]
    repetitions[example_id] += 1
    run_id = digest([row, number])
    error = to_error(row.get("error"))
    scores = row.get("evaluation_scores") or ()
    run = Run(
        run_id=run_id,
        example_id=example_id,
        repetition=repetition,
        name=row.get("run_name"),
        inputs=inputs,
        outputs=row.get("actual_outputs"),
        status="error" if error else "success",
        error=error,
        started_at=moment_or_note(row.get("start_time")),
        ended_at=moment_or_note(row.get("end_time")),
        metadata=row.get("run_metadata"),
        feedback=[to_feedback(score, run_id=run_id, example_id=example_id) for score in scores],
        steps_recorded=False,
    )
    reference = row.get("expected_outputs")
    reading.book.add(Example(example_id=example_id, inputs=inputs, reference_outputs=reference))
    return Item(run, run_id, where)
