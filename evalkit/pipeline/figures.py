"""Figures: from the stored results of one experiment to its summary."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evalkit import __version__
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.results import Results
from evalkit.project.config import Project


def summarise_experiment(project: Project, results: Results, *, steps: bool = True) -> Summary:
    """Compute the figures of one experiment, with the slices and reducers configured for it.

    `steps=False` leaves out those of single steps.
    """
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
