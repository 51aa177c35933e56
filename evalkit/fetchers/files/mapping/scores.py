"""Scores a file had recorded become Feedback under the source's name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.model.score import Feedback, Score

REASONS = ("comment", "explanation", "reason", "reasoning")
PARTS = frozenset({"score", "value", "metadata", *REASONS})
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
        said: Any = raw.get("metadata")
        metadata = said if isinstance(said, Mapping) else {}
        value, raw = raw.get("value"), raw.get("score")
    number, category = _number_or_value(raw)
    if number is None and isinstance(value, bool | int | float):
        number, value = _number_or_value(value)
    value = category if value is None else value
    if number is not None or value is not None or comment is not None:
        yield Score(
            key=key,
            score=number,
            value=value,
            comment=comment,
            metadata=metadata,
        )


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
    return tuple(
        Feedback(
            key=score.key or source,
            run_id=run_id,
            step_id=score.step_id,
            example_id=example_id,
            repetition=repetition,
            evaluator=source,
            outcome="not_applicable" if score.type is None else "scored",
            score=score.score,
            value=score.value,
            comment=score.comment,
            source="recorded",
            metadata=score.metadata,
        )
        for score in scores
    )
