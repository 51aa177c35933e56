"""Cases: the runs to open first, and what became of the same example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.selecting.chosen import WORST
from evalkit.report.charts import numbers
from evalkit.report.runs.columns import Rows
from evalkit.report.sections.source import Source, address, run_address, term
from evalkit.report.values.panels import CasePart, TransitionPart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, ExampleChange

STATES = ("pass", "fail", "none")
STATE_NAMES = ("pass", "fail", "not scored")

Previews = Mapping[str, str]
"""Example id to the start of its input."""


def transitions(source: Source) -> tuple[TransitionPart, ...]:
    """Return pass and fail of the same example before and after, for the first such score."""
    parts = []
    for candidate in source.candidates:
        metric = _transition_metric(source, candidate)
        if metric is not None:
            parts.append(_transition(source, candidate, metric))
    return tuple(parts)


def _transition_metric(source: Source, candidate: Candidate) -> str | None:
    found = [
        n
        for n in candidate.transitions
        if n not in source.score_names or source.score(n).scope == "run"
    ]
    return source.primary if source.primary in found else next(iter(found), None)


def _transition(source: Source, candidate: Candidate, metric: str) -> TransitionPart:
    found = candidate.transitions[metric]
    states = STATES if any("none" in key for key, n in found.items() if n) else STATES[:2]
    counts = tuple(tuple(found.get(f"{a}>{b}", 0) for b in states) for a in states)
    by = None if metric == source.primary else metric
    last = candidate.experiment == source.main.experiment
    links = tuple(
        tuple(
            address("compare", t=f"{a}-{b}", by=by, cand=None if last else candidate.experiment)
            for b in states
        )
        for a in states
    )
    base = source.summaries[0].experiment
    return TransitionPart(
        metric, base, candidate.experiment, STATE_NAMES[: len(states)], counts, links
    )


def build(source: Source, previews: Previews) -> tuple[str, str, tuple[CasePart, ...]]:
    """Return title, address of them all, and the cases: regressions, else failing runs."""
    if source.candidates:
        return _regressions(source, source.candidates[-1], previews)
    return _failing(source, previews)


def _regressions(
    source: Source, candidate: Candidate, previews: Previews
) -> tuple[str, str, tuple[CasePart, ...]]:
    found = candidate.regressions[:WORST]
    metric = found[0].metric if found else source.primary
    title = f"Largest regressions of {metric}" if metric else "Largest regressions"
    parts = tuple(
        _regression(source, change, previews) for change in found if change.candidate_runs
    )
    return title, address("compare", t="regressed"), parts


def _regression(source: Source, change: ExampleChange, previews: Previews) -> CasePart:
    run_id = _worst(source.rows, change.metric, change.candidate_runs)
    unit = score_unit(source.score(change.metric))
    before = numbers.in_unit(change.baseline, unit)
    after = numbers.in_unit(change.candidate, unit)
    return CasePart(
        run_id=run_id,
        example_id=change.example_id,
        text=previews.get(change.example_id, change.example_id),
        why=f"{before} → {after}",
        link=run_address(run_id),
    )


def _worst(rows: Rows | None, metric: str, run_ids: Sequence[str]) -> str:
    column = next((c for c in rows.scores if c.name == metric), None) if rows else None
    if rows is None or column is None:
        return run_ids[0]
    places = {run_id: row for row, run_id in enumerate(rows.run_ids)}
    sign = -1 if column.summary.direction == "lower" else 1

    def rank(run_id: str) -> float:
        value = column.values[places[run_id]] if run_id in places else None
        return float("inf") if value is None else value * sign

    return min(run_ids, key=rank)


def _failing(source: Source, previews: Previews) -> tuple[str, str, tuple[CasePart, ...]]:
    """Return the runs that failed most scores; runs that did not succeed have their own table."""
    link = address("runs", q=term("failing", ">", "0"))
    rows = source.rows
    if rows is None:
        return "Failing scores", link, ()
    failing = rows.failing
    worst = sorted(
        (row for row, n in enumerate(failing) if n), key=lambda row: (-failing[row], row)
    )
    parts = []
    for row in worst[:WORST]:
        example = rows.example_ids[rows.examples[row]]
        words = [
            _failure(column.name, column.values[row]) for column in rows.scores if column.fails(row)
        ]
        run_id = rows.run_ids[row]
        text = previews.get(example, run_id)
        parts.append(CasePart(run_id, example, text, ", ".join(words[:4]), run_address(run_id)))
    return "Runs with most failing scores", link, tuple(parts)


def _failure(name: str, value: float | None) -> str:
    return f"{name} no" if value == 0 else f"{name} {numbers.number(value)}"
