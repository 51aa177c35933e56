"""Summarise: Results in, a Summary of every figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import NoRunsError
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.columns.money import Money
from evalkit.metrics.columns.reading import (
    CELL_OUTCOMES,
    OUTCOMES,
    RunColumns,
    read_cells,
    read_runs,
)
from evalkit.metrics.columns.scores import decided, score_columns
from evalkit.metrics.documents.figures import Distribution
from evalkit.metrics.documents.quality import unseen_text
from evalkit.metrics.documents.summary import (
    Counts,
    ErrorGroup,
    Provenance,
    Quality,
    ScoreSummary,
    SliceSearch,
    StepSummary,
    Summary,
    Unseen,
)
from evalkit.metrics.statistics.distribution import describe
from evalkit.metrics.summaries.notes import tallied, uncalibrated, unread, wrong_times
from evalkit.metrics.summaries.outcomes import outcome_rates, run_errors, unknown_words
from evalkit.metrics.summaries.reducer import parse
from evalkit.metrics.summaries.reducers import Reducing
from evalkit.metrics.summaries.scores import summarise_scores, with_corrected
from evalkit.metrics.summaries.unseen import unseen_by
from evalkit.metrics.summaries.usage import summarise_usage, usage_notes
from evalkit.model import outcome
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale

if TYPE_CHECKING:
    from evalkit.metrics.statistics.calibration import Hits


def summarise(
    results: Results,
    *,
    slices: Sequence[str] = (),
    reducers: Sequence[str] = ("mean",),
    confidence: float = 0.95,
    calibrated: Sequence[str] = (),
    cluster: str | None = None,
    scores: Mapping[str, Scale] | None = None,
    beside: Sequence[Results] = (),
    decisions: Mapping[str, Decision] | None = None,
    hits: Mapping[str, Hits] | None = None,
    version: str = "",
    steps: bool = True,
    performance: bool = True,
) -> Summary:
    """Compute every figure of one experiment.

    `slices` are expressions of `metrics.slicing`, `reducers` those of `summaries.reducers`.
    `calibrated` names judges whose agreement with people is on record. `cluster` is an expression
    like those of `slices`: examples that share its value (a document, a user) are no independent
    evidence of one another. `hits` says how judges did on people's labels, by score: their pass
    rates are then corrected too. `scores` says what scores are, by name, where their evaluators do
    not; what nobody says is decided by the values of this experiment and of those `beside` it, or
    was decided before (`decisions`). `steps=False` leaves out what has to read steps: their own
    figures and the grouped errors of runs, which together take longer than everything else;
    `performance=False` leaves out times, tokens and cost, as if no run had recorded any. No runs at
    all raise `NoRunsError`.
    """
    for text in reducers:
        parse(text)
    runs = read_runs(results, performance=performance, money=True)
    if runs.n == 0:
        raise NoRunsError(
            f"{results.experiment}: there are no runs to summarise. Fetch some, or check the query."
        )
    if cluster is not None:
        from evalkit.metrics.slicing.slicing import with_units  # slicing loads jmespath

        runs = with_units(results, runs, cluster)
    cells = read_cells(results)
    examples, unrun = _examples(results, runs)
    shortfall = max(0, (results.manifest.expected or 0) - runs.n - results.manifest.pending)
    if decisions is None:
        others = [(read_cells(each), each.evaluators) for each in beside]
        decisions = decided([(cells, results.evaluators), *others], scores or {})
    columns = score_columns(cells, runs, results.evaluators, max(unrun, shortfall), decisions)
    reducing = Reducing(reducers, confidence)
    found = summarise_scores(results, cells, runs, reducing.over(columns), confidence)
    found, searches = _sliced(results, runs, columns, found, slices, confidence)
    found = _held_against_people(found, set(calibrated))
    found = with_corrected(found, columns, hits or {}, confidence)
    by_step, outside, errors = _looked_into(results, runs, confidence) if steps else ([], 0, [])
    latency = _duration(runs, "latency_s", confidence, censor=True)
    money = runs.money
    return Summary(
        experiment=results.experiment,
        counts=_counts(results, runs, found, examples, unrun),
        rates=outcome_rates(runs, confidence),
        scores=found,
        latency=latency,
        ttft=_duration(runs, "ttft_s", confidence),
        queue=_duration(runs, "queue_s", confidence),
        usage=summarise_usage(runs, money, confidence),
        reducers=reducing.figures,
        steps=by_step,
        errors=errors,
        slices=searches,
        quality=_quality(
            results, runs, found, latency, (outside, unseen_by(results, columns), by_step, money)
        ),
        provenance=_provenance(results, runs, version),
        confidence=confidence,
    )


def _held_against_people(
    scores: Mapping[str, ScoreSummary], calibrated: set[str]
) -> dict[str, ScoreSummary]:
    """Return the scores, without doubt in those of judges that were compared with people."""
    return {
        name: replace(
            score, uncalibrated=score.uncalibrated and not {name, score.evaluator} & calibrated
        )
        for name, score in scores.items()
    }


def _looked_into(
    results: Results, runs: RunColumns, confidence: float
) -> tuple[list[StepSummary], int, list[ErrorGroup]]:
    """Return what has to read the steps of every run."""
    from evalkit.metrics.summaries.steps import read_steps, summarise_steps

    steps = read_steps(results, runs)
    errors = run_errors(results, runs, steps.failed)
    return summarise_steps(steps, confidence), steps.outside, errors


def _examples(results: Results, runs: RunColumns) -> tuple[int, int]:
    """Return how many examples there are, and how many of them no run answered."""
    known = set(results.table("examples", ["example_id"]).column(0).to_pylist())
    return len(known | set(runs.example_ids)), len(known - set(runs.example_ids))


def _duration(
    runs: RunColumns, name: str, confidence: float, *, censor: bool = False
) -> Distribution:
    values = runs.numbers[name]
    known = runs.measured(name)
    cut = np.isin(runs.outcome, outcome.places_of(outcome.CUT_SHORT))
    cluster, measured, censored = runs.settled(
        runs.cluster[known], values[known], cut[known] if censor else None
    )
    return describe(
        measured,
        cluster,
        None if runs.unit_of is None else runs.units(cluster),
        censored=censored,
        missing=int((~known).sum()),
        unit="s",
        confidence=confidence,
    )


def _counts(
    results: Results,
    runs: RunColumns,
    scores: Mapping[str, ScoreSummary],
    examples: int,
    unrun: int,
) -> Counts:
    manifest = results.manifest
    per_example = np.bincount(runs.cluster, minlength=runs.clusters)
    tally = np.bincount(np.maximum(runs.outcome, 0), minlength=len(OUTCOMES))
    return Counts(
        expected=manifest.expected,
        received=runs.n,
        complete=manifest.complete,
        examples=examples,
        examples_without_runs=unrun,
        clusters=runs.clusters,
        repetitions_min=int(per_example.min()),
        repetitions_max=int(per_example.max()),
        outcomes={name: int(tally[place]) for place, name in enumerate(OUTCOMES)},
        cells={name: sum(s.outcomes[name] for s in scores.values()) for name in CELL_OUTCOMES},
        duplicates=manifest.duplicates,
        orphans=manifest.orphans,
        pending=manifest.pending,
    )


def _sliced(
    results: Results,
    runs: RunColumns,
    columns: Sequence[ScoreColumn],
    scores: Mapping[str, ScoreSummary],
    by: Sequence[str],
    confidence: float,
) -> tuple[dict[str, ScoreSummary], list[SliceSearch]]:
    if not by:
        return dict(scores), []
    from evalkit.metrics.slicing.slices import slice_scores
    from evalkit.metrics.slicing.slicing import slicings

    splits = slicings(results, runs, by)
    chosen = [c for c in columns if splits and c.scope in ("run", "step") and len(c.values)]
    found = dict(scores)
    searches: list[SliceSearch] = []
    sliced = slice_scores(chosen, splits, runs.n, confidence)
    for column, (figures, search) in zip(chosen, sliced, strict=True):
        found[column.name] = replace(found[column.name], slices=figures)
        searches.append(search)
    return found, searches


def _quality(
    results: Results,
    runs: RunColumns,
    scores: Mapping[str, ScoreSummary],
    latency: Distribution,
    beside: tuple[int, Mapping[str, Unseen], Sequence[StepSummary], Money],
) -> Quality:
    outside, unseen, steps, money = beside
    clocks = int(np.sum(runs.numbers["latency_s"] < 0))
    said = [*unknown_words(results, runs), *usage_notes(runs, money), *unread(scores)]
    said += [unseen_text(name, each) for name, each in unseen.items()]
    said += uncalibrated(scores) + wrong_times(runs, outside) + tallied(steps)
    per_example = np.bincount(runs.cluster, minlength=runs.clusters)
    return Quality(
        notes=list(dict.fromkeys([*results.manifest.problems, *results.manifest.notes, *said])),
        latency_missing_share=latency.missing_share,
        steps_missing=runs.n - runs.steps_recorded,
        runs_without_example=int((runs.cluster >= len(runs.example_ids)).sum()),
        unbalanced=bool(per_example.min() != per_example.max()),
        evaluator_errors=sum(s.outcomes["evaluator_error"] for s in scores.values()),
        clock_problems=clocks,
        unseen=dict(unseen),
    )


def _provenance(results: Results, runs: RunColumns, version: str) -> Provenance:
    manifest = results.manifest
    first, last = runs.created or (None, None)
    return Provenance(
        source=manifest.source,
        query=dict(manifest.query),
        fetched_at=manifest.fetched_at,
        dataset_version=manifest.dataset_version,
        evalkit=version,
        first_run_at=None if first is None else _iso(first),
        last_run_at=None if last is None else _iso(last),
        evaluators={info.name: info.fingerprint for info in results.evaluators},
        source_stats=dict(manifest.source_stats),
    )


def _iso(microseconds: int) -> str:
    seconds, rest = divmod(int(microseconds), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat()
