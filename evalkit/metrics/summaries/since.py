"""Since: the last summary against the one before it, and where a strip is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.metrics.documents.comparison import Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import Found
from evalkit.metrics.documents.reading import RELATIVE_MARGIN, SHARE_MARGIN, reading_of
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.metrics.statistics.intervals import around, joint_error

ALPHA = 0.05
VERDICTS = {
    "better": "better", "worse": "worse", "same": "equivalent", "not_worse": "not_inferior",
}  # fmt: skip
METHOD = "unpaired z from intervals"


@dataclass(frozen=True, slots=True)
class Break:
    """What makes figures before `points[index]` others than those from there on."""

    index: int
    experiment: str
    why: str
    """`evaluator` or `data set`."""


def breaks_of(summaries: Sequence[Summary], metric: str) -> tuple[Break, ...]:
    """Return where the data set, or what gives the metric, is not what it was last known to be."""
    found = []
    evaluator: str | None = None
    dataset: str | None = None
    for index, summary in enumerate(summaries):
        score = _score_of(summary, metric)
        mark, version = score.fingerprint if score else None, summary.provenance.dataset_version
        if dataset is not None and version not in (None, dataset):
            found.append(Break(index, summary.experiment, "data set"))
        elif evaluator is not None and mark not in (None, evaluator):
            found.append(Break(index, summary.experiment, "evaluator"))
        evaluator, dataset = mark or evaluator, version or dataset
    return tuple(found)


def unchanged(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return which of evaluators and data set are known to be the same in all summaries."""
    marks: dict[str, set[str]] = {}
    for name, score in (pair for each in summaries for pair in each.scores.items()):
        if score.fingerprint:
            marks.setdefault(name, set()).add(score.fingerprint)
    versions = {each.provenance.dataset_version for each in summaries}
    found = ["evaluators"] if marks and all(len(each) == 1 for each in marks.values()) else []
    return (*found, *(["data set"] if len(versions) == 1 and None not in versions else []))


def _score_of(summary: Summary, metric: str) -> ScoreSummary | None:
    plain = metric.removeprefix("score.").removeprefix("scores.")
    return summary.scores.get(plain) or summary.scores.get(plain.rpartition(".")[0])


def since(
    summaries: Sequence[Summary],
    found: Sequence[Found | None],
    breaks: Sequence[Break],
    margin: float | None,
) -> Difference | None:
    """Return the change of the last point since the one before it, without its interval yet.

    None: there are not two that have a value since the last break.
    """
    start = breaks[-1].index if breaks else 0
    known = [
        (summary, each)
        for summary, each in [*zip(summaries, found, strict=True)][start:]
        if each is not None and each.figure.value is not None
    ]
    if len(known) < 2:
        return None
    (earlier, before), (later, now) = known[-2:]
    first, last = before.figure.value or 0.0, now.figure.value or 0.0
    se = joint_error((now.figure, before.figure), (later.confidence, earlier.confidence))
    n = min(later.counts.clusters, earlier.counts.clusters)
    size = margin if margin is not None else _margin(later, now, first)
    return Difference(
        metric=now.name, kind="score", unit=now.unit, direction=now.direction,
        baseline=before.figure, candidate=now.figure,
        difference=Figure(last - first, n=n, method=METHOD, se=se),
        relative=(last - first) / abs(first) if first else None,
        p=None, p_adjusted=None, effect=None, wins=0, losses=0, ties=0, mde=None,
        mde_adjusted=None, n_needed=None, margin=size, verdict="cannot_tell",
        reason="Examples could not be paired with a saved summary.",
        bound="both" if now.lower_bound or before.lower_bound else "",
    )  # fmt: skip


def _margin(summary: Summary, found: Found, before: float) -> float | None:
    """Return the change that counts as none, as comparisons have it."""
    if found.unit == "share":
        return SHARE_MARGIN
    score = _score_of(summary, found.name)
    if score is None:
        return RELATIVE_MARGIN * abs(before) or None
    return SHARE_MARGIN * (score.range[1] - score.range[0]) if score.range else None


def together(changes: Sequence[Difference | None]) -> list[Difference | None]:
    """Return the changes with intervals that hold at once (Bonferroni's), and what those say."""
    tested = sum(each is not None and _error_of(each) is not None for each in changes)
    return [each and _with_interval(each, ALPHA / max(tested, 1)) for each in changes]


def _error_of(change: Difference) -> float | None:
    return None if change.bound else change.difference.se


def _with_interval(change: Difference, alpha: float) -> Difference:
    figure, se = change.difference, _error_of(change)
    if figure.value is None or se is None:
        untested = replace(figure, method="none: one of the two has none")
        return replace(change, difference=untested, reading="not_tested")
    ends = around(figure.value, se, alpha / 2, change.unit)
    own = around(figure.value, se, ALPHA / 2, change.unit)
    held = replace(change, difference=replace(figure, low=own[0], high=own[1]), simultaneous=ends)
    reading = reading_of(held)
    return replace(held, reading=reading, verdict=VERDICTS.get(reading, "cannot_tell"))
