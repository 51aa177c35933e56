"""Where the time goes: steps grouped by kind, name and model, a piece of them at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.arrow import codes, integers, let_go, numbers, valid
from evalkit.metrics.columns.exact import exact_sums, rounded
from evalkit.metrics.columns.grouped import Grouped, by_group
from evalkit.metrics.columns.reading import SLACK, RunColumns
from evalkit.metrics.columns.settled import is_settled, settled
from evalkit.metrics.documents.figures import Distribution
from evalkit.metrics.documents.summary import StepSummary
from evalkit.metrics.statistics.distribution import describe, describe_tally, quantiles_of
from evalkit.metrics.summaries.alone import SelfTime, self_time
from evalkit.metrics.summaries.placing import parents_of, seconds
from evalkit.model.results import Results
from evalkit.model.schema.columns import RUN_PLACE

GROUPS = 100
"""Groups described, those with most time first; a summary is for reading."""
NAMES = ("kind", "name", "model")
COLUMNS = (
    RUN_PLACE.name, "step_id", "parent_id", *NAMES, "error", "started_at", "latency_s", "ttft_s",
    "total_tokens", "total_cost",
)  # fmt: skip


@dataclass(slots=True)
class Steps:
    """What is known of the steps of an experiment, from all that was read of them so far."""

    settled: bool = False
    """Whether figures go by values, not by the order of the store."""
    outside: int = 0
    """Steps that begin before or end after the step they are in."""
    failed: dict[int, str] = field(default_factory=dict)
    """Name of the innermost step that failed, by row of the run: the last that says so."""
    groups: list[_Group] = field(default_factory=list)
    latency: Grouped = field(default_factory=Grouped)
    ttft: Grouped = field(default_factory=Grouped)
    _known: tuple[dict[Any, int], ...] = field(default_factory=lambda: ({}, {}, {}))
    _place: dict[tuple[int, ...], int] = field(default_factory=dict)

    def add(self, table: Any, unit: Codes) -> None:
        """Take in whole runs' steps; `unit` is the independent unit of each run."""
        run = integers(table.column(RUN_PLACE.name))
        group = self.grouped(table)
        latency, ttft = _times(table)
        alone, failed = _alone(table, latency, run), valid(table.column("error"))
        self.outside += alone.outside
        self._note(table, run, np.flatnonzero(failed))
        for measure, values in ((self.latency, latency), (self.ttft, ttft)):
            known = ~np.isnan(values) & (run >= 0)
            measure.add(group[known], values[known], unit[run[known]])
        self._count(group, run, failed)
        sums = (alone.seconds, numbers(table.column("total_tokens")))
        for name, values in zip(SUMS, (*sums, numbers(table.column("total_cost"))), strict=True):
            self._sum(name, group, values)

    def _note(self, table: Any, run: Codes, rows: Codes) -> None:
        names = table.column("name")
        self.failed.update((int(run[row]), names[int(row)].as_py() or "") for row in rows)

    def grouped(self, table: Any) -> Codes:
        """Return the group of each step, new groups added."""
        parts = [codes(table.column(name)) for name in NAMES]
        sizes = [len(values) + 1 for _, values in parts]
        mixed = parts[0][0].astype(np.int64) + 1
        for (raw, _), size in zip(parts[1:], sizes[1:], strict=True):
            mixed = mixed * size + raw + 1
        there, back = np.unique(mixed, return_inverse=True)
        for (_, values), known in zip(parts, self._known, strict=True):
            for value in values:
                known.setdefault(value, len(known) + 1)
        return np.array([self._number(int(c), parts, sizes) for c in there], np.int64)[back]

    def _number(self, code: int, parts: list[Any], sizes: list[int]) -> int:
        rest, model = divmod(code, sizes[2])
        kind, name = divmod(rest, sizes[1])
        texts = [
            ("", *values)[at] for (_, values), at in zip(parts, (kind, name, model), strict=True)
        ]
        there = (kind, name, model)
        key = tuple(k[t] if at else 0 for k, t, at in zip(self._known, texts, there, strict=True))
        if key not in self._place:
            self._place[key] = len(self.groups)
            self.groups.append(_Group(key, (texts[0] or "other", texts[1] or "", texts[2] or None)))
        return self._place[key]

    def _count(self, group: Codes, run: Codes, failed: Any) -> None:
        for number, rows in by_group(group):
            each, own = self.groups[number], run[rows]
            own = own[own >= 0]
            each.calls += len(rows)
            each.runs += len(own) and 1 + int(np.count_nonzero(own[1:] != own[:-1]))
            each.errors += int(failed[rows].sum())

    def _sum(self, name: str, group: Codes, values: Floats) -> None:
        known = ~np.isnan(values)
        if not known.any():
            return
        found = exact_sums(values, group, len(self.groups))
        for number in np.flatnonzero(np.bincount(group[known])).tolist():
            each = self.groups[number]
            each.sums[name] = each.sums.get(name, 0) + found[number]


