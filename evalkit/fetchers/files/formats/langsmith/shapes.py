"""LangSmith's file shapes told apart, and each brought to the run records its API sends; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from evalkit.fetchers.files.formats.langsmith.frames import is_frame
from evalkit.fetchers.files.mapping.convert import from_text
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.timing import parse_time

Shape = Literal[
    "run", "page", "cli", "bulk", "upload", "rows", "trace", "result", "frame", "example", "other"
]
Payload = Mapping[str, Any]
RESULTS = "evaluation_results"
"""Where a run record carries the results of a dumped row."""
EVALUATORS = "evaluators"
"""Name of the project into which LangSmith traces its own evaluators."""
BULK_TEXT = (
    "inputs",
    "outputs",
    "extra",
    "events",
    "feedback_stats",
    "tags",
    "parent_run_ids",
    "prompt_token_details",
    "completion_token_details",
    "prompt_cost_details",
    "completion_cost_details",
)
"""Columns of the bulk export that hold JSON as text."""
BULK_ONLY = ("inputs", "outputs", "extra", "events", "feedback_stats")
"""Of these, columns that the API never sends as text."""


def fits(sample: Sample) -> bool:
    """Tell whether a file holds any of LangSmith's shapes."""
    if sample.kind == "csv":
        return is_frame(sample.first)
    return shape_of(sample.first) not in ("other", "example")


def shape_of(value: Any) -> Shape:
    """Return which shape one line, element or document has."""
    if not isinstance(value, Mapping):
        return "other"
    if "run_type" in value and ("id" in value or "run_id" in value):
        if "id" not in value:
            return "cli"
        # a row may lack its inputs, and any other of these too
        return "bulk" if any(isinstance(value.get(name), str) for name in BULK_ONLY) else "run"
    if isinstance(value.get("run"), Mapping) and "evaluation_results" in value:
        return "result"
    if isinstance(value.get("results"), list) and "experiment_name" in value:
        return "upload"
    if "examples_with_runs" in value:
        return "rows"
    inner = value.get("runs", value.get("items"))
    if isinstance(inner, list) and (not inner or shape_of(inner[0]) != "other"):
        if "trace_id" in value:
            return "trace"
        return "rows" if "inputs" in value else "page"
    if "inputs" in value and "outputs" in value and "id" in value:
        return "example"
    if is_frame(value):
        return "frame"
    return "other"


def records(value: Any) -> Iterator[Payload]:
    """Yield the flat run records of a line, element or document, in the API's form."""
    shape = shape_of(value)
    if shape in ("page", "trace"):
        for inner in value.get("runs", value.get("items")):
            yield from records(inner)
    elif shape == "rows":
        for row in value.get("examples_with_runs", [value]):
            for inner in row.get("runs") or ():
                yield from records({"reference_example_id": row.get("id"), **inner})
    elif shape == "cli":
        yield from_cli(value)
    elif shape == "bulk":
        yield from_bulk(value)
    elif shape == "result":
        yield from_result(value)
    elif shape == "run":
        yield value


def examples(value: Any) -> Iterator[Payload]:
    """Yield the dataset rows a document carries beside its runs."""
    if shape_of(value) == "rows":
        yield from value.get("examples_with_runs", [value])
    elif shape_of(value) == "example":
        yield value
    elif shape_of(value) == "result" and isinstance(value.get("example"), Mapping):
        yield value["example"]


def next_page(value: Any) -> bool | None:
    """Tell whether a page says that another one follows; None for what is no page."""
    if shape_of(value) != "page":
        return None
    cursors = value.get("cursors")
    after = cursors.get("next") if isinstance(cursors, Mapping) else None
    return bool(after or value.get("next_cursor"))


def from_cli(record: Payload) -> dict[str, Any]:
    """Return a record of LangSmith's command line under the API's names.

    Status, metadata, usage and payloads are there only where the export asked for them.
    """
    known = ("run_id", "custom_metadata", "token_usage", "costs", "duration_ms")
    flat = {name: value for name, value in record.items() if name not in known}
    flat["id"] = record["run_id"]
    if record.get("custom_metadata"):
        flat["extra"] = {"metadata": record["custom_metadata"]}
    for name in ("token_usage", "costs"):
        flat |= record.get(name) or {}
    started, took = parse_time(record.get("start_time")), record.get("duration_ms")
    if not record.get("end_time") and started and isinstance(took, int | float):
        flat["end_time"] = (started + timedelta(milliseconds=took)).isoformat()
    return flat


def from_result(row: Payload) -> dict[str, Any]:
    """Return the run of a dumped row of `ExperimentResults`, with what its evaluators said."""
    example, said = row.get("example"), row.get("evaluation_results")
    results = said.get("results") if isinstance(said, Mapping) else None
    example_id = example.get("id") if isinstance(example, Mapping) else None
    return {"reference_example_id": example_id, **row["run"], RESULTS: list(results or ())}


def from_bulk(record: Payload) -> dict[str, Any]:
    """Return a row of the bulk export with its JSON columns parsed."""
    flat = dict(record)
    for name in BULK_TEXT:
        if isinstance(flat.get(name), str):
            flat[name] = from_text(flat[name])
    return flat


def upload_rows(value: Any) -> list[Payload]:
    """Return the rows of an experiment made for `POST /datasets/upload-experiment`."""
    return list(value["results"]) if shape_of(value) == "upload" else []


def is_evaluator_run(root: Payload) -> bool:
    """Tell whether a root run is a trace of an evaluator, not of the application."""
    return root.get("session_name") == EVALUATORS
