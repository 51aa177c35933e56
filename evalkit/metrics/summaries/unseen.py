"""Unseen: what judges did not see of the runs they judged, summed over an experiment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
        said = (counts[code] for code in raw[column.rows].tolist() if code in counts)
        if (unseen := unseen_of(said)) is not None:
            found[column.name] = unseen
    return found


def _counts(text: str) -> tuple[int, ...]:
    """Return characters and images left out, of a score's metadata; user code may write any."""
    try:
        return counts_of(json.loads(text))
    except (ValueError, RecursionError):
        return (0, 0)


def counts_of(metadata: Any) -> tuple[int, ...]:
    """Return characters and images a judge did not see, from what its score says of itself."""
    took = metadata.get("judge") if isinstance(metadata, Mapping) else None
    took = took if isinstance(took, Mapping) else {}
    said = [took.get(name, 0) for name in LEFT_OUT]
    return tuple(n if type(n) is int and n > 0 else 0 for n in said)


def unseen_of(counts: Iterable[tuple[int, ...]]) -> Unseen | None:
    """Sum what judgements left out; None where they saw everything."""
    said = [each for each in counts if any(each)]
    if not said:
        return None
    characters, images = (sum(each) for each in zip(*said, strict=True))
    return Unseen(len(said), characters, images)
