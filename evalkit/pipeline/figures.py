"""Figures: from the stored results of one experiment to its summary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import __version__
from evalkit.errors import StoreError, did_you_mean
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.columns.reading import read_cells
from evalkit.metrics.columns.scores import decided
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.kept.seal import refuse_broken
from evalkit.model.results import Results
from evalkit.project.config import Project
from evalkit.project.scales import hold_against, scales_of, unknown_names

if TYPE_CHECKING:
    from evalkit.metrics.statistics.calibration import Hits


def decide(
    project: Project, results: Sequence[Results], saved: Sequence[Summary] = ()
) -> dict[str, Decision]:
    """Decide what every score is, once for all experiments of a call and their baselines.

    An evaluator that says something else than `[scores.KEY]` raises `ConfigError`.
    """
    for each in results:
        hold_against(project, each.evaluators)
    cells = [(read_cells(each), each.evaluators) for each in results]
    return decided(cells, scales_of(project), [each.scores for each in saved])


def summarise_experiment(
    project: Project,
    results: Results,
    *,
    steps: bool = True,
    performance: bool = True,
    decisions: Mapping[str, Decision] | None = None,
) -> Summary:
    """Compute the figures of one experiment, with the slices and reducers configured for it.

    `steps=False` leaves out those of single steps, `performance=False` times, tokens and cost.
    `decisions` are those of the whole call.
    """
    config = project.experiments.get(results.experiment)
    table = project.table
    if decisions is None:
        hold_against(project, results.evaluators)
    summary = summarise(
        results,
        slices=config.slices if config else tuple(table.slices),
        reducers=config.reducers if config else tuple(table.reducers),
        confidence=table.confidence,
        calibrated=calibrated(project, [results]),
        hits=hits(project, [results]),
        cluster=table.cluster,
        scores=scales_of(project),
        decisions=decisions,
        version=__version__,
        steps=steps,
        performance=performance,
    )
    notes = unknown_names(table.scores, {*summary.scores, *(decisions or ())})
    notes += _no_headline(table.headline, summary)
    quality = replace(summary.quality, notes=[*summary.quality.notes, *notes])
    return replace(summary, quality=quality, headline=table.headline)


def _no_headline(headline: str | None, summary: Summary) -> list[str]:
    """Say so where the score that sentences should be about is not there."""
    if headline is None or headline in summary.scores:
        return []
    return [f"headline {headline!r} is no score here.{did_you_mean(headline, summary.scores)}"]


def calibrated(project: Project, results: Sequence[Results]) -> tuple[str, ...]:
    """Return the judges whose agreement with people is on record, as they are now.

    A judge that was changed since (another prompt, model or threshold) has to be compared anew.
    """
    return tuple(str(record["evaluator"]) for record in _on_record(project, results))


def hits(project: Project, results: Sequence[Results]) -> dict[str, Hits]:
    """Return how judges did on people's labels, by score, where that is on record."""
    found = {}
    for record in _on_record(project, results):
        said = (record.get("sensitivity"), record.get("specificity"))
        if not all(said):
            continue
        from evalkit.metrics.statistics.calibration import hits_from  # few projects have judges

        known = hits_from(from_plain(Figure, said[0]), from_plain(Figure, said[1]))
        if known is not None:
            found[str(record.get("metric"))] = known
    return found


def _on_record(project: Project, results: Sequence[Results]) -> Iterator[dict[str, Any]]:
    folder = project.reports_folder / "agreement"
    if not folder.is_dir():
        return
    now = {info.name: info.fingerprint for each in results for info in each.evaluators}
    for path in sorted(folder.glob("*.json")):
        record = _recorded(path)
        name = record.get("evaluator")
        if name in now and record.get("fingerprint") in (None, now[name]):
            yield record


def _recorded(path: Path) -> dict[str, Any]:
    """Return a record of agreement; one that was altered raises `StoreError`."""
    try:
        record = dict(json.loads(path.read_text("utf-8")))
        refuse_broken(record)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise StoreError(
            f"{path}: is damaged ({error}). Delete this file; `evalkit agree` makes it again."
        ) from None
    return record
