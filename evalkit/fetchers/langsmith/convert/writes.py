"""Cells become the feedback LangSmith would have recorded for them; pure."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from evalkit.fetchers.langsmith.convert.feedback import MARK
from evalkit.fetchers.langsmith.convert.fields import Payload, mapping_of

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
    version: str,
    keep: Callable[[Payload], bool] = lambda cell: True,
) -> tuple[list[Body], set[str]]:
    """Return the feedback to have on the server, and the runs of cells that it does not know.

    Not written are recorded scores (they came from there), cells of runs that failed or are
    missing, and "does not apply" without a word why: LangSmith has nothing for those.
    """
    found: dict[str, Body] = {}
    unknown: set[str] = set()
    seen: Counter[str] = Counter()
    for cell in map(row_of, cells):
        if cell.get("source") == "recorded" or cell.get("outcome") in ("run_failed", "missing"):
            continue
        run_id = cell.get("run_id")
        if run_id is not None and run_id not in starts:
            unknown.add(run_id)
            continue
        what = feedback_id(session_id, cell)
        body = _body(cell, session_id, version, seen[what])
        seen[what] += 1  # several results of one key about one thing are told apart by their order
        if body is not None and keep(cell):
            if run_id is not None and starts[run_id] and not cell.get("step_id"):
                body["start_time"] = starts[run_id]
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


def _body(cell: Payload, session_id: str, version: str, position: int) -> Body | None:
    failed = cell.get("outcome") == "evaluator_error"
    comment = cell.get("comment")
    if failed:
        comment = _error_text(cell)
    elif cell.get("outcome") == "not_applicable" and not comment:
        return None
    run_id = cell.get("run_id")
    said = _said(cell)
    body: Body = {
        "id": feedback_id(session_id, cell, position),
        "key": _key(str(cell["key"])),
        "score": None if failed else _score(cell),
        "value": None if failed else _value(cell),
        "comment": comment,
        "session_id": session_id,
        "feedback_source": {
            "type": "model" if run_id else "api",
            "metadata": {
                **_object(said.get("evaluator_info")),
                **({"__run": {"run_id": said["source_run_id"]}} if "source_run_id" in said else {}),
                MARK: version,
                "evaluator": cell.get("evaluator"),
                "fingerprint": cell.get("fingerprint"),
            },
        },
        "extend_trace_retention": False,  # scoring must not change what keeping a trace costs
    }
    if run_id:
        body |= {"run_id": cell.get("step_id") or run_id, "trace_id": run_id}
    body |= {name: said[name] for name in ("correction", "feedback_config") if name in said}
    extra = _object(said.get("extra")) | ({"error": True} if failed else {})
    if extra:
        body |= {"extra": extra}
    if failed:
        body |= {"error": True}
    return body


def _said(cell: Payload) -> dict[str, Any]:
    """Return what the evaluator said beside the score, under LangSmith's names."""
    metadata = cell.get("metadata")
    if isinstance(metadata, str):  # a row of the table: JSON text
        metadata = json.loads(metadata)
    return {name: metadata[name] for name in CARRIED if metadata and metadata.get(name)}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def differs(wanted: Body, there: Payload) -> bool:
    """Whether the server has another score, value or comment than we would write."""
    return any(wanted.get(name) != there.get(name) for name in COMPARED) or turned(wanted, there)


def turned(wanted: Body, there: Payload) -> bool:
    """Whether an error became a score or the other way round, which a change cannot say."""
    return bool(wanted.get("error")) != failed_there(there)


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


def row_of(cell: Any) -> Payload:
    """Return a cell as a row, whether it is one already or Feedback."""
    if isinstance(cell, Mapping):
        return cell
    if is_dataclass(cell) and not isinstance(cell, type):
        return asdict(cell)
    raise TypeError(f"{type(cell).__name__} is no cell")


def _key(key: str) -> str:
    if len(key) <= KEY_LENGTH:
        return key
    mark = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{key[: KEY_LENGTH - 9]}-{mark}"


def _score(cell: Payload) -> bool | int | float | None:
    score = cell.get("score")
    kind = cell.get("score_type")
    if score is None:
        return None
    if kind == "bool" or isinstance(score, bool):
        return bool(score)
    if isinstance(score, int):
        return score
    rounded = round(float(score), DECIMALS)
    return int(rounded) if kind == "int" else rounded


def _value(cell: Payload) -> Any:
    """Return a number, text, truth value or object; the API takes no list."""
    value = cell.get("value")
    if "score_type" in cell and isinstance(value, str):  # a row of the table: JSON text
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple) else value


def _error_text(cell: Payload) -> str:
    """Write the error as the SDK does: the exception's repr."""
    kind, message = cell.get("error_type") or "Error", cell.get("error_message") or ""
    return f"{kind}({message!r})"
