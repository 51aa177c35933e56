"""JSON Schema: is the output valid against a schema?"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.evaluators.structure.parsed import (
    ABSENT,
    Parsed,
    parsed_answer,
    wrapped_answer,
)
from evalkit.evaluators.wording import short
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@evaluator(
    version="2",
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

    A table is checked as it is; when that is not valid and it holds the answer under a usual name
    (`answer`, `output` ...), what stands there is checked, and the comment says so. Text is parsed
    first, also out of a code fence. `schema_file` starts at the folder of the configuration.
    Formats are checked (date-time, email, uri, uuid and the others the schema's draft names); one
    that cannot be checked is named in the comment. The comment names the first three faults with
    their paths. True or False, higher is better; no output is False. Source: json-schema.org,
    by the library jsonschema; the draft is the one the schema names.
    """
    wanted = schema or _of_file(schema_file) or _of_example(reference_outputs)
    if wanted is None:
        return Score(comment="no schema is given")
    text = json.dumps(wanted)
    value, key = parsed_answer(outputs, answer_at)
    unchecked = _unchecked(text)
    faults = [] if value is ABSENT else _faults(text, value)
    if not answer_at and (value is ABSENT or faults or key):
        for each, name in (Parsed(outputs), wrapped_answer(outputs)):
            if isinstance(outputs, dict) and each is not ABSENT and outputs:
                found = _faults(text, each)
                if not found or value is ABSENT:
                    value, key, faults = each, name, found
                if not found:
                    break
    if value is ABSENT:
        return Score(score=False, comment="the output is no JSON")
    said = [
        *faults[:3],
        _no_json(outputs) if faults and not key else "",
        f"of the output {key!r}" if key else "",
        unchecked,
    ]
    return Score(score=not faults, comment="; ".join(filter(None, said)) or None)


def _no_json(outputs: Any) -> str:
    """Say that text under a usual name was no JSON, so that the table around it was checked."""
    held, name = wrapped_answer(outputs)
    return f"no JSON under {name!r}" if held is ABSENT and name is not None else ""


def _faults(schema: str, value: Any) -> list[str]:
    errors = sorted(_validator(schema).iter_errors(value), key=lambda e: e.json_path)
    return [f"{e.json_path}: {short(ascii(e.message)[1:-1], 100)}" for e in errors]


@lru_cache(maxsize=64)
def _unchecked(schema: str) -> str:
    """Name the formats of a schema that nothing here can check."""
    checker = _validator(schema).format_checker
    named = sorted(_formats(json.loads(schema)) - set(checker.checkers))
    return f"formats not checked: {', '.join(named)}" if named else ""


def _formats(schema: Any) -> set[str]:
    """Return the formats a schema asks for, wherever they stand in it."""
    if isinstance(schema, list):
        return {name for each in schema for name in _formats(each)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["format"]} if isinstance(schema.get("format"), str) else set()
    inner = (value for key, value in schema.items() if key not in ("enum", "const", "examples"))
    return own.union(*map(_formats, inner))


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
    return kind(schema, format_checker=_checker(kind))


def _checker(kind: Any) -> Any:
    """Return the draft's checks of formats, with one of email that asks for more than an `@`."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checkers = {**kind.FORMAT_CHECKER.checkers, "email": (_is_email, ())}
    return checker


EMAIL = re.compile(
    r"""(?:[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*|"[^"\r\n]+")
    @(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*|\[[\d.a-fA-F:]+\])""",
    re.VERBOSE | re.ASCII,
)


def _is_email(value: object) -> bool:
    return not isinstance(value, str) or EMAIL.fullmatch(value) is not None
