"""Cells become what a store is to be told of them; pure, and the same for every store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

DISTRIBUTION = "evalkit-harness"
MARK = "evalkit"
"""Key under which metadata of what evalkit wrote holds its version."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What one cell says, as an evaluator gave it."""

    run_id: str | None
    step_id: str | None
    evaluator: str
    key: str
    fingerprint: str | None
    score: bool | int | float | None
    value: Any
    comment: str | None
    error: str | None
    """Why there is no score, where the evaluator failed."""
    position: int
    """Several results of one key about one thing are told apart by their order."""
    metadata: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from every other: what it is about, who says it, and its key."""
        named = (self.run_id or "", self.step_id or "", self.evaluator, self.key)
        return (*named, *([str(self.position)] if self.position else []))

    @property
    def marks(self) -> dict[str, Any]:
        """What a store keeps beside it, so that it is found again as evalkit's."""
        found = {MARK: own_version(), "evaluator": self.evaluator, "fingerprint": self.fingerprint}
        return found | ({"position": self.position} if self.position else {})


def said(
    cells: Iterable[Any],
    runs: Collection[str],
    keep: Callable[[Row], bool] | None = None,
) -> tuple[list[Said], set[str]]:
    """Return what to have in a store, and the runs of cells that it does not know.

    Nothing is said of recorded scores (they came from there), of runs that failed or are missing,
    and of "does not apply" without a word why: a store has nothing for those.
    """
    found: list[Said] = []
    unknown: set[str] = set()
    seen: Counter[tuple[Any, ...]] = Counter()
    for cell in map(row_of, cells):
        if cell.get("source") == "recorded" or cell.get("outcome") in ("run_failed", "missing"):
            continue
        run_id = cell.get("run_id")
        if run_id is not None and run_id not in runs:
            unknown.add(run_id)
            continue
        what = (run_id, cell.get("step_id"), cell.get("evaluator"), cell.get("key"))
        position = seen[what]
        seen[what] += 1
        if cell.get("outcome") == "not_applicable" and not cell.get("comment"):
            continue
        if keep is None or keep(cell):
            found.append(_said(cell, position))
    return found, unknown


def _said(cell: Row, position: int) -> Said:
    failed = cell.get("outcome") == "evaluator_error"
    metadata = cell.get("metadata")
    if isinstance(metadata, str):  # a row of the table: JSON text
        metadata = json.loads(metadata)
    return Said(
        run_id=cell.get("run_id"),
        step_id=cell.get("step_id") or None,
        evaluator=str(cell.get("evaluator")),
        key=str(cell["key"]),
        fingerprint=cell.get("fingerprint"),
        score=None if failed else _score(cell),
        value=None if failed else _value(cell),
        comment=None if failed else cell.get("comment"),
        error=error_text(cell) if failed else None,
        position=position,
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def row_of(cell: Any) -> Row:
    """Return a cell as a row, whether it is one already or Feedback."""
    if isinstance(cell, Mapping):
        return cell
    if is_dataclass(cell) and not isinstance(cell, type):
        return asdict(cell)
    raise TypeError(f"{type(cell).__name__} is no cell")


def error_text(cell: Row) -> str:
    """Write an evaluator's error as the exception's repr."""
    kind, message = cell.get("error_type") or "Error", cell.get("error_message") or ""
    return f"{kind}({message!r})"


def label(value: Any) -> str | None:
    """Return a value as the text by which stores name categories."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def own_version() -> str:
    """Return the version of evalkit that writes."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def _score(cell: Row) -> bool | int | float | None:
    score, kind = cell.get("score"), cell.get("score_type")
    if score is None:
        return None
    if kind == "bool" or isinstance(score, bool):
        return bool(score)
    return int(score) if kind == "int" or isinstance(score, int) else float(score)


def _value(cell: Row) -> Any:
    value = cell.get("value")
    if "score_type" in cell and isinstance(value, str):  # a row of the table: JSON text
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
