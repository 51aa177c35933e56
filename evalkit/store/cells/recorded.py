"""Recorded: the scores a source had recorded, as rows of the cells table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.schema.columns import RUN_PLACE
from evalkit.model.score import Score
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import Part
from evalkit.store.disk.schema import CELLS

OWNERS = ("run_id", "example_id", "repetition")


def tables(files: Files, parts: Sequence[Part], schema: pa.Schema) -> list[pa.Table]:
    """Return columns of the recorded cells, in the order of the runs."""
    made, start = [], 0
    for part in parts:
        if part.recorded == 0:
            start += part.rows
            continue
        opened = PartFile(files, part)
        found = opened.read(["feedback"]).column("feedback")
        if found.null_count < len(found):
            rows = list(_rows(opened.read([*OWNERS, "feedback"]), start))
            arrays = [pa.array([row[each.name] for row in rows], each.type) for each in schema]
            made.append(pa.Table.from_arrays(arrays, schema=schema))
        start += part.rows
    return made


def whole(scores: Sequence[Mapping[str, Any]], schema: pa.Schema) -> list[pa.Table]:
    """Return columns of the recorded scores of the experiment, which belong to no run."""
    if not scores:
        return []
    rows = [dict.fromkeys(CELLS.names) | {RUN_PLACE.name: None} | _cell(each) for each in scores]
    arrays = [pa.array([row[each.name] for row in rows], each.type) for each in schema]
    return [pa.Table.from_arrays(arrays, schema=schema)]


def _rows(runs: pa.Table, start: int) -> Iterator[dict[str, Any]]:
    empty = dict.fromkeys(CELLS.names)
    places = pc.indices_nonzero(pc.is_valid(runs.column("feedback")))
    for place, run in zip(places.to_pylist(), runs.take(places).to_pylist(), strict=True):
        owner = {name: run[name] for name in OWNERS} | {RUN_PLACE.name: start + place}
        for item in orjson.loads(run["feedback"]):
            yield empty | owner | _cell(item)


def _cell(item: Mapping[str, Any]) -> dict[str, Any]:
    score, value = item.get("score"), item.get("value")
    kind = Score(score=score, value=value).type
    metadata = item.get("metadata")
    return {
        "step_id": item.get("step_id"),
        "evaluator": item.get("evaluator") or "",
        "key": item["key"],
        "outcome": "scored" if kind else "not_applicable",
        "score": None if score is None else float(score),
        "score_type": kind,
        "value": None if value is None else orjson.dumps(value).decode(),
        "comment": item.get("comment"),
        "timed_out": False,
        "metadata": orjson.dumps(metadata).decode() if metadata else None,
        "source": "recorded",
    }
