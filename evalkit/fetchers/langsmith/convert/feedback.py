"""Scores that LangSmith had recorded become Feedback; those evalkit wrote itself are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.fetchers.langsmith.convert.fields import NOTHING, Payload, mapping_of, parsed_time
from evalkit.model.score import Feedback

MARK = "evalkit"
"""Key of `feedback_source.metadata` that says evalkit wrote this feedback."""
SOURCE = "langsmith"


def is_ours(payload: Payload) -> bool:
    """Whether evalkit wrote this feedback: such scores are made again, not read back."""
    return MARK in (mapping_of(payload, "feedback_source").get("metadata") or NOTHING)


def to_feedback(
    payload: Payload,
    *,
    run_id: str | None,
    step_id: str | None = None,
    example_id: str | None = None,
) -> Feedback:
    """Return recorded feedback; `run_id` is the root run's, `step_id` the run inside it, if any."""
    error = bool(payload.get("error") or (payload.get("extra") or NOTHING).get("error"))
    score, value, comment = (
        _score(payload.get("score")),
        payload.get("value"),
        payload.get("comment"),
    )
    scored = score is not None or value is not None
    return Feedback(
        key=str(payload.get("key") or SOURCE),
        run_id=run_id,
        step_id=step_id,
        example_id=example_id,
        evaluator=SOURCE,
        outcome="evaluator_error" if error else "scored" if scored else "not_applicable",
        score=None if error else score,
        value=None if error else value,
        comment=comment,
        error_message=comment if error else None,
        source="recorded",
        metadata=_metadata(payload),
    )


def from_stats(
    stats: Mapping[str, Any] | None, *, run_id: str | None, example_id: str | None = None
) -> list[Feedback]:
    """Return one Feedback a key of `feedback_stats`: a key scored n times gives its average."""
    return [
        Feedback(
            key=key,
            run_id=run_id,
            example_id=example_id,
            evaluator=SOURCE,
            outcome=_outcome(stat),
            score=stat.get("avg"),
            value=_only_label(stat),
            comment=_only(stat.get("comments")),
            source="recorded",
            metadata={"n": stat.get("n")},
        )
        for key, stat in (stats or NOTHING).items()
        if isinstance(stat, dict)
    ]


def _outcome(stat: Payload) -> Any:
    if stat.get("avg") is not None or _only_label(stat) is not None:
        return "scored"
    return "evaluator_error" if stat.get("errors") else "not_applicable"


def _only_label(stat: Payload) -> Any:
    """A category counts as this run's only when the run was given no other."""
    if stat.get("avg") is not None:
        return None
    labels = stat.get("values") or NOTHING
    return _only(list(labels))


def _only(values: Iterable[Any] | None) -> Any:
    found = list(values or ())
    return found[0] if len(found) == 1 and isinstance(found[0], str) else None


def _score(score: Any) -> Any:
    return score if isinstance(score, bool | int | float) else None


def _metadata(payload: Payload) -> dict[str, Any]:
    source = mapping_of(payload, "feedback_source")
    modified = payload.get("modified_at") or payload.get("created_at")
    known = {
        "feedback_id": payload.get("id"),
        "feedback_source": source.get("type"),
        "user": source.get("user_name") or source.get("user_id"),
        "modified_at": parsed_time(modified).isoformat() if modified else None,
        "correction": payload.get("correction"),
        "source_metadata": source.get("metadata"),
    }
    return {
        key: str(value) if key == "feedback_id" else value for key, value in known.items() if value
    }
