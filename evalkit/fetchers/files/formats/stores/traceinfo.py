"""What MLflow keeps of a trace beside its spans: state, session, totals, assessments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.payloads import once
from evalkit.fetchers.files.mapping.convert import moment_or_note, number_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.scores import feedback_of
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.score import Feedback, Score

SOURCE = "mlflow"
STATES = {"OK": "success", "ERROR": "error", "IN_PROGRESS": "running"}
SESSION, USAGE, COST = "mlflow.trace.session", "mlflow.trace.tokenUsage", "mlflow.trace.cost"
NAME = "mlflow.traceName"
INTERNAL = "mlflow."
Payload = Mapping[str, Any]


def with_info(run: Run, example: Example | None, info: Payload) -> tuple[Run, Example | None]:
    """Return the run with what the trace's info says, and its example with the expectations."""
    if not info:
        return run, example
    about = info.get("trace_metadata") or info.get("request_metadata") or {}
    tags = _object(info.get("tags"))
    values = {name: getattr(run, name) for name in RUN_FIELDS}
    values |= _ended(run, info)
    values["thread_id"] = run.thread_id or about.get(SESSION)
    values["name"] = run.name or tags.get(NAME)
    values["metadata"] = {**(run.metadata or {}), **_own(about), **_own(tags)}
    values["usage"] = run.usage or usage_or_note(
        {"usage": once(about.get(USAGE)), "cost": once(about.get(COST))}
    )
    values["created_at"] = moment_or_note(info.get("request_time") or info.get("timestamp_ms"))
    listed = info.get("assessments") or ()
    assessed = [each for each in listed if isinstance(each, Mapping) and each.get("valid", True)]
    values["feedback"] = (*run.feedback, *_feedback(run, assessed))
    return Run(**values), _expected(run, example, assessed)


def _ended(run: Run, info: Payload) -> dict[str, Any]:
    """Return how the trace ended: the state of the trace tells what its spans leave out."""
    state = STATES.get(str(info.get("state") or info.get("status")).upper())
    if state is None or state == run.status or run.status == "error":
        found: dict[str, Any] = {}
    elif state == "error":
        found = {"status": "error", "error": run.error or "error"}
    else:
        found = {"status": state} if run.status in ("unknown", "rootless") or (
            state == "running") else {}  # fmt: skip
    if run.started_at is None:
        began = moment_or_note(info.get("request_time") or info.get("timestamp_ms"))
        took = number_or_note(info.get("execution_duration_ms"))
        found["started_at"] = began
        if began is not None and took is not None:
            found["ended_at"] = began + timedelta(milliseconds=took)
    return found


def _object(value: Any) -> Payload:
    return value if isinstance(value, Mapping) else {}


def _own(values: Any) -> dict[str, Any]:
    """Return what the caller said, without what MLflow keeps for itself."""
    held = _object(values)
    return {name: each for name, each in held.items() if not name.startswith(INTERNAL)} | {
        name: held[f"{INTERNAL}{key}"]
        for name, key in (("user", "trace.user"), ("source_run", "sourceRun"))
        if f"{INTERNAL}{key}" in held
    }


def _feedback(run: Run, assessed: list[Payload]) -> tuple[Feedback, ...]:
    return feedback_of(
        _scores(assessed, run),
        SOURCE,
        run_id=run.run_id,
        example_id=run.example_id,
        repetition=run.repetition,
    )


def _scores(assessed: list[Payload], run: Run) -> Iterator[Score]:
    known = {step.step_id for step in run.steps}
    for each in assessed:
        said = each.get("feedback")
        if not isinstance(said, Mapping):
            continue
        value, error = said.get("value"), said.get("error") or each.get("error")
        numeric = isinstance(value, bool | int | float)
        step = str(each.get("span_id") or "")
        yield Score(
            key=str(each.get("assessment_name") or each.get("name")),
            score=value if numeric else None,
            value=None if numeric else value,
            comment=each.get("rationale") or None,
            step_id=step if step in known else None,
            metadata=_about(each) | ({"error": error} if error else {}),
        )


def _about(raw: Payload) -> dict[str, Any]:
    source = _object(raw.get("source"))
    found = {"source_type": source.get("source_type"), "source_id": source.get("source_id")}
    held = _object(raw.get("metadata"))
    return {**{name: each for name, each in found.items() if each is not None}, **held}


def _expected(run: Run, example: Example | None, assessed: list[Payload]) -> Example | None:
    """Return the example with what was expected: one value alone, several by their names."""
    found = {}
    for each in assessed:
        said = each.get("expectation")
        if isinstance(said, Mapping):
            value = said.get("value", said.get("serialized_value"))
            found[str(each.get("assessment_name") or each.get("name"))] = _plain(value)
    if not found:
        return example
    if example is None:
        example = Example(example_id=run.example_id or digest(run.inputs), inputs=run.inputs)
    return replace(example, reference_outputs=found)


def _plain(value: Any) -> Any:
    if (
        isinstance(value, Mapping)
        and "value" in value
        and value.keys() <= {"value", "serialization_format"}
    ):
        return once(value["value"])
    return value
