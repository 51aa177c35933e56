"""Measures: everything of an experiment that can be compared, as values with their example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.metrics.columns.arrays import Codes, unique
from evalkit.metrics.columns.column import ScoreColumn, pass_values
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.columns.reading import (
    OUTCOMES,
    CellColumns,
    RunColumns,
    read_cells,
    read_runs,
)
from evalkit.metrics.columns.scores import decided, score_columns
from evalkit.metrics.comparing.measure import Measure
from evalkit.metrics.comparing.quantities import amounts, durations
from evalkit.metrics.slicing.slicing import with_units
from evalkit.metrics.statistics.calibration import Hits
from evalkit.metrics.summaries.categories import category_codes
from evalkit.metrics.summaries.reducer import parse
from evalkit.metrics.summaries.reducers import reduced_values
from evalkit.model.outcome import is_better
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale

MOST_WORDS = 8
"""Categories up to which a score in words is compared, word by word."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment read for comparing."""

    name: str
    results: Results
    runs: RunColumns
    cells: CellColumns
    scores: Sequence[ScoreColumn]
    decisions: Mapping[str, Decision]


def read_all(
    results: Sequence[Results],
    *,
    cluster: str | None = None,
    scores: Mapping[str, Scale] | None = None,
    decisions: Mapping[str, Decision] | None = None,
) -> list[Experiment]:
    """Read the runs and scores of all experiments; what a score is is decided for all at once."""
    cells = [read_cells(each) for each in results]
    if decisions is None:
        infos = [each.evaluators for each in results]
        decisions = decided(zip(cells, infos, strict=True), scores or {})
    return [
        _experiment(each, with_units(each, read_runs(each), cluster), own, decisions)
        for each, own in zip(results, cells, strict=True)
    ]


def _experiment(
    results: Results, runs: RunColumns, cells: CellColumns, decisions: Mapping[str, Decision]
) -> Experiment:
    scores = score_columns(cells, runs, results.evaluators, 0, decisions)
    return Experiment(results.experiment, results, runs, cells, scores, decisions)


def recoded(experiment: Experiment, cluster: Codes, ids: list[str], clusters: int) -> Experiment:
    """Return the experiment with other examples for its runs."""
    runs = experiment.runs
    unit_of = None
    if runs.unit_of is not None:
        unit_of = np.zeros(clusters, np.int64)
        unit_of[cluster] = runs.unit
    runs = replace(runs, cluster=cluster, example_ids=ids, clusters=clusters, unit_of=unit_of)
    return _experiment(experiment.results, runs, experiment.cells, experiment.decisions)


@dataclass(frozen=True, slots=True)
class Seen:
    """What occurs in any of the compared experiments."""

    outcomes: set[str]
    words: dict[str, list[str]]
    """Categories by score, of scores that have few."""


def seen(experiments: Sequence[Experiment]) -> Seen:
    """Collect outcomes and categories, so that all experiments are measured by the same names."""
    outcomes = {OUTCOMES[c] for e in experiments for c in unique(e.runs.outcome) if c >= 0}
    words: dict[str, set[str]] = {}
    for each in experiments:
        for column in each.scores:
            if column.type == "category" and column.scope in ("run", "step"):
                names, _, _ = category_codes(column, (each.cells, each.runs))
                words.setdefault(column.name, set()).update(names)
    few = {name: sorted(found) for name, found in words.items() if len(found) <= MOST_WORDS}
    return Seen(outcomes, few)


def measures(
    experiment: Experiment,
    present: Seen,
    reducers: Sequence[str] = (),
    hits: Mapping[str, Hits] | None = None,
) -> Iterator[Measure]:
    """Yield scores with their reducers, then outcome rates, latency and usage.

    Of two outcomes that add up to all runs only success is a measure of its own; a score in words
    is one measure per word, its share.
    """
    for column in experiment.scores:
        if column.scope in ("run", "step") and column.type in ("rate", "number"):
            yield _score(column)
            yield from _reduced(column, reducers)
            yield from _corrected(column, (hits or {}).get(column.name))
        elif column.name in present.words:
            yield from _words(experiment, column, present.words[column.name])
    yield from _outcomes(experiment.runs, present.outcomes)
    yield from durations(experiment.runs)
    yield from amounts(experiment.runs)


def _score(column: ScoreColumn) -> Measure:
    info = column.info
    scale = column.scale
    share = column.type == "rate"
    inside = share or scale.range == (0.0, 1.0)
    return Measure(
        name=column.name,
        kind="score",
        unit="share" if share else scale.unit,
        direction=column.direction,
        values=column.values,
        cluster=column.cluster,
        bounded=inside,
        binary=column.yes_or_no,
        skewed=not column.yes_or_no,
        spread=scale.range[1] - scale.range[0] if scale.range else None,
        uncalibrated=info is not None and info.kind == "judge",
        evaluator=column.evaluator,
        unread=column.unread,
    )


def _words(experiment: Experiment, column: ScoreColumn, words: list[str]) -> Iterator[Measure]:
    data = (experiment.cells, experiment.runs)
    names, said, cluster = category_codes(column, data)
    for word in words:
        at = names.index(word) if word in names else -1
        yield Measure(
            name=f"{column.name}.{word}",
            kind="score",
            unit="share",
            direction=None,
            values=(said == at).astype(np.float64),
            cluster=cluster,
            bounded=True,
            binary=True,
            skewed=False,
            uncalibrated=column.info is not None and column.info.kind == "judge",
            evaluator=column.evaluator,
        )


def _outcomes(runs: RunColumns, occurring: set[str]) -> Iterator[Measure]:
    names = [name for name in OUTCOMES if name in occurring]
    if len(names) == 2 and "success" in names:
        names = ["success"]
    for name in names:
        hit = (runs.outcome == OUTCOMES.index(name)).astype(np.float64)
        yield Measure(
            name=f"{name}_rate",
            kind="outcome",
            unit="share",
            direction=is_better(name),
            values=hit,
            cluster=runs.cluster,
            bounded=True,
            binary=True,
            skewed=False,
        )


def _reduced(column: ScoreColumn, reducers: Sequence[str]) -> Iterator[Measure]:
    """Yield `pass^4` and its like of a score: one value an example."""
    for text in reducers:
        reducer = parse(text)
        if text == "mean" or (found := reduced_values(column, reducer)) is None:
            continue
        whole = _score(column)
        share = reducer.passing or (column.yes_or_no and reducer.kind not in ("sd", "median"))
        lower = reducer.kind in ("sd", "flake")
        yield replace(
            whole,
            name=f"{column.name}.{text}",
            unit="share" if share else "" if reducer.kind == "sd" else whole.unit,
            direction="lower" if lower else "higher" if reducer.passing else whole.direction,
            values=found.values,
            cluster=found.examples,
            bounded=share,
            binary=False,
            skewed=not share,
            worth=found.worth,
        )


def _corrected(column: ScoreColumn, hits: Hits | None) -> Iterator[Measure]:
    """Yield a judge's pass rate to be compared as people's would be."""
    passes = pass_values(column) if hits is not None else None
    if hits is None or passes is None:
        return
    yield replace(
        _score(column),
        name=f"{column.name}.corrected",
        unit="share",
        values=column.values if column.yes_or_no else passes,
        bounded=True,
        binary=True,
        skewed=False,
        hits=hits,
        uncalibrated=False,
    )
