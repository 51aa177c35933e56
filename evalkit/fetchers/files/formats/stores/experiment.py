"""The runs of a Phoenix experiment, as its server gives them for download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note, number_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.scores import feedback_of, read_scores
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.usage import Usage

KEYS = ("example_id", "repetition_number", "reference_output", "annotations")
SOURCE = "phoenix"
Payload = Mapping[str, Any]


def is_experiment_run(value: Payload) -> bool:
    """Tell whether an object is a run of an experiment as `/v1/experiments/{id}/json` has it."""
    return all(key in value for key in KEYS)


def to_item(raw: Payload, reading: Reading, where: str) -> Item:
    """Return the run; its example, with the reference, goes to the book.

    Such a file has no ids of runs: a run is named by its example and its repetition.
    """
    example_id, repetition = str(raw["example_id"]), int(raw["repetition_number"])
    run_id = f"{example_id}-{repetition}"
    error = raw.get("error")
    reading.book.add(
        Example(
            example_id=example_id,
            inputs=raw.get("input"),
            reference_outputs=raw.get("reference_output"),
            metadata=raw.get("metadata") or {},
        )
    )
    latency = number_or_note(raw.get("latency_ms"))
    run = Run(
        run_id=run_id,
        example_id=example_id,
        repetition=repetition,
        inputs=raw.get("input"),
        outputs=raw.get("output"),
        error=str(error) if error else None,
        status="error" if error else "success",
        started_at=moment_or_note(raw.get("start_time")),
        ended_at=moment_or_note(raw.get("end_time")),
        duration_s=None if latency is None else latency / 1000,
        usage=usage_stated(raw),
        metadata={"trace_id": raw["trace_id"]} if raw.get("trace_id") else {},
        steps_recorded=False,
        feedback=feedback_of(
            read_scores(list(raw.get("annotations") or ())),
            SOURCE,
            run_id=run_id,
            example_id=example_id,
            repetition=repetition,
        ),
    )
    return Item(run, digest(raw), where)


def usage_stated(raw: Payload) -> Usage | None:
    """Return the tokens that a run of an experiment states."""
    counts = {
        "prompt_tokens": raw.get("prompt_token_count"),
        "completion_tokens": raw.get("completion_token_count"),
    }
    return usage_or_note({name: each for name, each in counts.items() if each is not None})
