"""Agreement: how far an evaluator agrees with people, and the rate corrected for where it errs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.told import Told

AGREEMENT_VERSION = 1


@dataclass(frozen=True, slots=True, repr=False)
class Agreement(Told):
    """One score against people's labels; `to_dict()` is the document kept in `agreement/`."""

    experiment: str
    metric: str
    evaluator: str
    fingerprint: str | None
    n: int
    """Runs with both a label and a score."""
    unmatched_labels: int
    """Labels of runs that are not here or were not scored."""
    conflicting_labels: int
    """Runs on which people disagreed evenly: left out."""
    categories: list[str]
    confusion: list[list[int]]
    """Rows are people's categories, columns the evaluator's, both in order of `categories`."""
    agreement: Figure
    """Share of equal answers."""
    kappa: Figure
    """Cohen's: agreement beyond what the two frequencies give by chance."""
    weighted_kappa: Figure | None
    """Quadratic weights, when every category is a number and there are three or more."""
    alpha: Figure
    """Krippendorff's, nominal, or interval when every category is a number."""
    sensitivity: Figure | None = None
    """Of what people pass, the share the evaluator passes; true or false only."""
    specificity: Figure | None = None
    observed_rate: Figure | None = None
    """The evaluator's pass rate over all its runs."""
    corrected_rate: Figure | None = None
    """What people's pass rate would be: Rogan and Gladen's, or prediction-powered; see `method`."""
    raters: list[str] = field(default_factory=list)
    abstained: int = 0
    """Labels of people who could not say: in no figure."""
    chosen: int = 0
    """Labels of runs picked because they are hard: figures that rest on them speak of such runs."""
    weighted: bool = False
    """Whether each run counts for those it stands for in the sample it was drawn in; `confusion`
    holds plain numbers of runs."""
    version: int = AGREEMENT_VERSION
    type: str = "evalkit.agreement"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        plain: dict[str, Any] = to_plain(self)
        return plain
