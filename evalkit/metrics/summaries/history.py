"""History: a metric over many summaries: where it changed for good, and since the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from evalkit.metrics.documents.comparison import Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import Found, look_up
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.summaries.lasting import ChangePoint, Point, change_points
from evalkit.metrics.summaries.since import Break, breaks_of, since, together, unchanged

HISTORY_VERSION = 1
MEASURES = ("success_rate", "latency.p50", "latency.p95", "tokens.mean", "cost.mean")


@dataclass(frozen=True, slots=True)
class Strip:
    """One metric over time, oldest first."""

    metric: str
    unit: str
    direction: str | None
    points: list[Point]
    changes: list[ChangePoint]
    breaks: tuple[Break, ...] = ()
    """Where an evaluator or the data set changed: no change is read across them."""
    since: Difference | None = None
    """The last point against the one before it; None: there is none, or a break is between them.

    Not paired, for a summary does not keep which example had which score; `simultaneous` holds at
    once for all strips.
    """
    baseline: Figure | None = None
    """The level of the baseline's last summary, where there is a baseline."""


@dataclass(frozen=True, slots=True)
class History:
    """Strips of every metric that at least one summary has; `to_dict()` is the JSON document."""

    experiments: list[str]
    strips: list[Strip]
    version: int = HISTORY_VERSION
    type: str = "evalkit.history"
    baseline: str | None = None
    """Whose level is in the strips beside them."""
    folder: str = ""
    """Where the summaries lie, from the project's folder."""
    same: tuple[str, ...] = ()
    """`evaluators`, `data set`: what is known to be the same in all summaries."""
    earlier: int = 0
    """Saved summaries before these, which are left out."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def history(
    summaries: Iterable[Summary],
    metrics: Sequence[str] = (),
    *,
    baseline: Summary | None = None,
    margins: Mapping[str, float] | None = None,
) -> History:
    """Return the strips of `metrics` (default: all scores, success, latency, tokens and cost).

    Summaries are put in order of time. A metric that one of them lacks has a gap there. `margins`
    gives the change that counts as none, by metric; the others have the one that comparisons have.
    """
    ordered = sorted(summaries, key=lambda each: _at(each) or "")
    wanted = list(metrics) or _default_metrics(ordered)
    strips = [
        strip
        for name in wanted
        if (strip := _strip(ordered, name, baseline, margins or {})) is not None
    ]
    family = together([strip.since for strip in strips])
    strips = [replace(s, since=found) for s, found in zip(strips, family, strict=True)]
    name = baseline.experiment if baseline else None
    names = [each.experiment for each in ordered]
    return History(names, strips, baseline=name, same=unchanged(ordered))


def _default_metrics(summaries: Sequence[Summary]) -> list[str]:
    scores = dict.fromkeys(name for each in summaries for name in each.scores)
    return [*scores, *MEASURES]


def _at(summary: Summary) -> str | None:
    return summary.provenance.last_run_at or summary.provenance.fetched_at


def _strip(
    summaries: Sequence[Summary],
    metric: str,
    baseline: Summary | None,
    margins: Mapping[str, float],
) -> Strip | None:
    found = [look_up(each, metric) for each in summaries]
    known = [each for each in found if each is not None and each.figure.value is not None]
    if not known:
        return None
    points = [
        Point(s.experiment, _at(s), each.figure if each else Figure(None), s.counts.clusters)
        for s, each in zip(summaries, found, strict=True)
    ]
    last, breaks = known[-1], breaks_of(summaries, metric)
    beside = look_up(baseline, metric) if baseline else None
    return Strip(
        metric,
        last.unit,
        last.direction,
        points,
        _changes(points, breaks, last),
        breaks,
        since(summaries, found, breaks, margins.get(metric)),
        beside.figure if beside else None,
    )


def _changes(points: Sequence[Point], breaks: Sequence[Break], last: Found) -> list[ChangePoint]:
    """Find lasting changes inside each unbroken stretch."""
    ends = [0, *(each.index for each in breaks), len(points)]
    return [
        replace(change, index=change.index + start)
        for start, stop in pairwise(ends)
        for change in change_points(points[start:stop], last.direction)
    ]
