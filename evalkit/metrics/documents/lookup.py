"""Look up: one figure of a Summary by the name people give it in gates and histories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from evalkit.metrics.documents.figures import Distribution, Figure
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.model.outcome import is_better

DISTRIBUTIONS = {"latency": "s", "ttft": "s", "queue": "s"}
USAGE = {
    "tokens": "total_tokens",
    "cost": "total_cost",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "input_cost": "input_cost",
    "output_cost": "output_cost",
    "total_cost": "total_cost",
}
STATISTICS = ("mean", "p50", "p90", "p95", "p99", "min", "max", "total", "sd")
SCORE_STATISTICS = ("mean", "low", "high", "n", "sd", "min", "max", "median", "p5", "p95")
COUNTS = ("runs", "examples", "missing_runs", "examples_without_runs", "evaluator_errors")


@dataclass(frozen=True, slots=True)
class Found:
    """A figure with its unit and the way that is better."""

    name: str
    figure: Figure
    unit: str
    direction: str | None
    lower_bound: bool = False
    """The true value is at least this: runs were cut short."""
    unread: str = ""
    """What is left out of the figure because it cannot be read; nothing: all is in it."""
    reason: str = ""
    """Why there is no value, where more is known than that nothing was measured."""


def look_up(summary: Summary, name: str) -> Found | None:
    """Return the figure called `name`, or None; scores win over everything else."""
    plain = name.removeprefix("score.").removeprefix("scores.")
    score = _score(summary, plain)
    if score is not None:
        return score
    head, _, statistic = name.partition(".")
    if head.endswith("_rate") and head.removesuffix("_rate") in summary.rates:
        return _rate(summary, head, statistic)
    if name in COUNTS:
        return Found(name, _count(summary, name), "", None)
    if name in ("cost_per_success", "tokens_per_success"):
        unit = name.partition("_")[0]
        return Found(name, getattr(summary.usage, name), unit, "lower")
    return _measured(summary, head, statistic) or _step(summary, name)


def known_names(summary: Summary) -> Iterator[str]:
    """Yield the names people are most likely to mean."""
    yield from summary.scores
    yield from (f"{name}_rate" for name in summary.rates)
    for head in (*DISTRIBUTIONS, "tokens", "cost"):
        yield from (f"{head}.{statistic}" for statistic in ("mean", "p50", "p95"))
    yield from (*COUNTS, "cost_per_success", "tokens_per_success")


def closest(summary: Summary, name: str) -> str:
    """Return a hint for a name that is not there."""
    close = get_close_matches(name.removeprefix("score."), list(known_names(summary)), 1, 0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _score(summary: Summary, name: str) -> Found | None:
    if name in summary.scores:
        score = summary.scores[name]
        return Found(
            name, score.figure, score_unit(score), score.direction, unread=unread_text(score)
        )
    head, _, statistic = name.rpartition(".")
    score_found = summary.scores.get(head)
    if score_found is None:
        return None
    found = _counted(score_found, head, statistic)
    if found is not None:
        return found
    figure = _score_statistic(summary, score_found, head, statistic)
    return None if figure is None else replace(figure, unread=unread_text(score_found))


def unread_text(score: ScoreSummary) -> str:
    """Say how many scores cannot be read as this one, and what most of them are; or nothing."""
    if not score.unread:
        return ""
    words = ", ".join(f"{word!r} {count:,}" for word, count in [*score.categories.items()][:3])
    what = {"rate": "a share", "number": "a number"}.get(score.type, "a score")
    if score.range is not None and score.type == "number":
        what += f" from {score.range[0]:g} to {score.range[1]:g}"
    whole = f"{score.unread:,} of {score.n + score.unread:,}"
    return f"{score.name}: {whole} scores cannot be read as {what} ({words})"


def _counted(score: ScoreSummary, name: str, statistic: str) -> Found | None:
    """Return what counts cells, whatever they say: n, outcomes, categories."""
    full = f"{name}.{statistic}"
    if statistic == "n":
        return Found(full, Figure(score.n, n=score.n), "", None)
    if statistic == "unread":
        return Found(full, Figure(score.unread, n=score.n + score.unread), "", "lower")
    if statistic in score.outcomes:
        return Found(full, Figure(score.outcomes[statistic], n=score.n), "", "lower")
    if statistic in score.category_rates:
        return Found(full, score.category_rates[statistic].figure, "share", None)
    return None


def _score_statistic(
    summary: Summary, score: ScoreSummary, name: str, statistic: str
) -> Found | None:
    full, unit = f"{name}.{statistic}", score_unit(score)
    if statistic in ("low", "high"):
        value = score.interval[statistic == "high"] if score.interval else None
        return Found(full, Figure(value, n=score.n), unit, score.direction)
    if statistic in SCORE_STATISTICS:
        value = getattr(score, statistic)
        return Found(full, Figure(value, n=score.n), unit, None)
    if statistic == "pass_rate":
        return _pass_rate(score, full)
    if statistic == "corrected":
        reason = "its agreement with people is not on record; see `evalkit agree`"
        figure = score.corrected or Figure(None, n=score.n)
        return Found(full, figure, "share", score.direction, reason=reason)
    if statistic == "flake_rate":
        return Found(full, Figure(score.flake_rate, n=score.n), "share", "lower")
    reduced = summary.reducers.get(statistic, {}).get(name)
    if reduced is None:
        return None
    passing = statistic.startswith(("pass", "any", "all", "majority", "at_least"))
    shared = passing or statistic == "flake"
    way = "higher" if passing else "lower" if statistic in ("flake", "sd") else score.direction
    reason = reduced.method if reduced.value is None else ""
    return Found(full, reduced, "share" if shared else unit, way, reason=reason)


def _pass_rate(score: ScoreSummary, name: str) -> Found:
    """Return the share of scored cells that pass, in the score's direction."""
    if score.passed is not None:
        return Found(name, score.passed.figure, "share", "higher")
    if score.type == "rate" and score.direction != "lower":
        return Found(name, score.figure, "share", "higher")
    reason = "nothing says which values pass; declare a threshold"
    return Found(name, Figure(None, n=score.n), "share", "higher", reason=reason)


