"""Figures: from stored results to summaries, comparisons and gate results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.errors import ConfigError
from evalkit.model.outcome import succeeded
from evalkit.model.results import Results
from evalkit.pipeline import stored
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.summary import Summary


def summarise(project: Project, results: Results, *, steps: bool = True) -> Summary:
    """Compute the figures of one experiment, with the slices and reducers configured for it.

    `steps=False` leaves out those of single steps.
    """
    from evalkit import __version__
    from evalkit.metrics.summaries.summarise import summarise

    config = project.experiments.get(results.experiment)
    table = project.table
    return summarise(
        results,
        slices=config.slices if config else tuple(table.slices),
        reducers=config.reducers if config else tuple(table.reducers),
        confidence=table.confidence,
        calibrated=calibrated(project, [results]),
        cluster=table.cluster,
        version=__version__,
        steps=steps,
    )


def calibrated(project: Project, results: Sequence[Results]) -> tuple[str, ...]:
    """Return the judges whose agreement with people is on record, as they are now.

    A judge that was changed since (another prompt, model or threshold) has to be compared anew.
    """
    folder = project.reports_folder / "agreement"
    if not folder.is_dir():
        return ()
    now = {info.name: info.fingerprint for each in results for info in each.evaluators}
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        name = record.get("evaluator") if isinstance(record, dict) else None
        if name in now and record.get("fingerprint") in (None, now[name]):
            found.append(str(name))
    return tuple(found)


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


def compare(
    project: Project,
    results: Sequence[Results],
    *,
    baseline: str | None = None,
    judge: bool = True,
) -> Comparison:
    """Compare two or more experiments, paired by example.

    `judge` also calls the project's evaluators of scope comparison.
    """
    from evalkit.metrics.comparing.compare import compare

    names = [each.experiment for each in results]
    table = project.table.compare
    return compare(
        list(results),
        baseline=baseline_of(project, names, baseline),
        confidence=project.table.confidence,
        correction=table.correction,
        margins=table.margin,
        slices=tuple(project.table.slices),
        calibrated=calibrated(project, results),
        cluster=project.table.cluster,
        judgements=judgements(project, results) if judge else (),
    )


def judgements(project: Project, results: Sequence[Results]) -> list[object]:
    """Call the evaluators of scope comparison on the examples all experiments answered."""
    from evalkit.pipeline.judging import open_judges
    from evalkit.project.local import load_evaluators
    from evalkit.scoring.side_by_side import judge_all

    chosen = [each for each in load_evaluators(project) if each.scope == "comparison"]
    open_judges(project, chosen, budget=project.table.score.budget)
    if not chosen:
        return []
    answered: list[dict[str, list[object]]] = []
    for each in results:
        runs: dict[str, list[object]] = {}
        for run in each.runs():
            if run.example_id is not None and succeeded(run.outcome):
                runs.setdefault(run.example_id, []).append(run)
        answered.append(runs)
    examples = results[0].examples()
    shared = [key for key in answered[0] if all(key in runs for runs in answered[1:])]
    names = [each.experiment for each in results]
    groups = [
        (examples[key], {name: runs[key] for name, runs in zip(names, answered, strict=True)})
        for key in shared
        if key in examples
    ]
    return list(judge_all(chosen, groups))  # type: ignore[arg-type]


def results_of(project: Project, names: Sequence[str]) -> list[Results]:
    """Return the stored results of several experiments."""
    return [stored.results(project, name) for name in names]
