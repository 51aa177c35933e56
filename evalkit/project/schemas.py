"""The published JSON schemas, made from the models that check the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of `evalkit.toml`, with the keys of every installed fetcher."""
    from evalkit.project import plugins
    from evalkit.project.tables import ProjectTable

    schema = ProjectTable.model_json_schema()
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
    from evalkit.project import plugins

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


def record_schema() -> dict[str, Any]:
    """Return the schema of one line of evalkit's own JSON Lines."""
    from pydantic import TypeAdapter

    from evalkit.model.records import ExampleRecord, RunRecord

    return {"$schema": DIALECT, **TypeAdapter(RunRecord | ExampleRecord).json_schema()}


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "config": config_schema,
    "record": record_schema,
}
