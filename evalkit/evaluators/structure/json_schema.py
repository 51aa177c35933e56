"""JSON Schema: is the output valid against a schema?"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.evaluators.structure.parsed import ABSENT, parsed_answer
from evalkit.evaluators.wording import short
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@evaluator(
    version="1",
    cases=[
        case(outputs={"n": 1}, options={"schema": NUMBER}, expect=True),
        case(outputs={"answer": '```json\n{"n": 1}\n```'}, options={"schema": NUMBER}, expect=True),
        case(outputs={"n": "1"}, options={"schema": NUMBER}, expect=False),
        case(outputs="no json", options={"schema": NUMBER}, expect=False),
        case(outputs=None, options={"schema": NUMBER}, expect=False),
        case(outputs={"n": 1}, reference_outputs={"schema": NUMBER}, expect=True),
        case(outputs={"n": 1}, expect=None),
    ],
)
def json_schema_valid(
    outputs: Any,
    reference_outputs: Any,
    *,
    schema: dict[str, Any] | None = None,
    schema_file: str = "",
    answer_at: str = "",
) -> Score:
    """The output is valid JSON for the `schema`: from config, file or example.

    Text is parsed first, also out of a code fence. The comment names the first three faults with
    their paths. True or False, higher is better; no output is False. Source: json-schema.org,
    by the library jsonschema; the draft is the one the schema names.
    """
    wanted = schema or _of_file(schema_file) or _of_example(reference_outputs)
    if wanted is None:
        return Score(comment="no schema is given")
    value = parsed_answer(outputs, answer_at)
    if value is ABSENT:
        return Score(score=False, comment="the output is no JSON")
    errors = sorted(_validator(json.dumps(wanted)).iter_errors(value), key=lambda e: e.json_path)
    said = "; ".join(f"{e.json_path}: {short(ascii(e.message)[1:-1], 100)}" for e in errors[:3])
    return Score(score=not errors, comment=said or None)


def _of_file(path: str) -> Any:
    return json.loads(Path(path).read_text("utf-8")) if path else None


def _of_example(reference: Any) -> Any:
    return reference.get("schema") if isinstance(reference, dict) else None


@lru_cache(maxsize=64)
def _validator(text: str) -> Any:
    from jsonschema.validators import validator_for

    schema = json.loads(text)
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)
