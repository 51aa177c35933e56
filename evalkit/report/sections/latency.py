"""Latency: its distribution, and where the time of a run goes."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.metrics.documents.summary import StepSummary, Summary
from evalkit.report.charts import numbers
from evalkit.report.charts.svg import Line
from evalkit.report.sections.source import Source, series
from evalkit.report.values.panels import LatencyPart, StackPart, TablePart, TimePart

QUANTILES = ("p50", "p90", "p95", "p99")
STEPS_SHOWN = 14


def distribution(source: Source) -> LatencyPart | None:
    """Return the curves and the table; None when no run has a latency."""
    if not any(s.latency.n for s in source.summaries):
        return None
    lines, rows, notes = [], [], []
    for number, summary in enumerate(source.summaries):
        latency = summary.latency
        cls = series(number, len(source.summaries))
        if latency.ecdf is not None and latency.ecdf.x:
            lines.append(Line(cls, latency.ecdf.x, latency.ecdf.y, latency.p50, latency.p95))
        rows += _rows(summary)
        notes += _notes(summary)
    heads = ("Experiment", *QUANTILES, "max", "n")
    return LatencyPart(
        tuple(lines), TablePart("Latency quantiles", heads, tuple(rows)), tuple(notes)
    )


def _rows(summary: Summary) -> list[tuple[str, ...]]:
    rows = []
    for label, found in (
        ("", summary.latency),
        (", first token", summary.ttft),
        (", in queue", summary.queue),
    ):
        if label and not found.n:
            continue
        values = [
            ("≥ " if name in found.lower_bounds else "") + numbers.duration(getattr(found, name))
            for name in QUANTILES
        ]
        rows.append(
            (
                summary.experiment + label,
                *values,
                numbers.duration(found.max),
                numbers.count(found.n),
            )
        )
    return rows


def _notes(summary: Summary) -> list[str]:
    notes = []
    latency = summary.latency
    if latency.missing:
        share = numbers.percent(latency.missing_share)
        notes.append(
            f"{summary.experiment}: {numbers.times(latency.missing, 'run')} ({share}) not recorded."
        )
    if latency.censored:
        runs = numbers.times(latency.censored, "run")
        notes.append(
            f"{summary.experiment}: {runs} cut short; their time counts as at least what it was."
        )
    return notes


def time_per_step(source: Source) -> TimePart | None:
    """Return the time per step of every experiment; None when no source recorded steps."""
    if not any(s.steps for s in source.summaries):
        return None
    keys = _keys(source)
    most = max(_total(s) for s in source.summaries) or 1.0
    stacks = tuple(_stack(s, keys, most) for s in source.summaries if s.steps)
    rows = tuple((kind, name, _texts(source, (kind, name))) for kind, name in keys)
    heads = ["Step"]
    for summary in source.summaries:
        heads.append(summary.experiment)
    heads += ["Change"] if len(source.summaries) == 2 else []
    heads += ["calls", "errors"]
    return TimePart(stacks, tuple(heads), rows, _time_note(source, len(keys)))


def _keys(source: Source) -> list[tuple[str, str]]:
    """Return (kind, name) of the steps that take most time, in order of their share."""
    weight: dict[tuple[str, str], float] = {}
    for summary in source.summaries:
        for step in summary.steps:
            key = (step.kind, step.name)
            weight[key] = weight.get(key, 0.0) + (step.self_seconds or 0.0)
    return sorted(weight, key=lambda key: (-weight[key], key))[:STEPS_SHOWN]


def _total(summary: Summary) -> float:
    return sum(step.self_seconds or 0.0 for step in summary.steps) / max(summary.counts.received, 1)


def _of(summary: Summary, key: tuple[str, str]) -> list[StepSummary]:
    return [step for step in summary.steps if (step.kind, step.name) == key]


def _mean(summary: Summary, key: tuple[str, str]) -> float | None:
    """Return the step's own seconds per run of the experiment."""
    found = [s.self_seconds for s in _of(summary, key) if s.self_seconds is not None]
    return sum(found) / summary.counts.received if found and summary.counts.received else None


def _stack(summary: Summary, keys: Sequence[tuple[str, str]], most: float) -> StackPart:
    parts = []
    for number, key in enumerate(keys):
        mean = _mean(summary, key)
        if mean:
            label = f"{key[1]}: {numbers.duration(mean)}"
            parts.append((f"{key[0]} alt{number % 2}", mean / most, label))
    return StackPart(summary.experiment, numbers.duration(_total(summary)), tuple(parts))


def _texts(source: Source, key: tuple[str, str]) -> tuple[str, ...]:
    means = [_mean(s, key) for s in source.summaries]
    texts = [numbers.duration(mean) for mean in means]
    if len(means) == 2:
        before, after = means
        moved = None if before is None or after is None else after - before
        texts.append(numbers.difference(moved, "s"))
    steps = [step for s in source.summaries for step in _of(s, key)]
    texts.append(numbers.count(sum(step.calls for step in steps)))
    texts.append(numbers.count(sum(step.errors for step in steps)))
    return tuple(texts)


def _time_note(source: Source, shown: int) -> str:
    known = len({(step.kind, step.name) for s in source.summaries for step in s.steps})
    note = "A step's own time per run, without the steps inside it; steps may overlap."
    if known > shown:
        note += f" The {shown} largest of {known} are shown."
    without = sum(s.quality.steps_missing for s in source.summaries)
    if without:
        note += f" No steps were recorded for {numbers.times(without, 'run')}."
    return note
