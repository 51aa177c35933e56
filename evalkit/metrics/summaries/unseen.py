"""Unseen: what judges did not see of the runs they judged, summed over an experiment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.metrics.columns.arrays import Codes
from evalkit.metrics.columns.arrow import codes
from evalkit.metrics.columns.reading import column_of_cells
from evalkit.metrics.columns.scores import ScoreColumns
from evalkit.metrics.documents.quality import Unseen
from evalkit.model.results import Results
from evalkit.model.score import LEFT_OUT


def unseen_by(results: Results, columns: ScoreColumns) -> dict[str, Unseen]:
    """Return what was left out before a judge, by score; nothing where it saw everything."""
    found: dict[str, Unseen] = {}
    known: tuple[Codes, dict[int, tuple[int, ...]]] | None = None
    for place, info in enumerate(columns.infos):
        if info is None or info.kind != "judge":
            continue
        known = known or _left_out(results)
        raw, counts = known
        said = (counts[code] for code in raw[columns.rows(place)].tolist() if code in counts)
        if (unseen := unseen_of(said)) is not None:
            found[columns.names[place]] = unseen
    return found


def _left_out(results: Results) -> tuple[Codes, dict[int, tuple[int, ...]]]:
    raw, values = codes(column_of_cells(results, "metadata"))
    return raw, {code: _counts(text) for code, text in enumerate(values) if "_left_out" in text}


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
