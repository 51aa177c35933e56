"""Verdict: what a judge must answer, a pydantic model made from its scale, and how it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from evalkit.evaluators.judge.settings import Scale
from evalkit.model.score import Score

THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


class Verdict(BaseModel):
    """What every judge answers: first why, then what."""

    model_config = ConfigDict(extra="ignore")

    reasoning: str = Field(description="Why, in one to three sentences, naming the evidence.")


def verdict_model(scale: Scale) -> type[Verdict]:
    """Return the model of the answer for a scale; its `verdict` is what is scored."""
    kind: Any
    if scale == "pass_fail":
        kind = Literal["pass", "fail"]
    elif isinstance(scale, tuple):
        low, high = scale
        kind = Annotated[float, Field(ge=low, le=high, allow_inf_nan=False)]
    else:
        kind = Literal[tuple(scale)]
    return create_model("Verdict", __base__=Verdict, verdict=(kind, ...))


def form_of(scale: Scale) -> str:
    """Return the form of the answer as a judge is told it."""
    if scale == "pass_fail":
        wanted = '"pass" or "fail"'
    elif isinstance(scale, tuple):
        wanted = f"a number from {scale[0]:g} to {scale[1]:g}"
    else:
        wanted = "one of " + ", ".join(json.dumps(label, ensure_ascii=False) for label in scale)
    return f'{{"reasoning": "why, in one to three sentences", "verdict": {wanted}}}'


def response_format(model: type[Verdict]) -> dict[str, Any]:
    """Return the `response_format` of OpenAI's structured outputs for a verdict."""
    schema = model.model_json_schema()
    schema["additionalProperties"] = False
    schema["required"] = list(schema["properties"])
    return {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": schema},
    }


def read_verdict(text: str, model: type[Verdict]) -> Verdict:
    """Read the last JSON object in the text that fits; raises `ValueError` saying why none does.

    Thinking aloud, code fences and words around the object are passed over.
    """
    found = list(_objects(THINKING.sub("", text)))
    if not found:
        raise ValueError("there is no JSON object in the answer")
    problem: Exception | None = None
    for value in reversed(found):
        try:
            return model.model_validate(_lowered(value))
        except ValidationError as error:
            problem = problem or error
    assert isinstance(problem, ValidationError)
    faults = "; ".join(f"{_path(e['loc'])}: {e['msg']}" for e in problem.errors()[:3])
    raise ValueError(f"the answer does not fit: {faults}")


def _objects(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    position = text.find("{")
    while position >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position = text.find("{", position + 1)
            continue
        yield value
        position = text.find("{", end)


def _lowered(value: Any) -> Any:
    """Models write `PASS` and `"4"`: accept the case of a word, leave the rest to pydantic."""
    if isinstance(value, dict) and isinstance(value.get("verdict"), str):
        word = value["verdict"].strip()
        return {**value, "verdict": word.lower() if word.lower() in ("pass", "fail") else word}
    return value


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "answer"


def to_score(verdict: Verdict, scale: Scale, metadata: dict[str, Any]) -> Score:
    """Return a verdict as a score: a truth value, a number or a category."""
    said: Any = getattr(verdict, "verdict")  # noqa: B009  the field is made by `verdict_model`
    if scale == "pass_fail":
        return Score(score=said == "pass", comment=verdict.reasoning, metadata=metadata)
    if isinstance(scale, tuple):
        return Score(score=said, comment=verdict.reasoning, metadata=metadata)
    return Score(value=said, comment=verdict.reasoning, metadata=metadata)
