"""Agree: hold an evaluator's scores against people's labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.labels import Label, category, of_metric
from evalkit.metrics.columns.arrow import integers
from evalkit.metrics.columns.column import ScoreColumn, pass_values
from evalkit.metrics.columns.reading import CellColumns, RunColumns, read_cells, read_runs
from evalkit.metrics.columns.scores import decided, score_columns
from evalkit.metrics.documents.agreement import Agreement
from evalkit.metrics.statistics.calibration import corrected_rate, hits_of
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.metrics.statistics.kappa import agreement_figures
from evalkit.model.results import Results
from evalkit.model.scales.said import number_of
from evalkit.model.scales.scale import Scale

MOST_CATEGORIES = 20


@dataclass(frozen=True, slots=True)
class _Matched:
    people: list[str]
    judge: list[str]
    rows: list[int]
    unmatched: int
    conflicting: int


def agree(
    results: Results,
    labels: Sequence[Label],
    metric: str,
    confidence: float = 0.95,
    scores: Mapping[str, Scale] | None = None,
) -> Agreement:
    """Compare one score with people's labels of the same runs.

    Several labels of a run are put to the vote. A number with a threshold is compared as pass or
    fail when people said pass or fail. Intervals resample examples. `scores` says what scores are,
    as in `summarise`.
    """
    runs = read_runs(results)
    cells = read_cells(results)
    decisions = decided([(cells, results.evaluators)], scores or {})
    columns = score_columns(cells, runs, results.evaluators, 0, decisions)
    column = _column(columns, metric)
    said = _said(cells, column)
    chosen = of_metric(labels, metric, words=column.type == "category")
    votes, unmatched = _votes(results, runs, chosen, said)
    matched = _match(votes, said, unmatched)
    if not matched.rows:
        raise ConfigError(
            f"agree: none of {len(labels)} labels is of a run that {metric!r} scored. "
            "Check the run ids in the labels."
        )
    matched = _as_passes(matched, column)
    return _agreement(results, runs, column, matched, labels, confidence)


def _column(columns: Sequence[ScoreColumn], metric: str) -> ScoreColumn:
    for column in columns:
        if column.name == metric and column.scope == "run":
            return column
    names = [column.name for column in columns if column.scope == "run"]
    close = get_close_matches(metric, names, 1, 0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"agree: there is no score {metric!r} of runs.{hint} Known: {names}.")


def _said(cells: CellColumns, column: ScoreColumn) -> dict[int, str]:
    """Return what the evaluator said of each run, as labels are written."""
    found = {
        run: category(value)
        for run, value in zip(column.run.tolist(), column.values.tolist(), strict=True)
    }
    if len(column.worded):
        raw, words = cells.said.words
        for row in column.worded.tolist():
            number = cells.score[row]
            found[int(cells.run[row])] = category(
                words[raw[row]] if np.isnan(number) else float(number)
            )
    found.pop(-1, None)
    return found


def _votes(
    results: Results, runs: RunColumns, labels: Sequence[Label], said: dict[int, str]
) -> tuple[dict[int, Counter[str]], int]:
    by_id = {run_id: row for row, run_id in enumerate(runs.run_ids.to_pylist())}
    repetitions = integers(results.table("runs", ["repetition"]).column(0))
    by_example: dict[tuple[str, int | None], list[int]] = {}
    for row, code in enumerate(runs.cluster.tolist()):
        if code < len(runs.example_ids):
            example = runs.example_ids[code]
            by_example.setdefault((example, int(repetitions[row])), []).append(row)
            by_example.setdefault((example, None), []).append(row)
    votes: dict[int, Counter[str]] = {}
    unmatched = 0
    for label in labels:
        rows = _rows(label, by_id, by_example)
        if not any(row in said for row in rows):
            unmatched += 1
        for row in rows:
            votes.setdefault(row, Counter())[label.value] += 1
    return votes, unmatched


def _rows(
    label: Label, by_id: dict[str, int], by_example: dict[tuple[str, int | None], list[int]]
) -> list[int]:
    if label.run_id is not None:
        return [by_id[label.run_id]] if label.run_id in by_id else []
    rows = by_example.get((label.example_id or "", label.repetition), [])
    if len(rows) > 1 and label.repetition is None:
        raise ConfigError(
            f"agree: example {label.example_id!r} has {len(rows)} runs. Label runs by 'run_id', "
            "or add 'repetition'."
        )
    return rows


def _match(votes: dict[int, Counter[str]], said: dict[int, str], unmatched: int) -> _Matched:
    people, judge, rows = [], [], []
    conflicting = 0
    for row, counter in sorted(votes.items()):
        (first, most), *rest = counter.most_common(2)
        if row not in said:
            continue
        if rest and rest[0][1] == most:
            conflicting += 1
            continue
        people.append(first)
        judge.append(said[row])
        rows.append(row)
    return _Matched(people, judge, rows, unmatched, conflicting)


def _as_passes(matched: _Matched, column: ScoreColumn) -> _Matched:
    """Turn numbers into pass or fail where people said pass or fail and a threshold is known."""
    if column.threshold is None or set(matched.people) - {"0", "1"}:
        return matched
    lower, limit = column.direction == "lower", column.threshold
    passes = [
        each
        if (number := number_of(each)) is None
        else category(number <= limit if lower else number >= limit)
        for each in matched.judge
    ]
    return _Matched(matched.people, passes, matched.rows, matched.unmatched, matched.conflicting)


def _agreement(
    results: Results,
    runs: RunColumns,
    column: ScoreColumn,
    matched: _Matched,
    labels: Sequence[Label],
    confidence: float,
) -> Agreement:
    categories = _categories(matched, column.name)
    place = {name: at for at, name in enumerate(categories)}
    human = np.array([place[each] for each in matched.people], np.int64)
    judge = np.array([place[each] for each in matched.judge], np.int64)
    _, cluster = np.unique(runs.cluster[matched.rows], return_inverse=True)
    k = len(categories)
    confusion = np.bincount(human * k + judge, minlength=k * k).reshape(k, k)
    figures = agreement_figures(human, judge, cluster, _numbers(categories), k, confidence)
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
        agreement=share_figure(cluster_sums((human == judge).astype(float), cluster), confidence),
        kappa=figures["kappa"],
        weighted_kappa=figures.get("weighted_kappa"),
        alpha=figures["alpha"],
        raters=sorted({each.rater for each in labels if each.rater}),
        **_rates(categories, human, judge, cluster, column, confidence),
    )


def _categories(matched: _Matched, metric: str) -> list[str]:
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
    try:
        return np.array([float(each) for each in categories])
    except ValueError:
        return None


def _rates(
    categories: Sequence[str],
    human: NDArray[Any],
    judge: NDArray[Any],
    cluster: NDArray[Any],
    column: ScoreColumn,
    confidence: float,
) -> dict[str, Any]:
    """Return sensitivity, specificity and the corrected rate, for true or false."""
    passes = pass_values(column)
    if set(categories) - {"0", "1"} or passes is None:
        return {}
    one = categories.index("1") if "1" in categories else -1
    passed = human == one
    right = (human == judge).astype(np.float64)
    good = cluster_sums(right[passed], cluster[passed])
    bad = cluster_sums(right[~passed], cluster[~passed])
    found = {
        "sensitivity": share_figure(good, confidence),
        "specificity": share_figure(bad, confidence),
    }
    raw = column.values if column.yes_or_no else passes
    whole = cluster_sums(raw, column.cluster, column.unit)
    observed = share_figure(whole, confidence)
    return {
        **found,
        "observed_rate": observed,
        "corrected_rate": corrected_rate(whole, hits_of(good, bad), confidence),
    }
