"""Unseen: what judges did not see of the runs they judged, summed over an experiment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from evalkit.metrics.columns.arrow import codes
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.documents.quality import Unseen
from evalkit.model.results import Results
from evalkit.model.score import LEFT_OUT


def unseen_by(results: Results, columns: Sequence[ScoreColumn]) -> dict[str, Unseen]:
    """Return what was left out before a judge, by score; nothing where it saw everything."""
    judges = [each for each in columns if each.info is not None and each.info.kind == "judge"]
    if not judges:
        return {}
    raw, values = codes(results.table("cells", ["metadata"]).column("metadata"))
    counts = {code: _counts(text) for code, text in enumerate(values) if "_left_out" in text}
    found = {}
    for column in judges:
        said = [counts[code] for code in raw[column.rows].tolist() if code in counts]
        said = [each for each in said if any(each)]
        if said:
            characters, images = (sum(each) for each in zip(*said, strict=True))
            found[column.name] = Unseen(len(said), characters, images)
    return found


def _counts(text: str) -> tuple[int, ...]:
    """Return characters and images left out, of a score's metadata; user code may write any."""
    try:
        took = json.loads(text).get("judge")
    except (ValueError, AttributeError, RecursionError):
        return (0, 0)
    took = took if isinstance(took, Mapping) else {}
    said = [took.get(name, 0) for name in LEFT_OUT]
    return tuple(n if type(n) is int and n > 0 else 0 for n in said)
