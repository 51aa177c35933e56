"""Scores: what evaluators said, per key, with the four ways of saying nothing counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, quantiles_at, unique
from evalkit.metrics.columns.column import ScoreColumn, by_run, pass_values
from evalkit.metrics.columns.reading import CELL_OUTCOMES, CellColumns, RunColumns
from evalkit.metrics.columns.scores import ScoreColumns
from evalkit.metrics.documents.figures import Figure, Interval, Rate
from evalkit.metrics.documents.summary import ScoreSummary
from evalkit.metrics.statistics.distribution import histogram, pooled_sd, skewed_mean, step_curve
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.metrics.summaries.categories import category_rates
from evalkit.metrics.summaries.outcomes import evaluator_errors
from evalkit.model.results import Results

if TYPE_CHECKING:
    from evalkit.metrics.statistics.calibration import Hits


def summarise_scores(
    results: Results,
    cells: CellColumns,
    runs: RunColumns,
    columns: Iterable[ScoreColumn],
    confidence: float,
) -> dict[str, ScoreSummary]:
    """Summarise every score by its name."""
    failed = CELL_OUTCOMES.index("evaluator_error")
    errors = evaluator_errors(results, runs) if failed in cells.outcome else {}

    def summary_of(column: ScoreColumn) -> ScoreSummary:
        rates = category_rates(column, (cells, runs), confidence)
        return _summary(column, (cells, runs), rates, errors, confidence)

    return {each.name: each for each in map(summary_of, columns)}  # `map` holds no column


def _summary(
    column: ScoreColumn,
    data: tuple[CellColumns, RunColumns],
    categories: tuple[dict[str, int], dict[str, Rate]],
    errors: Mapping[tuple[str, str], Any],
    confidence: float,
) -> ScoreSummary:
    runs, info, values = data[1], column.info, column.values
    figure = score_figure(column, confidence)
    scored = column.outcomes["scored"]
    said = errors.get((column.evaluator, column.key)) or errors.get(
        (column.evaluator, column.evaluator), []
    )
    allowed = column.scale.range
    shape = _shape(column)
    return ScoreSummary(
        name=column.name,
        key=column.key,
        evaluator=column.evaluator,
        scope=column.scope,
        type=column.type,
        kind="recorded" if column.source == "recorded" else (info.kind if info else "code"),
        direction=column.direction,
        n=scored if column.type == "category" else len(values),
        mean=figure.value,
        interval=figure.interval,
        method=figure.method,
        clusters=figure.clusters,
        se=figure.se,
        outcomes=column.outcomes,
        runs=len(unique(column.run[column.run >= 0])) if column.scope == "step" else scored,
        bounds=_bounds(column, allowed),
        missing_as_wrong=_missing_as_wrong(column, allowed),
        range=allowed,
        graded=column.scale.graded,
        unit=column.scale.unit,
        declared=column.scale.by,
        unread=column.unread,
        categories=categories[0],
        category_rates=categories[1],
        seconds=column.seconds,
        errors=said,
        uncalibrated=info is not None and info.kind == "judge",
        doc=info.doc if info else "",
        fingerprint=info.fingerprint if info else None,
        threshold=column.threshold,
        passed=_passed(column, confidence),
        **_by_example(column, runs),
        **shape,
    )


def with_corrected(
    found: Mapping[str, ScoreSummary],
    columns: ScoreColumns,
    hits: Mapping[str, Hits],
    confidence: float,
) -> dict[str, ScoreSummary]:
    """Return the scores, those of judges on record with their corrected pass rate."""
    scores = dict(found)
    for column in (columns[at] for at, name in enumerate(columns.names) if name in hits):
        passes = pass_values(column)
        if passes is not None and len(passes):
            from evalkit.metrics.statistics.calibration import corrected_rate  # judges on record

            raw = column.values if column.yes_or_no else passes
            sums = cluster_sums(raw, column.cluster, column.unit)
            figure = corrected_rate(sums, hits[column.name], confidence)
            scores[column.name] = replace(scores[column.name], corrected=figure)
    return scores


def score_figure(column: ScoreColumn, confidence: float) -> Figure:
    """Return mean or rate with its interval; one value of an experiment has none."""
    if len(column.values) == 0:
        return Figure(None, n=0)
    sums = cluster_sums(column.values, column.cluster, column.unit)
    if column.scope == "experiment":
        return Figure(sums.mean, None, None, sums.n, "none: one value", sums.clusters)
    if column.yes_or_no:
        return share_figure(sums, confidence)
    return skewed_mean(sums, confidence).within(column.scale.range)


def _passed(column: ScoreColumn, confidence: float) -> Rate | None:
    passes = pass_values(column)
    plain = column.yes_or_no and column.direction != "lower"
    if passes is None or plain or len(passes) == 0:
        return None
    figure = share_figure(cluster_sums(passes, column.cluster, column.unit), confidence)
    return Rate.of(figure, int(passes.sum()))


def _shape(column: ScoreColumn) -> dict[str, Any]:
    values = column.values
    if len(values) == 0:
        return {}
    low, middle, high = (float(v) for v in quantiles_at(values, [0.05, 0.5, 0.95]))
    _, passes, cluster = by_run(column)
    passes = passes if column.tells_passes else None
    return {
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        "min": float(values.min()),
        "max": float(values.max()),
        "median": middle,
        "p5": low,
        "p95": high,
        "histogram": None if column.yes_or_no else histogram(values),
        "sd_within": pooled_sd(values, column.cluster),
        "flake_rate": None if passes is None else _flake_rate(passes, cluster),
    }


def _by_example(column: ScoreColumn, runs: RunColumns) -> dict[str, Any]:
    if column.scope not in ("run", "step") or len(column.values) == 0:
        return {}
    sizes = np.bincount(column.cluster)
    there = np.flatnonzero(sizes)
    means = np.bincount(column.cluster, weights=column.values)[there] / sizes[there]
    order = np.argsort(means, kind="stable")
    worst = order[::-1][:5] if column.direction == "lower" else order[:5]
    codes = [int(code) for code in there[worst]]
    named = [runs.example_ids[code] for code in codes if code < len(runs.example_ids)]
    return {"example_means": step_curve(means), "worst_examples": named}


def _flake_rate(passes: Floats, cluster: Codes) -> float | None:
    sums = cluster_sums(passes, cluster)
    repeated = sums.sizes > 1
    if not repeated.any():
        return None
    mixed = (sums.totals > 0) & (sums.totals < sums.sizes)
    return float(mixed[repeated].mean())


def _missing_as_wrong(column: ScoreColumn, allowed: Interval | None) -> Figure | None:
    """Return the mean as tools give it that count what is missing as wrong; None: not asked."""
    lower = column.direction == "lower"
    if column.scale.missing_as != "wrong" or column.type == "category":
        return None
    if allowed is None and lower:
        return None  # nobody said what the worst is
    wrong = 0.0 if allowed is None else allowed[1] if lower else allowed[0]
    lost, total = _lost(column), float(column.values.sum())
    whole = len(column.values) + lost
    mean = (total + lost * wrong) / whole if whole else None
    return Figure(mean, n=whole, method="none: missing counted as wrong")


def _lost(column: ScoreColumn) -> int:
    """Return how many cells ought to have a score and have none that can be read."""
    outcomes = column.outcomes
    lost = outcomes["evaluator_error"] + outcomes["run_failed"] + outcomes["missing"]
    return lost + column.unread


def _bounds(column: ScoreColumn, allowed: Interval | None) -> Interval | None:
    lost = _lost(column)
    if allowed is None or not lost or column.type == "category":
        return None
    whole, total = len(column.values) + lost, float(column.values.sum())
    return ((total + lost * allowed[0]) / whole, (total + lost * allowed[1]) / whole)
