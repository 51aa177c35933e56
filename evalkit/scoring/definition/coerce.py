"""Coerce: the one function that decides what an evaluator may return.

Accepted is everything LangSmith accepts (its rules were probed against the SDK), and numpy
scalars, `Decimal`, tuples (as lists, or as `(score, comment)`), `None` for "does not apply",
`reasoning` for `comment` and `name` for `key`. Not accepted: NaN, infinity, and anything whose
meaning would be a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from evalkit.errors import EvaluatorOutputError
from evalkit.model.score import Score

COERCION_VERSION = "2"
"""Part of every fingerprint: a change of these rules re-runs everything."""

NAMES = {"key": "key", "name": "key", "score": "score", "value": "value", "comment": "comment"}
COMMENTS = ("comment", "reasoning", "reason", "explanation")
CARRIED = (
    "correction",
    "evaluator_info",
    "feedback_config",
    "source_run_id",
    "target_run_id",
    "extra",
)
FIELDS = {*NAMES, *COMMENTS, *CARRIED, "metadata", "step_id"}
MARKS = {"score", "value", *COMMENTS}


def to_scores(returned: Any, key: str) -> list[Score]:
    """Return what an evaluator said as scores; `key` names those that have no name of their own.

    `None` gives one score that says "does not apply"; an empty list of results gives the same.
    Anything that is no score raises `EvaluatorOutputError`.
    """
    scores = list(_read(returned, key))
    return scores or [Score(key=key)]


def _read(returned: Any, key: str) -> Iterable[Score]:
    if returned is None or isinstance(returned, bool | int | float | str | Decimal):
        return (_plain(returned, key),)
    if isinstance(returned, Score):
        return (_checked(returned, key),)
    if isinstance(returned, Mapping):
        return _mapping(returned, key)
    if _is_pair(returned):
        return (_fields({"score": returned[0], "comment": returned[1]}, key),)
    if isinstance(returned, list | tuple):
        return [score for item in returned for score in _item(item, key)]
    scalar = _scalar(returned)
    if scalar is not returned:
        return _read(scalar, key)
    fields = _fields_of(returned)
    if fields is not None:
        return (_fields(fields, key),)
    raise EvaluatorOutputError(
        f"{key}: returned {type(returned).__name__}, which is no score. "
        "Return a bool, a number, a str, None, a Score, or a dict with 'score' or 'value'."
    )


def _is_pair(returned: Any) -> bool:
    """Tell whether this is `(score, comment)`: a tuple of a number and a text."""
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[1], str):
        return False
    return isinstance(_scalar(returned[0]), bool | int | float | Decimal)


def _plain(value: Any, key: str) -> Score:
    if value is None:
        return Score(key=key)
    if isinstance(value, str):
        if not value:
            raise EvaluatorOutputError(f"{key}: returned an empty text. Return None instead.")
        return Score(key=key, value=value)
    return Score(key=key, score=_number(value, key))


def _number(value: Any, key: str) -> bool | int | float:
    if isinstance(value, bool | int):  # bool first: True is an int too
        return value
    number = float(value)
    if not math.isfinite(number):
        raise EvaluatorOutputError(
            f"{key}: returned {number}, which is no score. Return None when there is none."
        )
    return number


def _item(item: Any, key: str) -> Iterable[Score]:
    if isinstance(item, list | tuple):
        raise EvaluatorOutputError(f"{key}: returned a list inside a list. Return one flat list.")
    if item is None or isinstance(item, str | bool | int | float | Decimal):
        what = type(item).__name__
        raise EvaluatorOutputError(
            f"{key}: returned a list with a bare {what} in it, whose key is unknown. "
            "Return dicts with 'key' and 'score', or {name: value}."
        )
    return _read(item, key)


def _mapping(returned: Mapping[Any, Any], key: str) -> Iterable[Score]:
    if isinstance(results := returned.get("results"), list | tuple) or set(returned) == {"results"}:
        # what stands beside the results is passed over, as LangSmith does
        if not isinstance(results, list | tuple):
            raise EvaluatorOutputError(f"{key}: 'results' is no list. Return {{'results': [...]}}.")
        return [score for item in results for score in _item(item, key)]
    if not returned:
        raise EvaluatorOutputError(f"{key}: returned an empty dict. Return None instead.")
    if MARKS & set(returned):
        return (_fields(returned, key),)
    return [_named(name, value) for name, value in returned.items()]


def _named(name: Any, value: Any) -> Score:
    if not isinstance(name, str) or not name:
        raise EvaluatorOutputError(f"{name!r}: a key must be a text. Return {{name: value}}.")
    scores = list(_read(value, name))
    if len(scores) != 1:
        raise EvaluatorOutputError(f"{name}: one name holds several scores. Return a flat dict.")
    return scores[0]


def _fields(raw: Mapping[Any, Any], key: str) -> Score:
    unknown = [name for name in raw if name not in FIELDS]
    if unknown:
        raise EvaluatorOutputError(
            f"{key}: returned a score with the unknown field {unknown[0]!r}. "
            "Put it under 'metadata', or return {name: value} for several scores."
        )
    score, value = raw.get("score"), raw.get("value")
    if isinstance(score, str):  # LangSmith's docs write categories so
        score, value = None, score if value is None else value
    metadata = dict(raw.get("metadata") or {})
    metadata |= {name: raw[name] for name in CARRIED if raw.get(name) not in (None, {}, [])}
    own = raw.get("key") or raw.get("name") or key
    return Score(
        key=str(own),
        score=None if score is None else _score_number(score, str(own)),
        value=_scalar(value),
        comment=next((str(raw[name]) for name in COMMENTS if raw.get(name) is not None), None),
        metadata=metadata,
        step_id=_step_of(raw),
    )


def _step_of(raw: Mapping[Any, Any]) -> str | None:
    """Return the step a score is about; LangSmith's word is `target_run_id`."""
    step = raw.get("step_id") or raw.get("target_run_id")
    return None if step is None else str(step)


def _score_number(score: Any, key: str) -> bool | int | float:
    score = _scalar(score)
    if not isinstance(score, bool | int | float | Decimal):
        raise EvaluatorOutputError(
            f"{key}: 'score' is a {type(score).__name__}. Return a bool or a number."
        )
    return _number(score, key)


def _checked(score: Score, key: str) -> Score:
    number = None if score.score is None else _score_number(score.score, score.key or key)
    return replace(score, key=score.key or key, score=number)


def _scalar(value: Any) -> Any:
    """Return the Python value of a numpy scalar (or any 0-d array); others come back unchanged."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return item()
    return value


def _fields_of(returned: Any) -> Mapping[str, Any] | None:
    """Return the fields of a result object such as LangSmith's `EvaluationResult`."""
    dump = getattr(returned, "model_dump", None) or getattr(returned, "dict", None)
    if callable(dump) and hasattr(returned, "key"):
        fields: Mapping[str, Any] = dump()
        return fields
    return None
