"""Cells become the feedback LangSmith would have recorded for them; pure."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evalkit.fetchers.langsmith.convert.feedback import MARK
from evalkit.fetchers.langsmith.convert.fields import Payload, mapping_of
from evalkit.fetchers.writing.cells import Said, own_version, said

NAMESPACE = uuid.UUID("5f2c9b52-3c36-5a7e-9d6b-2f6c7a0f4f11")
"""Of the feedback ids: the same score of the same run always has the same id."""
KEY_LENGTH = 180
DECIMALS = 4
"""The API refuses scores that are more precise."""
COMPARED = ("score", "value", "comment", "correction")
CARRIED = ("correction", "feedback_config", "evaluator_info", "source_run_id", "extra")
"""What a result may say beside its score; kept in the metadata of a cell."""
Body = dict[str, Any]


def bodies(
    cells: Iterable[Any],
    session_id: str,
    starts: Mapping[str, str | None],
    keep: Callable[[Payload], bool] | None = None,
) -> tuple[list[Body], set[str]]:
    """Return the feedback to have on the server, and the runs of cells that it does not know."""
    every, unknown = said(cells, starts, keep)
    found: dict[str, Body] = {}
    for each in every:
        body = _body(each, session_id)
        start = starts.get(each.run_id) if each.run_id is not None else None
        if start and not each.step_id:
            body["start_time"] = start
        found[body["id"]] = body
    return list(found.values()), unknown


def feedback_id(session_id: str, cell: Payload, position: int = 0) -> str:
    """Return the id of a cell's feedback: by run, step, evaluator and key, not by its version.

    So a changed evaluator updates its score instead of adding a second one to the average.
    `position` counts the results of one key that an evaluator gave about the same thing.
    """
    named = [cell.get(k) or "" for k in ("run_id", "step_id", "evaluator", "key")]
    parts = [session_id, *named, *([position] if position else [])]
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts)))


def _body(each: Said, session_id: str) -> Body:
    failed = each.error is not None
    named = {name: getattr(each, name) for name in ("run_id", "step_id", "evaluator", "key")}
    beside = {name: each.metadata[name] for name in CARRIED if each.metadata.get(name)}
    source_run = {"__run": {"run_id": beside["source_run_id"]}} if "source_run_id" in beside else {}
    body: Body = {
        "id": feedback_id(session_id, named, each.position),
        "key": _key(each.key),
        "score": _rounded(each.score),
        "value": _value(each.value),
        "comment": each.error if failed else each.comment,
        "session_id": session_id,
        "feedback_source": {
            "type": "model" if each.run_id else "api",
            "metadata": {
                **_object(beside.get("evaluator_info")),
                **source_run,
                MARK: own_version(),
                "evaluator": each.evaluator,
                "fingerprint": each.fingerprint,
            },
        },
        "extend_trace_retention": False,  # scoring must not change what keeping a trace costs
    }
    if each.run_id:
        body |= {"run_id": each.step_id or each.run_id, "trace_id": each.run_id}
    body |= {name: beside[name] for name in ("correction", "feedback_config") if name in beside}
    extra = _object(beside.get("extra")) | ({"error": True} if failed else {})
    if extra:
        body |= {"extra": extra}
    if failed:
        body |= {"error": True}
    return body


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def failed_there(there: Payload) -> bool:
    """Whether the server has this as an evaluator's error."""
    return bool(there.get("error") or mapping_of(there, "extra").get("error"))


def change(wanted: Body) -> Body:
    """Return what a change of existing feedback sends."""
    return {name: wanted.get(name) for name in COMPARED}


def evaluator_of(there: Payload) -> str | None:
    """Return which evaluator feedback that evalkit wrote was of."""
    name = (mapping_of(there, "feedback_source").get("metadata") or {}).get("evaluator")
    return None if name is None else str(name)


def _key(key: str) -> str:
    if len(key) <= KEY_LENGTH:
        return key
    mark = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{key[: KEY_LENGTH - 9]}-{mark}"


def _rounded(score: bool | int | float | None) -> bool | int | float | None:
    return round(score, DECIMALS) if isinstance(score, float) else score


def _value(value: Any) -> Any:
    """Return a number, text, truth value or object; the API takes no list."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple) else value
