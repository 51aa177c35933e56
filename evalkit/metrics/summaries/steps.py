"""Where the time goes: steps grouped by kind, name and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.arrow import codes, decoded, numbers, valid
from evalkit.metrics.columns.reading import RunColumns, rows_of
from evalkit.metrics.documents.summary import StepSummary
from evalkit.metrics.statistics.distribution import describe
from evalkit.metrics.summaries.alone import SLACK, SelfTime, self_time
from evalkit.model.results import Results

GROUPS = 100
"""Groups described, those with most time first; a summary is for reading."""
NAMES = ("kind", "name", "model")
COLUMNS = (
    "run_id", "step_id", "parent_id", *NAMES, "error", "started_at", "latency_s", "ttft_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Steps:
    group: Codes
    names: list[tuple[str, str, str | None]]
    run: Codes
    latency: Floats
    alone: Floats
    outside: int
    ttft: Floats
    failed: Any
    tokens: Floats
    cost: Floats


def summarise_steps(
    results: Results, runs: RunColumns, confidence: float
) -> tuple[list[StepSummary], int]:
    """Summarise every kind, name and model of step, most self time first.

    Beside them stands how many steps begin before or end after the step they are in.
    """
    table = results.table("steps", [*COLUMNS, "total_tokens", "total_cost"])
    if table.num_rows == 0:
        return [], 0
    steps = _read(table, runs)
    whole = float(np.nansum(steps.alone))
    order = np.argsort(steps.group, kind="stable")
    ends = np.cumsum(np.bincount(steps.group, minlength=len(steps.names)))
    groups = np.split(order, ends[:-1])
    spent = np.array([np.nansum(steps.alone[rows]) for rows in groups])
    chosen = sorted(range(len(groups)), key=lambda g: (-spent[g], -len(groups[g])))[:GROUPS]
    found = [_summary(steps, g, groups[g], (runs, whole, confidence)) for g in chosen]
    return found, steps.outside


def _summary(
    steps: _Steps, group: int, rows: Codes, context: tuple[RunColumns, float, float]
) -> StepSummary:
    runs, whole, confidence = context
    kind, name, model = steps.names[group]
    alone = steps.alone[rows]
    seconds = float(np.nansum(alone)) if not np.isnan(alone).all() else None
    run = steps.run[rows]
    return StepSummary(
        kind=kind,
        name=name,
        model=model,
        calls=len(rows),
        runs=int(np.count_nonzero(np.bincount(run[run >= 0], minlength=1))),
        errors=int(steps.failed[rows].sum()),
        latency=_described(steps.latency[rows], run, runs, confidence),
        share=seconds / whole if seconds is not None and whole > 0 else None,
        self_seconds=seconds,
        ttft=_optional(steps.ttft[rows], run, runs, confidence),
        total_tokens=_sum(steps.tokens[rows]),
        total_cost=_sum(steps.cost[rows]),
    )


def _described(values: Floats, run: Codes, runs: RunColumns, confidence: float) -> Any:
    known = ~np.isnan(values) & (run >= 0)
    return describe(
        values[known],
        None,  # every call counts: a step's time is that of its calls, not of its examples
        runs.unit[run[known]],
        missing=int((~known).sum()),
        unit="s",
        confidence=confidence,
        shape=False,
    )


def _optional(values: Floats, run: Codes, runs: RunColumns, confidence: float) -> Any:
    return None if np.isnan(values).all() else _described(values, run, runs, confidence)


def _sum(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))


def _read(table: Any, runs: RunColumns) -> _Steps:
    group, names = _groups(table)
    stated = numbers(table.column("latency_s"))
    latency = np.where(stated < 0, np.nan, stated)
    run = rows_of(table.column("run_id"), runs.run_ids)
    ttft = numbers(table.column("ttft_s"))
    alone = _alone(table, latency, run)
    return _Steps(
        group=group,
        names=names,
        run=run,
        latency=latency,
        alone=alone.seconds,
        outside=alone.outside,
        ttft=np.where((ttft < 0) | (ttft > latency + SLACK), np.nan, ttft),
        failed=valid(table.column("error")),
        tokens=numbers(table.column("total_tokens")),
        cost=numbers(table.column("total_cost")),
    )


def _groups(table: Any) -> tuple[Codes, list[tuple[str, str, str | None]]]:
    parts = [codes(table.column(name)) for name in NAMES]
    sizes = [len(values) + 1 for _, values in parts]
    mixed = ((parts[0][0] + 1) * sizes[1] + parts[1][0] + 1) * sizes[2] + parts[2][0] + 1
    there, place = np.unique(mixed, return_inverse=True)
    names = []
    for code in there:
        rest, model = divmod(int(code), sizes[2])
        kind, name = divmod(rest, sizes[1])
        text = [("", *values) for _, values in parts]
        names.append((text[0][kind] or "other", text[1][name] or "", text[2][model] or None))
    return place.astype(np.int64), names


def _alone(table: Any, latency: Floats, run: Codes) -> SelfTime:
    parents = table.column("parent_id")
    if parents.null_count == len(parents):
        return SelfTime(latency, 0)
    return self_time(latency, seconds(table.column("started_at")), _parents(table, parents, run))


def seconds(column: Any) -> Floats:
    """Return times as seconds since 1970, NaN where there is none."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    micros = pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64())
    return numbers(pc.cast(micros, pa.float64(), safe=False)) / 1e6


def _parents(table: Any, parents: Any, run: Codes) -> Codes:
    """Return the row of each step's parent, -1 for none; step ids may repeat between runs."""
    ids = decoded(table.column("step_id"))
    at = rows_of(parents, ids)
    if (run[at[at >= 0]] == run[at >= 0]).all():
        return at
    place, codes_of_ids = _within(run, ids, decoded(parents))
    order = np.argsort(codes_of_ids, kind="stable")
    found = np.searchsorted(codes_of_ids[order], place)
    found = order[np.minimum(found, len(order) - 1)]
    missing: Codes = np.where((place >= 0) & (codes_of_ids[found] == place), found, -1)
    return missing


def _within(run: Codes, ids: Any, parents: Any) -> tuple[Codes, Codes]:
    """Return one number for (run, parent id) and one for (run, step id), -1 for no parent."""
    distinct = pc.unique(ids)
    own, above = rows_of(ids, distinct), rows_of(parents, distinct)
    width = len(distinct)
    return np.where(above >= 0, run * width + above, -1), run * width + own
