"""The published JSON schemas, made from the models that check the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from evalkit.metrics.documents.comparison import Comparison
from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.documents.summary import Summary
from evalkit.model.schema.records import ExampleRecord, RunRecord
from evalkit.project import plugins
from evalkit.project.explained import model_of
from evalkit.project.tables import ProjectTable

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of `evalkit.toml`, with the keys of every installed fetcher."""
    schema = model_of(ProjectTable).model_json_schema()
    common = schema["$defs"].pop("ExperimentTable")
    branches = []
    for name in plugins.fetchers():
        options = _options_schema(name)
        schema["$defs"].update(options.pop("$defs", {}))
        branches.append(_branch(name, common, options))
    schema["$defs"]["ExperimentTable"] = {"description": common["description"], "anyOf": branches}
    return {"$schema": DIALECT, **schema}


def _options_schema(fetcher: str) -> dict[str, Any]:
    """Return the schema of a fetcher's keys; its definitions carry the fetcher's name."""
    own = plugins.fetcher(fetcher).Options.model_json_schema()
    text = json.dumps(own).replace("#/$defs/", f"#/$defs/{fetcher}.")
    schema: dict[str, Any] = json.loads(text)
    definitions = schema.pop("$defs", {})
    schema["$defs"] = {f"{fetcher}.{key}": value for key, value in definitions.items()}
    return schema


def _branch(fetcher: str, common: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    default = common["properties"]["fetcher"].get("default") == fetcher
    return {
        "title": f"an experiment from {fetcher}",
        "type": "object",
        "properties": {
            **common["properties"],
            **options.get("properties", {}),
            "fetcher": {"const": fetcher},
        },
        "required": [*options.get("required", []), *([] if default else ["fetcher"])],
        "additionalProperties": False,
    }


LEFT_OUT = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What the page does not hold, a sentence each.",
}


def record_schema() -> dict[str, Any]:
    """Return the schema of one line of evalkit's own JSON Lines."""
    return {"$schema": DIALECT, **TypeAdapter(RunRecord | ExampleRecord).json_schema()}


def document_schema(kind: type) -> dict[str, Any]:
    """Return the schema of a document made of the frozen dataclass `kind`."""
    return {"$schema": DIALECT, **TypeAdapter(kind).json_schema(mode="serialization")}


def summary_schema() -> dict[str, Any]:
    """Return the schema of `summary.json`: figures, gates, and where the page is."""
    schema = document_schema(Summary)
    gate = document_schema(GateResult)
    schema["$defs"] |= gate.pop("$defs", {})
    schema["$defs"]["GateResult"] = {key: gate[key] for key in ("type", "properties", "required")}
    schema["properties"] |= {
        "gates": {"type": "array", "items": {"$ref": "#/$defs/GateResult"}},
        "report": {"type": ["string", "null"], "description": "Path of the page."},
        "left_out": LEFT_OUT,
        "guard": {"type": "string", "description": "In a saved file: the hash of all the rest."},
    }
    return schema


def comparison_schema() -> dict[str, Any]:
    """Return the schema of a comparison of two or more experiments."""
    return document_schema(Comparison)


def run_schema() -> dict[str, Any]:
    """Return the schema of `evalkit run --json`: one summary, or several with their comparison."""
    summary, comparison = summary_schema(), comparison_schema()
    definitions = {**summary.pop("$defs"), **comparison.pop("$defs")}
    for schema in (summary, comparison):
        schema.pop("$schema")
    text = {"type": ["string", "null"]}
    several = {
        "title": "Run",
        "type": "object",
        "properties": {
            "type": {"const": "evalkit.run"},
            "version": {"type": "integer"},
            "experiments": {"type": "array", "items": {"$ref": "#/$defs/Summary"}},
            "comparison": {"anyOf": [{"$ref": "#/$defs/Comparison"}, {"type": "null"}]},
            "failures": {"type": "object", "additionalProperties": {"type": "string"}},
            "report": text,
            "left_out": LEFT_OUT,
            "exit_code": {"type": "integer"},
        },
        "required": ["type", "version", "experiments", "comparison", "failures", "exit_code"],
    }
    return {
        "$schema": DIALECT,
        "anyOf": [{"$ref": "#/$defs/Summary"}, several],
        "$defs": {**definitions, "Summary": summary, "Comparison": comparison},
    }


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "config": config_schema,
    "record": record_schema,
    "run": run_schema,
    "summary": summary_schema,
    "comparison": comparison_schema,
}
