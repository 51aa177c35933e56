"""Labelling: which stored runs people label, the same ones tomorrow, and where labels go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evalkit.metrics.agreement.choosing import Metric, Order, Pick, choose, labelled_metric
from evalkit.model.kept.replacing import replace_text
from evalkit.model.kept.seal import SEAL, refuse_broken, sealed
from evalkit.model.results import Results
from evalkit.pipeline.stored import results
from evalkit.project.config import Project
from evalkit.project.scales import scales_of
from evalkit.report.labelling.choices import choices_of
from evalkit.report.labelling.desk import Desk

QUEUE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be labelled, as asked for."""

    metric: str
    sample: int = 50
    order: Order = "mixed"
    seed: int = 0
    labels: Sequence[str] = ()
    reference: bool = True


def labels_folder(project: Project) -> Path:
    """Return where people's labels are: `datasets/labels`."""
    return project.root / "datasets" / "labels"


def label_desk(project: Project, names: Sequence[str], wanted: Wanted) -> Desk:
    """Return the desk on which runs of these experiments are labelled.

    The queue is drawn once and kept beside the labels, so that all who label, today and tomorrow,
    have the same runs; other experiments or another sample draw a new one.
    """
    stored = {name: results(project, name) for name in project.chosen(names)}
    metric = labelled_metric(
        [*stored.values()], wanted.metric, scales_of(project), unscored=bool(wanted.labels)
    )
    choices = choices_of(metric, wanted.labels)
    folder = labels_folder(project)
    picks = _queue(folder / f"{quote(wanted.metric, safe='')}.queue.json", metric, stored, wanted)
    return Desk(
        metric=metric,
        picks=picks,
        choices=choices,
        results=stored,
        folder=folder,
        chosen=wanted.order,
        reference=wanted.reference,
        seed=wanted.seed,
    )


def _queue(path: Path, metric: Metric, stored: dict[str, Results], wanted: Wanted) -> list[Pick]:
    drawn_for = {
        "version": QUEUE_VERSION,
        "metric": wanted.metric,
        "experiments": sorted(stored),
        "sample": wanted.sample,
        "order": wanted.order,
        "seed": wanted.seed,
    }
    kept = _kept(path)
    there = {(each.experiment, each.run_id) for each in metric.candidates}
    if kept is not None and {k: v for k, v in kept.items() if k not in ("runs", SEAL)} == drawn_for:
        picks: list[Pick] = kept["runs"]
        if all((each.experiment, each.run_id) in there for each in picks):
            return picks
    picks = choose(metric, wanted.sample, wanted.order, wanted.seed)
    document = sealed(drawn_for | {"runs": [asdict(each) for each in picks]})
    replace_text(path, json.dumps(document, indent=1) + "\n")
    return picks


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        found = dict(json.loads(path.read_text("utf-8")))
        refuse_broken(found)
        return found | {"runs": [Pick(**each) for each in found["runs"]]}
    except (OSError, ValueError, TypeError, KeyError):
        return None
