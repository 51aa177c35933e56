"""Rows: one metric of all experiments with levels and changes of the same examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.report.charts import numbers
from evalkit.report.sections.changes import change
from evalkit.report.sections.source import Source
from evalkit.report.values.parts import ChangePart, FigurePart, MetricPart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference

Read = Callable[[Summary], Figure | None]


HEAVY = "heavy tail"
"""Stands under a mean whose interval may hold it less often than it says."""


UNREAD = "cannot be read"
CELL_WORDS = {
    "not_applicable": "not applicable",
    "evaluator_error": "evaluator error",
    "run_failed": "run failed",
    "missing": "missing",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the table has it."""

    name: str
    label: str
    doc: str
    read: Read
    unit: str
    link: str
    compared: str = ""
    """Its name in the comparison, where that is another."""
    width: float | None = None
    axis: tuple[float, float] | None = None
    marks: tuple[str, ...] = ()
    outcomes: str = ""
    per: int = 1
    """Runs a level is written for: costs are of a thousand."""


def rows(source: Source, metric: Metric) -> list[MetricPart]:
    """Return the row of a metric, and further ones for levels that belong to no change.

    Levels beside a change are those of the examples that were paired, so that the change is their
    difference. What the pairs leave out is a second line of two experiments, and a row of its own
    of more, as are the levels of a baseline that another candidate shares other examples with.
    """
    found = [source.difference(c, metric.compared or metric.name) for c in source.candidates]
    first = next((each for each in found if each is not None), None)
    if first is None:
        return [_part(source, metric, [metric.read(s) for s in source.summaries], found)]
    parts = [_part(source, metric, *_same_pairs(source, metric, found, first))]
    for at, each in enumerate(found):
        if each is not None and each.baseline.value != first.baseline.value:
            parts.append(_other_pairs(source, metric, found, at))
    if any(each and (each.baseline_all or each.candidate_all) for each in found):
        if len(source.summaries) == 2:
            parts[0] = replace(parts[0], also=_all_runs(source, metric))
        else:
            parts.append(_over_all(source, metric))
    return parts


def _same_pairs(
    source: Source, metric: Metric, found: Sequence[Difference | None], first: Difference
) -> tuple[list[Figure | None], list[Difference | None]]:
    """Return the levels of the first candidate's pairs, and of those that share the baseline's."""
    figures: list[Figure | None] = [first.baseline]
    kept: list[Difference | None] = []
    for summary, each in zip(source.summaries[1:], found, strict=True):
        same = each is not None and each.baseline.value == first.baseline.value
        kept.append(each if same else None)
        figures.append(each.candidate if same and each else None if each else metric.read(summary))
    return figures, kept


def _other_pairs(
    source: Source, metric: Metric, found: Sequence[Difference | None], at: int
) -> MetricPart:
    each = found[at]
    assert each is not None
    figures: list[Figure | None] = [None] * len(source.summaries)
    figures[0], figures[at + 1] = each.baseline, each.candidate
    kept: list[Difference | None] = [each if place == at else None for place in range(len(found))]
    label = f"{metric.label}, pairs with {source.candidates[at].experiment}"
    return _part(source, metric, figures, kept, label)


def _all_runs(source: Source, metric: Metric) -> str:
    """Say the levels over all runs, paired or not."""
    figures = [metric.read(summary) for summary in source.summaries]
    texts = [
        f"{_level(figure, metric)} ({numbers.count(figure.n)})" if figure else numbers.DASH
        for figure in figures
    ]
    return f"over all scored runs: {' and '.join(texts)}"


def _over_all(source: Source, metric: Metric) -> MetricPart:
    nothing: list[Difference | None] = [None] * len(source.candidates)
    figures = [metric.read(summary) for summary in source.summaries]
    return _part(source, metric, figures, nothing, f"{metric.label}, pairs or not")


def _part(
    source: Source,
    metric: Metric,
    figures: Sequence[Figure | None],
    found: Sequence[Difference | None],
    label: str = "",
) -> MetricPart:
    return MetricPart(
        label or metric.name,
        label or metric.label,
        metric.doc,
        metric.link,
        metric.unit,
        tuple(
            _figure(summary, figure, metric)
            for summary, figure in zip(source.summaries, figures, strict=True)
        ),
        tuple(None if d is None else _change(d, metric) for d in found),
        metric.marks,
        "" if label else metric.outcomes,
        metric.axis,
        primary=not label and (metric.compared or metric.name) == source.lead,
        directed=all(d is None or d.direction is not None for d in found),
    )


def _change(difference: Difference, metric: Metric) -> ChangePart:
    made = change(difference, metric.unit, metric.width)
    levels = (_level(difference.baseline, metric), _level(difference.candidate, metric))
    made = replace(made, before=levels[0], after=levels[1])
    if made.absolute and metric.per > 1 and made.value is not None:
        made = replace(made, absolute=numbers.difference(made.value * metric.per, metric.unit))
    return made


def _level(figure: Figure, metric: Metric) -> str:
    value = figure.value if figure.value is None else figure.value * metric.per
    return numbers.in_unit(value, metric.unit)


def _figure(summary: Summary, figure: Figure | None, metric: Metric) -> FigurePart:
    if figure is None:
        return FigurePart(numbers.DASH, 0)
    return FigurePart(
        text=_level(figure, metric),
        n=figure.n,
        interval=numbers.interval(*_ends(figure, metric), metric.unit),
        value=figure.value,
        low=figure.low,
        high=figure.high,
        note=next(_notes(summary, figure, metric.name), ""),
    )


def _ends(figure: Figure, metric: Metric) -> tuple[float | None, float | None]:
    if figure.low is None or figure.high is None:
        return None, None
    return figure.low * metric.per, figure.high * metric.per


def _notes(summary: Summary, figure: Figure, name: str) -> Iterator[str]:
    """Yield what readers must know of a figure, the gravest first."""
    quantity, _, statistic = name.partition(".")
    if quantity == "latency" and statistic in summary.latency.lower_bounds:
        yield "lower bound"
    rest = figure.n if figure.clusters is None else figure.clusters
    single = name in summary.scores and summary.scores[name].scope == "experiment"
    if 0 < rest < numbers.TOO_FEW and not single:
        yield "too few examples"
    if figure.method.endswith("heavy tail"):
        yield HEAVY


def marks_of(score: ScoreSummary) -> tuple[str, ...]:
    """Return what stands beside a score's name: its scope, its kind, an uncalibrated judge."""
    found = [] if score.scope == "run" else [score.scope]
    if score.uncalibrated:
        return (*found, "uncalibrated judge")
    return (*found, score.kind) if score.kind != "code" else tuple(found)


def unscored(scores: Sequence[ScoreSummary]) -> str:
    """Say what became of the cells that were not scored, all experiments together."""
    counts = {UNREAD: sum(s.unread for s in scores)}
    counts |= {w: sum(s.outcomes.get(name, 0) for s in scores) for name, w in CELL_WORDS.items()}
    plural = {"evaluator error": "evaluator errors"}
    return ", ".join(numbers.times(n, w, plural.get(w, w)) for w, n in counts.items() if n)
