"""Figures for agents: of one experiment, of a comparison, and what the data is like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import ConfigError, did_you_mean
from evalkit.metrics.documents.comparison import Comparison, Difference
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.pipeline.checks.validating import validate
from evalkit.pipeline.comparing import compare_experiments
from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.stored import results
from evalkit.project.config import Project
from evalkit.store.store import Store

QUANTILES = ("p50", "p95")


def experiments(project: Project) -> list[dict[str, Any]]:
    """Return what the configuration names, with what is stored of it."""
    store = Store(project.store)
    rows = []
    for name, config in project.experiments.items():
        stored = store.experiment(name)
        row: dict[str, Any] = {"name": name, "fetcher": config.fetcher, "stored": stored.exists}
        if config.baseline and config.baseline != name:
            row["baseline"] = config.baseline
        if stored.exists:
            manifest = stored.manifest
            row |= {"runs": manifest.received, "complete": manifest.complete}
            row["fetched_at"] = manifest.fetched_at
            row["scores"] = sorted({key for info in stored.evaluators() for key in info.keys})
        rows.append(row)
    return rows


def figures(project: Project, name: str, metric: str | None = None) -> dict[str, Any]:
    """Return the figures of an experiment; with `metric`, everything about one score."""
    project.experiment(name)
    ran = conclude(project, [name], page=False)
    summary = ran.summaries[name]
    if metric is not None:
        return {"experiment": name, "score": to_plain(_one(summary, metric))}
    return {
        "experiment": name,
        "counts": to_plain(summary.counts),
        "rates": {key: [each.rate, each.interval, each.n] for key, each in summary.rates.items()},
        "scores": {key: _score(each) for key, each in summary.scores.items()},
        "latency": _spread(summary.latency),
        "cost": _spread(summary.usage.total_cost),
        "tokens": _spread(summary.usage.total_tokens),
        "gates": [{"rule": g.rule, "passed": g.passed, "why": g.why} for g in ran.gates],
        "notes": list(summary.quality.notes),
    }


def compared(project: Project, baseline: str, candidate: str) -> dict[str, Any]:
    """Return the changes from one experiment to another, paired by example; no judge is asked."""
    found = [results(project, project.experiment(name).name) for name in (baseline, candidate)]
    if baseline == candidate:
        raise ConfigError(f"compare: {baseline} is both. Name two experiments.")
    comparison: Comparison = compare_experiments(project, found, baseline=baseline, judge=False)
    one = comparison.candidates[0]
    return {
        "baseline": baseline,
        "candidate": candidate,
        "paired_examples": one.pairing.paired,
        "changed_examples": one.pairing.changed_examples,
        "changes": [_change(each) for each in one.differences],
        "regressions": to_plain(one.regressions[:5]),
        "improvements": to_plain(one.improvements[:5]),
        "notes": list(comparison.notes),
    }


def checked(project: Project, names: list[str]) -> Mapping[str, Any]:
    """Return what is wrong with the data."""
    there = names or [row["name"] for row in experiments(project) if row["stored"]]
    if not there:
        raise ConfigError("check_data: nothing is stored. `evalkit fetch` pulls runs.")
    return validate(project, there).to_dict()


def _one(summary: Summary, metric: str) -> ScoreSummary:
    if metric not in summary.scores:
        hint = did_you_mean(metric, summary.scores)
        there = ", ".join(summary.scores) or "none"
        raise ConfigError(
            f"{summary.experiment}: has no score {metric!r}.{hint} There are: {there}."
        )
    return summary.scores[metric]


def _score(each: ScoreSummary) -> dict[str, Any]:
    found: dict[str, Any] = {"mean": each.mean, "interval": each.interval, "n": each.n}
    found |= {"type": each.type, "direction": each.direction, "outcomes": each.outcomes}
    if each.categories:
        found["categories"] = each.categories
    return found


def _spread(each: Any) -> dict[str, Any]:
    found = {"n": each.n, "missing": each.missing, "mean": each.mean, "unit": each.unit}
    return found | {name: getattr(each, name, None) for name in QUANTILES}


def _change(each: Difference) -> dict[str, Any]:
    change = each.difference
    return {
        "metric": each.metric,
        "baseline": each.baseline.value,
        "candidate": each.candidate.value,
        "difference": change.value,
        "interval": [change.low, change.high],
        "n": change.n,
        "unit": each.unit,
        "reading": each.reading,
        "reason": each.reason,
        "p_adjusted": each.p_adjusted,
    }