def _times(table: Any) -> tuple[Floats, Floats]:
    """Return how long each step took, and until its first token."""
    stated, ttft = numbers(table.column("latency_s")), numbers(table.column("ttft_s"))
    latency = np.where(stated < 0, np.nan, stated)
    return latency, np.where((ttft < 0) | (ttft > latency + SLACK), np.nan, ttft)


SUMS = ("self_seconds", "total_tokens", "total_cost")


@dataclass(slots=True)
class _Group:
    """Steps of one kind, name and model."""

    key: tuple[int, ...]
    """When kind, name and model were first seen."""
    names: tuple[str, str, str | None]
    calls: int = 0
    runs: int = 0
    errors: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    """Exact sums; none where no step says so."""

    def sum(self, name: str) -> float | None:
        """Return a sum as the nearest float."""
        return rounded(self.sums[name]) if name in self.sums else None


def read_steps(results: Results, runs: RunColumns) -> Steps:
    """Read the steps of an experiment, a piece of them at a time."""
    steps, unit = Steps(settled=is_settled(runs.n)), runs.unit
    for table in results.tables("steps", COLUMNS):
        if table.num_rows:
            steps.add(table, unit)
    let_go()
    if steps.latency.tallied or steps.ttft.tallied:
        _count_below(results, steps, unit)
    return steps


def _count_below(results: Results, steps: Steps, unit: Codes) -> None:
    """Read the steps again for what of each unit lies below the quantiles found."""
    measures = {"latency_s": steps.latency, "ttft_s": steps.ttft}
    limits = {
        name: {number: quantiles_of(tally) for number, tally in each.tallies.items()}
        for name, each in measures.items()
    }
    for table in results.tables("steps", [RUN_PLACE.name, *NAMES, *measures]):
        if table.num_rows:
            run, group = integers(table.column(RUN_PLACE.name)), steps.grouped(table)
            found = zip(measures.items(), _times(table), strict=True)
            for (name, measure), values in found:
                known = np.flatnonzero(~np.isnan(values) & (run >= 0))
                for number, at in by_group(group[known]) if measure.tallied else ():
                    rows = known[at]
                    limit, mine = limits[name][number], values[rows]
                    measure.tallies[number].count_below(limit, mine, unit[run[rows]])


def summarise_steps(steps: Steps, confidence: float) -> list[StepSummary]:
    """Summarise every kind, name and model of step, most self time first."""
    whole = rounded(sum(each.sums.get("self_seconds", 0) for each in steps.groups))
    return [_summary(steps, number, whole, confidence) for number in _most(steps)]


def _most(steps: Steps) -> list[int]:
    """Return the groups with most time; of equal ones those seen first, or named first."""

    def rank(number: int) -> tuple[Any, ...]:
        each = steps.groups[number]
        last = [name or "" for name in each.names] if steps.settled else each.key
        return -(each.sum("self_seconds") or 0.0), -each.calls, last

    return sorted(range(len(steps.groups)), key=rank)[:GROUPS]


def _summary(steps: Steps, number: int, whole: float, confidence: float) -> StepSummary:
    each = steps.groups[number]
    kind, name, model = each.names
    own = each.sum("self_seconds")
    ttft = _described(steps, steps.ttft, number, confidence)
    return StepSummary(
        kind=kind,
        name=name,
        model=model,
        calls=each.calls,
        runs=each.runs,
        errors=each.errors,
        latency=_described(steps, steps.latency, number, confidence),
        share=own / whole if own is not None and whole > 0 else None,
        self_seconds=own,
        ttft=ttft if ttft.n else None,
        total_tokens=each.sum("total_tokens"),
        total_cost=each.sum("total_cost"),
    )


def _described(steps: Steps, measure: Grouped, number: int, confidence: float) -> Distribution:
    calls = steps.groups[number].calls
    if number in measure.tallies:
        tally = measure.tallies[number]
        lost = calls - tally.n
        return describe_tally(tally, missing=lost, unit="s", confidence=confidence)
    values, units = measure.of(number)
    if steps.settled:
        units, values = settled(units, values, ties=False)
    return describe(
        values,
        None,  # every call counts: a step's time is that of its calls, not of its examples
        units,
        missing=calls - len(values),
        unit="s",
        confidence=confidence,
        shape=False,
    )


def _alone(table: Any, latency: Floats, run: Codes) -> SelfTime:
    parents = table.column("parent_id")
    if parents.null_count == len(parents):
        return SelfTime(latency, 0)
    return self_time(latency, seconds(table.column("started_at")), parents_of(table, parents, run))
