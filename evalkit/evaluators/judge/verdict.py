"""Verdict: what a judge must answer, a pydantic model made from its scale, and how it is read."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from evalkit.evaluators.judge.asking.objects import read_objects
from evalkit.evaluators.judge.settings import Scale
from evalkit.model.score import Score


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
    """Read the verdict in an answer; raises `ValueError` saying why there is none.

    Thinking aloud, code fences and words around the object are passed over. Objects that differ in
    what they say are no verdict: one of them may be quoted from the judged text.
    """
    found = read_objects(text)
    if not found:
        raise ValueError("there is no JSON object in the answer")
    fitting: list[Verdict] = []
    problem: ValidationError | None = None
    for value in found:
        try:
            fitting.append(model.model_validate(_forgiven(value, model)))
        except ValidationError as error:
            problem = problem or error
    if not fitting:
        assert problem is not None
        faults = "; ".join(f"{_path(e['loc'])}: {e['msg']}" for e in problem.errors()[:3])
        raise ValueError(f"the answer does not fit: {faults}")
    if len({repr(getattr(each, "verdict", None)) for each in fitting}) > 1:
        raise ValueError("the answer holds verdicts that differ. Give one JSON object")
    return fitting[-1]


def _forgiven(value: Any, model: type[Verdict]) -> Any:
    """Accept the case of keys and labels, and signs around them; leave the rest to pydantic.

    A truth value is no grade, though pydantic would count it as 0 or 1.
    """
    if not isinstance(value, dict):
        return value
    lowered = {str(key).strip().lower(): each for key, each in value.items()}
    said = lowered.get("verdict")
    if isinstance(said, bool):
        return {**lowered, "verdict": "true" if said else "false"}
    if isinstance(said, str):
        lowered["verdict"] = _label(said, model)
    return lowered


def _label(said: str, model: type[Verdict]) -> str:
    """Return the one label that was meant, else what was said."""
    labels = list(get_args(model.model_fields["verdict"].annotation))
    word = said.strip()
    if word in labels:
        return word
    meant = [each for each in labels if isinstance(each, str) and _plain(each) == _plain(word)]
    return meant[0] if len(meant) == 1 else word


def _plain(label: str) -> str:
    """Return a label without case, and without the signs and gaps that models change."""
    inner = re.sub(r"[\s_-]+", " ", label.casefold())
    return inner.strip(" .*`\"'") or inner


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
