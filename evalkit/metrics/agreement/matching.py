"""Matching: labels put to the vote, run by run, beside what the evaluator said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.labels import Label, category
from evalkit.metrics.columns.arrow import integers
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.reading import RunColumns
from evalkit.model.results import Results
from evalkit.model.scales.said import number_of


@dataclass(frozen=True, slots=True)
class Matched:
    """Labelled runs that were scored: what people said, and what the evaluator did."""

    people: list[str]
    judge: list[str]
    rows: list[int]
    weights: list[float] | None
    """Runs each stands for; None: all count the same."""
    unmatched: int
    conflicting: int


def votes_of(
    results: Results, runs: RunColumns, labels: Sequence[Label], said: dict[int, str]
) -> tuple[dict[int, Counter[str]], int]:
    """Return what was said of each run, and how many labels are of no scored run."""
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


def matched_runs(
    votes: dict[int, Counter[str]],
    said: dict[int, str],
    unmatched: int,
    stands_for: dict[int, float] | None,
) -> Matched:
    """Return the runs that have a majority and a score."""
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
    weights = None if stands_for is None else [stands_for.get(row, 1.0) for row in rows]
    if weights is not None and len(set(weights)) == 1:
        weights = None
    return Matched(people, judge, rows, weights, unmatched, conflicting)


def as_passes(matched: Matched, column: ScoreColumn) -> Matched:
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
    return replace(matched, judge=passes)


def stands_for_of(
    results: Results, runs: RunColumns, labels: Sequence[Label]
) -> dict[int, float] | None:
    """Return the weight of each labelled run; None when no label has one."""
    by_id = {run_id: row for row, run_id in enumerate(runs.run_ids.to_pylist())}
    known = {each.run_id: each.weight for each in labels if each.weight is not None}
    return {by_id[run_id]: w for run_id, w in known.items() if run_id in by_id} if known else None
