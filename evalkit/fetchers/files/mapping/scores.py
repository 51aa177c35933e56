"""Scores a file had recorded become Feedback under the source's name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.model.score import Feedback, Score
from evalkit.model.views import error_type

REASONS = ("comment", "explanation", "reason", "reasoning")
ERROR = "error"
"""Where the metadata of a score that was not given holds why: its evaluator failed."""
PARTS = frozenset({"score", "value", "metadata", "label", "error", *REASONS})
"""Keys that make an object a score with its reason, rather than a value of its own."""


def read_scores(raw: Any) -> Iterator[Score]:
    """Yield the scores of an object by key, or of a list of objects that name theirs.

    Raises `ValueError` for anything else. A score that is null was not given and is left out.
    """
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from read_score(str(key), value)
        return
    if not isinstance(raw, list):
        raise ValueError(f"{type(raw).__name__} holds no scores by key")
    for item in raw:
        key = item.get("key") or item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(key, str):
            raise ValueError(f"a score in the list has no 'key': {item!r:.60}")
        yield from read_score(key, item)


def read_score(key: str, raw: Any) -> Iterator[Score]:
    """Yield the score that a number, truth value, text or object is; nothing for null."""
    comment: str | None = None
    metadata: Mapping[str, Any] = {}
    value: Any = None
    if isinstance(raw, Mapping) and PARTS & raw.keys():
        comment = next((str(raw[name]) for name in REASONS if raw.get(name)), None)
        metadata = _about(raw)
        value = raw.get("value", raw.get("label"))
        raw = raw.get("score")
    number, category = _number_or_value(raw)
    if number is None and isinstance(value, bool | int | float):
        number, value = _number_or_value(value)
    value = category if value is None else value
    if any(each is not None for each in (number, value, comment, metadata.get(ERROR))):
        yield Score(
            key=key,
            score=number,
            value=value,
            comment=comment,
            metadata=metadata,
        )


def _about(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a score, who gave it, and why there is none where that is said."""
    said = raw.get("metadata")
    found = dict(said) if isinstance(said, Mapping) else {}
    if raw.get("annotator_kind"):
        found.setdefault("annotator_kind", raw["annotator_kind"])
    return found | ({ERROR: raw["error"]} if raw.get("error") else {})


def _number_or_value(raw: Any) -> tuple[bool | int | float | None, Any]:
    if isinstance(raw, bool | int):
        return raw, None
    if isinstance(raw, float):
        return (raw, None) if math.isfinite(raw) else (None, None)
    return None, raw


def feedback_of(
    scores: Iterator[Score],
    source: str,
    *,
    run_id: str,
    example_id: str | None,
    repetition: int | None,
) -> tuple[Feedback, ...]:
    """Attach scores to a run as recorded feedback."""
    return tuple(_feedback(score, source, run_id, example_id, repetition) for score in scores)


def _feedback(
    score: Score, source: str, run_id: str, example_id: str | None, repetition: int | None
) -> Feedback:
    """Return a score as recorded; one without a value whose evaluator failed is a failed cell."""
    missing = score.type is None
    failure = _failure(score.metadata.get(ERROR)) if missing else None
    return Feedback(
        key=score.key or source,
        run_id=run_id,
        step_id=score.step_id,
        example_id=example_id,
        repetition=repetition,
        evaluator=source,
        outcome="evaluator_error" if failure else "not_applicable" if missing else "scored",
        score=score.score,
        value=score.value,
        comment=score.comment,
        error_type=failure[0] if failure else None,
        error_message=failure[1] if failure else None,
        source="recorded",
        metadata=score.metadata,
    )


def _failure(error: Any) -> tuple[str | None, str] | None:
    """Return the class and the words of an error: a text, or an object with code and message."""
    if not error:
        return None
    if isinstance(error, Mapping):
        kind, said = error.get("error_code"), error.get("error_message") or error.get("message")
        return (None if kind is None else str(kind)), str(said or kind or dict(error))
    return error_type(str(error)), str(error)
