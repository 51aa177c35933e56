"""Written: runs, steps, scores and examples as the JSON-ready values that `records` reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.score import Feedback
from evalkit.model.step import STEP_FIELDS, Step
from evalkit.model.usage import MONEY_WORDS, USAGE_FIELDS, Usage

PAYLOADS = {"inputs", "outputs", "reference_outputs"}  # here empty is not the same as absent


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def usage_to_record(usage: Usage | None) -> dict[str, Any] | None:
    """Return counts and costs as JSON-ready values under their own names."""
    if usage is None:
        return None
    named = {name: getattr(usage, name) for name in (*USAGE_FIELDS, *MONEY_WORDS)}
    details = {"details": dict(usage.details)} if usage.details else {}
    return {name: value for name, value in named.items() if value is not None} | details


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, Usage):
        return usage_to_record(value)
    return list(value) if isinstance(value, tuple) else value


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if value is not None and (name in PAYLOADS or value not in ([], {}, ""))
    }


def step_to_record(step: Step) -> dict[str, Any]:
    """Return a step as JSON-ready values; empty fields are left out."""
    return _present({name: _plain(getattr(step, name)) for name in STEP_FIELDS})


def run_to_record(run: Run) -> dict[str, Any]:
    """Return a run as JSON-ready values; empty fields are left out, `steps` only if recorded."""
    values = {name: _plain(getattr(run, name)) for name in RUN_FIELDS}
    values["steps"] = [step_to_record(step) for step in run.steps]
    values["feedback"] = [feedback_to_record(item) for item in run.feedback]
    values.pop("steps_recorded")
    record = _present(values)
    if run.steps_recorded:
        record.setdefault("steps", [])
    return record


def feedback_to_record(item: Feedback) -> dict[str, Any]:
    """Return a recorded score as JSON-ready values."""
    names = ("key", "score", "value", "comment", "step_id", "evaluator")
    record = {name: getattr(item, name) for name in names} | {"metadata": dict(item.metadata)}
    return {name: value for name, value in record.items() if value not in (None, {}, "")}


def example_to_record(example: Example) -> dict[str, Any]:
    """Return an example as JSON-ready values, marked as an example."""
    values = {
        "example_id": example.example_id,
        "inputs": example.inputs,
        "reference_outputs": example.reference_outputs,
        "metadata": dict(example.metadata),
        "split": _plain(example.split),
        "attachments": dict(example.attachments),
        "extra": dict(example.extra),
    }
    return {"kind": "example", **_present(values)}
