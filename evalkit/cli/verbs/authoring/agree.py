"""agree: hold a metric against labels given by people."""

from __future__ import annotations

import json
from pathlib import Path

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.errors import ConfigError, DatasetError
from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.labels import read_labels
from evalkit.metrics.documents.agreement import Agreement
from evalkit.metrics.documents.figures import Figure
from evalkit.model.kept.replacing import replace_text
from evalkit.model.kept.seal import sealed
from evalkit.pipeline.authors.labelling import labels_folder
from evalkit.pipeline.stored import results
from evalkit.project.config import Project
from evalkit.project.layout import shown
from evalkit.project.scales import scales_of


def perform(
    session: Session, /, name: str | None, labels: Path | None, metric: str, as_json: bool
) -> None:
    """Compute agreement and keep it where the figures of later days look for it."""
    project = session.load(deep=False)
    read = read_labels(_there(labels or labels_folder(project)))
    stored = results(project, _only(project, name))
    found = agree(stored, read, metric, project.table.confidence, scales_of(project))
    path = project.reports_folder / "agreement" / f"{found.evaluator}.json"
    replace_text(path, json.dumps(sealed(found.to_dict()), indent=2) + "\n")
    if as_json:
        session.document(found.to_dict())
    else:
        session.print(_text(found))


def _there(path: Path) -> Path:
    if not path.exists():
        raise DatasetError(
            f"agree: there are no labels in {shown(path)}. `evalkit label` makes them, or name a "
            "file with --human."
        )
    return path


def _only(project: Project, name: str | None) -> str:
    if name is not None:
        return project.experiment(name).name
    if len(project.experiments) != 1:
        there = ", ".join(project.experiments) or "none"
        raise ConfigError(f"agree: say which experiment was labelled. There are: {there}.")
    return next(iter(project.experiments))


def _text(found: Agreement) -> str:
    rows = [("people \\ evaluator", *found.categories)]
    counts = zip(found.categories, found.confusion, strict=True)
    rows += [(name, *(str(count) for count in row)) for name, row in counts]
    figures = {
        "agreement": found.agreement,
        "Cohen's kappa": found.kappa,
        "weighted kappa": found.weighted_kappa,
        "Krippendorff's alpha": found.alpha,
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
        "observed pass rate": found.observed_rate,
        "corrected pass rate": found.corrected_rate,
    }
    told = [(name, _figure(each)) for name, each in figures.items() if each is not None]
    left = (
        f"{found.unmatched_labels} labels without a score, {found.conflicting_labels} split, "
        f"{found.abstained} could not say"
    )
    head = f"{found.metric} on {found.experiment}: {found.n} runs with label and score ({left})"
    if found.chosen:
        head += (
            f"\n{found.chosen} of the labels are of runs picked because they are hard: figures are "
            "about such runs, not about all."
        )
    if found.weighted:
        head += "\nFigures weigh each run for those it stands for; the table counts runs."
    return f"{head}\n\n{aligned(rows)}\n\n{aligned(told)}"


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return f"-  n={figure.n:,}"
    known = figure.low is not None and figure.high is not None
    between = f" [{figure.low:.3f}, {figure.high:.3f}]" if known else ""
    return f"{figure.value:.3f}{between}  n={figure.n:,}"
