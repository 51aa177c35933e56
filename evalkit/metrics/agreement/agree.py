"""Agree: hold an evaluator's scores against people's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.labels import ACTIVE, Label, of_metric
from evalkit.metrics.agreement.matching import (
    Matched,
    as_passes,
    matched_runs,
    stands_for_of,
    votes_of,
)
from evalkit.metrics.agreement.powered import powered_rate
from evalkit.metrics.agreement.settled import Settled, settled
from evalkit.metrics.agreement.spoken import column_of, said_of
from evalkit.metrics.agreement.weighing import share, weighted_figure, weighted_hits
from evalkit.metrics.columns.column import ScoreColumn, pass_values
from evalkit.metrics.columns.reading import RunColumns, read_cells, read_runs
from evalkit.metrics.columns.scores import decided, score_columns
from evalkit.metrics.documents.agreement import Agreement
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.calibration import Hits, corrected_rate, hits_of
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.metrics.statistics.kappa import agreement_figures
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale

MOST_CATEGORIES = 20


def agree(
    results: Results,
    labels: Sequence[Label],
    metric: str,
    confidence: float = 0.95,
    scores: Mapping[str, Scale] | None = None,
) -> Agreement:
    """Compare one score with people's labels of the same runs.

    Several labels of a run are put to the vote; of one rater the last word counts, a final label
    before all others, and who cannot say is counted apart. A number with a threshold is compared
    as pass or fail when people said pass or fail. Labels of the queue `tightest` correct the rate
    by prediction-powered inference, others by sensitivity and specificity. Intervals resample
    examples. `scores` says what scores are, as in `summarise`.
    """
    runs = read_runs(results)
    cells = read_cells(results)
    decisions = decided([(cells, results.evaluators)], scores or {})
    columns = score_columns(cells, runs, results.evaluators, 0, decisions)
    column = column_of(columns, metric)
    said = said_of(cells, column)
    chosen = of_metric(labels, metric, words=column.type == "category")
    counted = settled(chosen, results.experiment, frozenset(said.values()))
    votes, unmatched = votes_of(results, runs, counted.labels, said)
    matched = matched_runs(votes, said, unmatched, stands_for_of(results, runs, counted.labels))
    if not matched.rows:
        raise ConfigError(
            f"agree: none of {len(labels)} labels is of a run that {metric!r} scored. "
            "Check the run ids in the labels."
        )
    matched = as_passes(matched, column)
    return _agreement(results, runs, column, matched, counted, confidence)


def _agreement(
    results: Results,
    runs: RunColumns,
    column: ScoreColumn,
    matched: Matched,
    counted: Settled,
    confidence: float,
) -> Agreement:
    categories = _categories(matched, column.name)
    place = {name: at for at, name in enumerate(categories)}
    human = np.array([place[each] for each in matched.people], np.int64)
    judge = np.array([place[each] for each in matched.judge], np.int64)
    _, cluster = np.unique(runs.cluster[matched.rows], return_inverse=True)
    k = len(categories)
    confusion = np.bincount(human * k + judge, minlength=k * k).reshape(k, k)
    weights = None if matched.weights is None else np.array(matched.weights)
    numbers = _numbers(categories)
    figures = agreement_figures(human, judge, cluster, numbers, k, confidence, weights)
    info = column.info
    return Agreement(
        experiment=results.experiment,
        metric=column.name,
        evaluator=column.evaluator,
        fingerprint=info.fingerprint if info else None,
        n=len(human),
        unmatched_labels=matched.unmatched,
        conflicting_labels=matched.conflicting,
        categories=categories,
        confusion=confusion.tolist(),
        agreement=_share((human == judge).astype(float), cluster, weights, confidence),
        kappa=figures["kappa"],
        weighted_kappa=figures.get("weighted_kappa"),
        alpha=figures["alpha"],
        raters=sorted({each.rater for each in counted.labels if each.rater}),
        abstained=counted.abstained,
        chosen=sum(each.chosen is not None for each in counted.labels),
        weighted=weights is not None,
        **_rates(
            categories, human, judge, cluster, weights, column, confidence, _is_active(counted)
        ),
    )


def _share(
    yes: NDArray[Any], cluster: NDArray[Any], weights: NDArray[Any] | None, confidence: float
) -> Figure:
    if weights is None:
        return share_figure(cluster_sums(yes, cluster), confidence)
    return weighted_figure(share(yes, weights, cluster), confidence)


def _categories(matched: Matched, metric: str) -> list[str]:
    found = sorted({*matched.people, *matched.judge}, key=_sort_key)
    if len(found) > MOST_CATEGORIES:
        raise ConfigError(
            f"agree: {metric!r} has {len(found)} different values, at most {MOST_CATEGORIES} can "
            "be compared as categories. Give the evaluator a threshold and label pass or fail."
        )
    return found


def _sort_key(name: str) -> tuple[bool, float, str]:
    try:
        return (False, float(name), name)
    except ValueError:
        return (True, 0.0, name)


def _numbers(categories: Sequence[str]) -> NDArray[Any] | None:
    """Return what grades are as numbers; None: they are words, as where one is `nan` or `inf`."""
    try:
        numbers = np.array([float(each) for each in categories])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _rates(
    categories: Sequence[str],
    human: NDArray[Any],
    judge: NDArray[Any],
    cluster: NDArray[Any],
    weights: NDArray[Any] | None,
    column: ScoreColumn,
    confidence: float,
    active: bool,
) -> dict[str, Any]:
    """Return sensitivity, specificity and the corrected rate, for true or false."""
    passes = pass_values(column)
    if set(categories) - {"0", "1"} or passes is None:
        return {}
    one = categories.index("1") if "1" in categories else -1
    passed = human == one
    right = (human == judge).astype(np.float64)
    parts = {"sensitivity": passed, "specificity": ~passed}
    found = {
        name: _share(
            right[part], cluster[part], None if weights is None else weights[part], confidence
        )
        for name, part in parts.items()
    }
    raw = column.values if column.yes_or_no else passes
    whole = cluster_sums(raw, column.cluster, column.unit)
    observed = share_figure(whole, confidence)
    if active:
        said, people = (judge == one).astype(np.float64), passed.astype(np.float64)
        each = np.ones(len(said)) if weights is None else weights
        corrected = powered_rate(whole, said, people, each, cluster, confidence)
    else:
        corrected = corrected_rate(whole, _hits(right, passed, cluster, weights), confidence)
    return {**found, "observed_rate": observed, "corrected_rate": corrected}


def _is_active(counted: Settled) -> bool:
    """Tell whether all labels come from a queue that drew runs where the evaluator may err."""
    return bool(counted.labels) and all(
        each.drawn == ACTIVE and each.weight is not None for each in counted.labels
    )


def _hits(
    right: NDArray[Any],
    passed: NDArray[Any],
    cluster: NDArray[Any],
    weights: NDArray[Any] | None,
) -> Hits | None:
    if weights is None:
        sums = [cluster_sums(right[part], cluster[part]) for part in (passed, ~passed)]
        return hits_of(sums[0], sums[1])
    shares = [share(right[part], weights[part], cluster[part]) for part in (passed, ~passed)]
    return weighted_hits(shares[0], shares[1])
