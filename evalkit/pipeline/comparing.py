"""Comparing: two or more experiments as configured, with what judges say of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import ConfigError
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.comparison import Comparison
from evalkit.model.example import Example
from evalkit.model.outcome import UNFINISHED
from evalkit.model.results import Results
from evalkit.pipeline.figures import calibrated, hits
from evalkit.pipeline.gating import margins_of, plain_name, rules_of
from evalkit.pipeline.judging import open_judges
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.project.scales import scales_of
from evalkit.scoring.side_by_side import judge_all


def baseline_of(project: Project, names: Sequence[str], asked: str | None = None) -> str:
    """Return the experiment the others are compared with: as asked, as configured, or the first."""
    if asked is not None:
        if asked not in names:
            raise ConfigError(
                f"baseline {asked!r} is none of the experiments compared: {', '.join(names)}. "
                "Add it to them, or choose one of them."
            )
        return asked
    configured = [c.baseline for n in names if (c := project.experiments.get(n)) and c.baseline]
    return next((each for each in configured if each in names), names[0])


def compare_experiments(
    project: Project,
    results: Sequence[Results],
    *,
    baseline: str | None = None,
    judge: bool = True,
    decisions: Mapping[str, Decision] | None = None,
) -> Comparison:
    """Compare two or more experiments, paired by example.

    `judge` also calls the project's evaluators of scope comparison. `decisions` says what scores
    are, as decided for the whole call.
    """
    names = [each.experiment for each in results]
    table = project.table.compare
    primary, chosen_by = primary_of(project, names)
    return compare(
        list(results),
        baseline=baseline_of(project, names, baseline),
        confidence=project.table.confidence,
        correction=table.correction,
        margins={**margins_of(project, names), **table.margin},
        slices=tuple(project.table.slices),
        calibrated=calibrated(project, results),
        hits=hits(project, results),
        primary=primary,
        chosen_by=chosen_by,
        reducers=reducers_of(project, names),
        cluster=project.table.cluster,
        scores=scales_of(project),
        decisions=decisions,
        judgements=judgements(project, results) if judge else (),
    )


def primary_of(project: Project, names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the metrics a decision is about, and who chose them; no result ever does.

    Those of `[compare]`, the `headline`, the metric of the first rule against a baseline, and else
    the first score: `order`.
    """
    table = project.table
    if chosen := tuple(table.compare.primary) or tuple(filter(None, [table.headline])):
        return chosen, "configuration"
    rule = next((each for each in rules_of(project, names) if each.needs_baseline), None)
    if rule is not None and not rule.place:
        return (plain_name(rule.metric),), "gate"
    return (), "order"


def reducers_of(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the reducers of all experiments compared, each once."""
    found: list[str] = []
    for name in names:
        config = project.experiments.get(name)
        found += config.reducers if config else project.table.reducers
    return tuple(dict.fromkeys(found))


def judgements(project: Project, results: Sequence[Results]) -> list[object]:
    """Call the evaluators of scope comparison on the examples all experiments answered.

    Runs that failed are shown too, as LangSmith does: their outputs are empty. Where the source has
    no example, one is made of what the first run was asked.
    """
    chosen = [each for each in load_evaluators(project) if each.scope == "comparison"]
    open_judges(project, chosen, budget=project.table.score.budget)
    if not chosen:
        return []
    answered: list[dict[str, list[object]]] = []
    for each in results:
        runs: dict[str, list[object]] = {}
        for run in each.runs():
            if run.example_id is not None and run.outcome not in UNFINISHED:
                runs.setdefault(run.example_id, []).append(run)
        answered.append(runs)
    examples = {key: value for each in reversed(results) for key, value in each.examples().items()}
    shared = [key for key in answered[0] if all(key in runs for runs in answered[1:])]
    names = [each.experiment for each in results]
    groups = [
        (
            examples.get(key) or _example_of(key, answered[0][key][0]),
            {name: runs[key] for name, runs in zip(names, answered, strict=True)},
        )
        for key in shared
    ]
    return list(judge_all(chosen, groups))  # type: ignore[arg-type]


def _example_of(key: str, run: Any) -> Example:
    return Example(example_id=key, inputs=run.inputs)