def score_unit(score: ScoreSummary) -> str:
    """Return `share` for shares, else what the score counts."""
    return "share" if score.type == "rate" else score.unit


def _rate(summary: Summary, head: str, statistic: str) -> Found | None:
    outcome = head.removesuffix("_rate")
    figure = summary.rates[outcome].figure
    direction = is_better(outcome)
    if statistic in ("low", "high"):
        end = figure.low if statistic == "low" else figure.high
        return Found(f"{head}.{statistic}", Figure(end, n=figure.n), "share", direction)
    return None if statistic else Found(head, figure, "share", direction)


def _count(summary: Summary, name: str) -> Figure:
    counts = summary.counts
    missing = max(0, (counts.expected or 0) - counts.received)
    value = {
        "runs": counts.received,
        "examples": counts.examples,
        "missing_runs": missing,
        "examples_without_runs": counts.examples_without_runs,
        "evaluator_errors": counts.cells["evaluator_error"],
    }[name]
    return Figure(float(value), n=sum(counts.cells.values()) or counts.received)


def _measured(summary: Summary, head: str, statistic: str) -> Found | None:
    if head in DISTRIBUTIONS:
        source: Distribution = getattr(summary, head)
    elif head in USAGE:
        source = getattr(summary.usage, USAGE[head])
    else:
        return None
    return _statistic(source, head, statistic)


def _statistic(source: Distribution, head: str, statistic: str) -> Found | None:
    wanted, _, end = (statistic or "mean").partition(".")
    if wanted not in STATISTICS:
        return None
    unit = source.unit or DISTRIBUTIONS.get(head, "")
    figure = source.figure(wanted)
    name = f"{head}.{wanted}"
    if end in ("low", "high"):
        return Found(f"{name}.{end}", Figure(getattr(figure, end), n=figure.n), unit, "lower")
    bound = wanted in source.lower_bounds
    return Found(name, figure, unit, "lower", bound)


def _step(summary: Summary, name: str) -> Found | None:
    """Return `step.NAME.STATISTIC` of the step that takes most time under that name."""
    head, _, rest = name.partition(".")
    step_name, _, statistic = rest.rpartition(".")
    if head != "step" or statistic not in STATISTICS:
        return None
    for step in summary.steps:
        if step.name == step_name:
            return Found(name, step.latency.figure(statistic), "s", "lower")
    return None
