"""Times: experiments that ran at different times, and models that changed in the middle of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import erfc, sqrt
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import unique
from evalkit.metrics.columns.arrow import codes, integers
from evalkit.metrics.documents.validation import Finding
from evalkit.model.results import Results

APART = 0.98
"""Chance that a run of one model is later than one of the other, from which on it is a change."""
CHANCE = 0.001
NEXT_TO_EACH_OTHER = 3_600_000_000
"""Microseconds between two experiments that nobody calls apart: they ran one after the other."""
NEVER = -(2**62)
BEGAN = ("started_at", "created_at")
Window = tuple[int, int]
"""When the first and the last run began, in microseconds."""


def window_of(results: Results) -> Window | None:
    """Return when the first and the last run began; None: no run says."""
    table = results.table("runs", list(BEGAN))
    for name in BEGAN:
        times = _micros(table.column(name))
        known = times[times > NEVER]
        if len(known):
            return int(known.min()), int(known.max())
    return None


def apart(names: tuple[str, str], first: Window | None, second: Window | None) -> Iterator[Finding]:
    """Yield two experiments whose windows of time do not overlap, and lie an hour apart."""
    if first is None or second is None:
        return
    if max(first[0], second[0]) - min(first[1], second[1]) < NEXT_TO_EACH_OTHER:
        return
    swapped = second[1] < first[0]
    early, late = (second, first) if swapped else (first, second)
    order = names[::-1] if swapped else names
    text = (
        f"{order[0]} ended {_when(early[1])}, {order[1]} began {_when(late[0])}, "
        f"{_span(early, late)} later: what changed meanwhile (a model behind its name, data, load) "
        "is in the difference."
    )
    yield Finding("windows", "note", text)


def changed_models(results: Results) -> Iterator[Finding]:
    """Yield the steps whose model was one until some run, and another from then on.

    By the rank sum of Mann and Whitney (Ann. Math. Stat. 18, 1947): models that are mixed all the
    way, as a router mixes them, are no change.
    """
    model, models = codes(results.table("steps", ["model"]).column(0))
    if len(models) < 2:
        return
    table = results.table("steps", ["run_id", "name", "started_at"])
    name, names = codes(table.column("name"))
    began = _micros(table.column("started_at"))
    for each in unique(name[model >= 0]).tolist():
        rows = np.flatnonzero((name == each) & (model >= 0) & (began > NEVER))
        rows = rows[np.argsort(began[rows], kind="stable")]
        for at, last, first in _changes(model[rows]):
            yield _changed(names[each], table, rows, at, models[last], models[first])


def _changed(step: Any, table: Any, rows: Any, at: int, was: str, now: str) -> Finding:
    run = table.column("run_id")[int(rows[at])].as_py()
    when = _when(int(_micros(table.column("started_at"))[rows[at]]))
    where = f"step {step}" if step else "steps"
    text = (
        f"The model of {where} changed in the middle: {was} in the first {at:,} calls, {now} in "
        f"the {len(rows) - at:,} from {when} on (first in {run}); figures mix both."
    )
    return Finding(
        "models", "finding", text, where=where, n=len(rows) - at, of=len(rows), ids=(str(run),)
    )


def _changes(model: Any) -> Iterator[tuple[int, int, int]]:
    """Yield where one model ends and the next begins: place, old, new."""
    values = unique(model).tolist()
    middle = {each: float(np.mean(np.flatnonzero(model == each))) for each in values}
    ranked = sorted(values, key=lambda each: middle[each])
    for old, new in pairwise(ranked):
        first, second = np.flatnonzero(model == old), np.flatnonzero(model == new)
        below = np.searchsorted(first, second).sum()  # calls of the old before each of the new
        n, m = len(first), len(second)
        later = float(below) / (n * m)
        spread = sqrt((n + m + 1) / (12 * n * m))
        if later >= APART and erfc((later - 0.5) / spread / sqrt(2)) < CHANCE:
            yield int(second[0]), old, new


def _micros(column: Any) -> Any:
    return integers(column, NEVER)


def _when(micros: int) -> str:
    try:
        return f"{datetime.fromtimestamp(micros / 1e6, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "at no time of a calendar"


def _span(early: Window, late: Window) -> str:
    gap = timedelta(microseconds=min(late[0] - early[1], 10**17))
    hours = gap.total_seconds() / 3600
    if hours >= 48:
        return f"{hours / 24:,.0f} days"
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
