"""Compare: two or more experiments against one baseline, every difference with what it can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np

from evalkit.errors import ConfigError, NoRunsError
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.comparing.changes import changes, transitions
from evalkit.metrics.comparing.contrasts import Contrast, contrast_all
from evalkit.metrics.comparing.measures import Experiment, read_all, seen
from evalkit.metrics.comparing.pairing import Pairs, Side, pair
from evalkit.metrics.comparing.preferences import preferences
from evalkit.metrics.comparing.slices import slice_differences
from evalkit.metrics.comparing.verdicts import RELATIVE_MARGIN, SHARE_MARGIN, SPREAD_MARGIN, judge
from evalkit.metrics.documents.comparison import Candidate, Comparison, Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.intervals import Sums, mean_figure, share_figure
from evalkit.metrics.statistics.multiplicity import CORRECTIONS
from evalkit.metrics.statistics.power import detectable, examples_needed
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale


def compare(
    results: Sequence[Results],
    *,
    baseline: str | None = None,
    correction: str = "holm",
    confidence: float = 0.95,
    margins: Mapping[str, float] | None = None,
    slices: Sequence[str] = (),
    judgements: Iterable[Any] = (),
    calibrated: Sequence[str] = (),
    cluster: str | None = None,
    scores: Mapping[str, Scale] | None = None,
    decisions: Mapping[str, Decision] | None = None,
    bootstrap: bool = True,
) -> Comparison:
    """Compare experiments with `baseline` (default: the first).

    `correction` is `holm` or `bh`, over metrics x candidates. `margins` gives the difference that
    counts as none for some metrics. `judgements` are those of comparison-scope evaluators
    (`evaluator key example_id order outcome scores`). `cluster` names what makes examples belong
    together, as in `summarise`, read of the baseline. `scores` and `decisions` say what scores are,
    as in `summarise`. `bootstrap=False` leaves BCa out.
    """
    if correction not in CORRECTIONS:
        raise ConfigError(f"compare: {correction!r} is no correction. Take 'holm' or 'bh'.")
    experiments = read_all(results, cluster=cluster, scores=scores, decisions=decisions)
    base = _baseline(experiments, baseline)
    others = [each for each in experiments if each is not base]
    present = seen(experiments)
    alpha = 1 - confidence
    found = [contrast_all(pair(base, other), present, bootstrap) for other in others]
    tests = [contrast.test.p for _, contrasts in found for contrast in contrasts]
    adjusted = iter(CORRECTIONS[correction](tests))
    family = sum(p is not None for p in tests)
    candidates = []
    for pairs, contrasts in found:
        differences = [
            _difference(c, next(adjusted), family, alpha, margins or {}, calibrated)
            for c in contrasts
        ]
        candidates.append(_candidate(pairs, contrasts, differences, slices, alpha))
    names = [base.name, *(each.name for each in others)]
    return Comparison(
        baseline=base.name,
        experiments=names,
        candidates=candidates,
        preferences=preferences(judgements, names, confidence),
        correction=correction,
        family=family,
        confidence=confidence,
        alpha=alpha,
        notes=_notes(found),
    )


def _baseline(experiments: Sequence[Experiment], name: str | None) -> Experiment:
    if len(experiments) < 2:
        raise ConfigError("compare: one experiment is no comparison. Name two or more.")
    names = [each.name for each in experiments]
    if len(set(names)) < len(names):
        raise ConfigError(f"compare: {', '.join(names)}: name every experiment once.")
    for each in experiments:
        if each.runs.n == 0:
            raise NoRunsError(f"{each.name}: there are no runs to compare. Fetch some.")
    if name is None:
        return experiments[0]
    if name not in names:
        raise ConfigError(f"compare: baseline {name!r} is not among {', '.join(names)}.")
    return experiments[names.index(name)]


def _difference(
    contrast: Contrast,
    p_adjusted: float | None,
    family: int,
    alpha: float,
    margins: Mapping[str, float],
    calibrated: Sequence[str],
) -> Difference:
    measure, test = contrast.measure, contrast.test
    before = _figure(contrast, contrast.baseline, 1 - alpha)
    after = _figure(contrast, contrast.candidate, 1 - alpha)
    margin = margins.get(measure.name, _margin(contrast, before))
    testable = test.se is not None and test.n >= 2
    mde = detectable(test.se or 1.0, test.df, alpha) if testable else None
    strict = detectable(test.se or 1.0, test.df, alpha / max(family, 1)) if testable else None
    verdict = judge(
        test,
        direction=measure.direction,
        p_adjusted=p_adjusted,
        margin=margin,
        chosen=measure.name in margins,
        mde=strict,
        alpha=alpha,
        unit=measure.unit,
    )
    base = before.value
    wins, losses, ties = _tally(contrast)
    return Difference(
        metric=measure.name,
        kind=measure.kind,
        unit=measure.unit,
        direction=measure.direction,
        baseline=before,
        candidate=after,
        difference=test.figure(1 - alpha),
        relative=test.difference / abs(base) if base and test.difference is not None else None,
        p=test.p,
        p_adjusted=p_adjusted,
        effect=None if measure.quantile is not None else test.effect,
        wins=wins,
        losses=losses,
        ties=ties,
        mde=mde,
        mde_adjusted=strict,
        n_needed=examples_needed(test.difference or 0.0, (test.se or 0.0) * sqrt(test.n), alpha),
        margin=margin,
        verdict=verdict.name,
        reason=verdict.reason,
        bca=contrast.bca,
        n_baseline=len(contrast.baseline.values),
        n_candidate=len(contrast.candidate.values),
        uncalibrated=measure.uncalibrated
        and not {measure.name, measure.evaluator} & set(calibrated),
        unread=measure.unread,
    )


def _figure(contrast: Contrast, one: Side, confidence: float) -> Figure:
    """Return one side over the paired examples, every example with the same weight."""
    measure = contrast.measure
    if measure.quantile is not None:
        value = float(np.quantile(one.values, measure.quantile)) if len(one.values) else None
        return Figure(value, None, None, len(one.values), "quantile of runs", len(one.means))
    sums = Sums(one.means, np.ones(len(one.means)))
    if measure.bounded:
        figure = share_figure(sums, confidence, ceiling=float(len(one.values)))
    else:
        figure = mean_figure(sums, confidence)
    return replace(figure, n=len(one.values), clusters=len(one.means))


def _margin(contrast: Contrast, before: Figure) -> float | None:
    measure = contrast.measure
    if measure.unit == "share":
        return SHARE_MARGIN
    if measure.kind in ("latency", "usage"):
        return RELATIVE_MARGIN * abs(before.value) if before.value else None
    if measure.spread:
        return SHARE_MARGIN * measure.spread
    spread = float(contrast.baseline.means.std(ddof=1)) if len(contrast.baseline.means) > 1 else 0
    return SPREAD_MARGIN * spread or None


def _tally(contrast: Contrast) -> tuple[int, int, int]:
    d = contrast.candidate.means - contrast.baseline.means
    if contrast.measure.direction == "lower":
        d = -d
    d = np.where(np.abs(d) <= 1e-12, 0.0, d)
    return int((d > 0).sum()), int((d < 0).sum()), int((d == 0).sum())


def _candidate(
    pairs: Pairs,
    contrasts: Sequence[Contrast],
    differences: list[Difference],
    slices: Sequence[str],
    alpha: float,
) -> Candidate:
    by_slice, tested = slice_differences(pairs, slices, alpha)
    regressions, improvements = changes(pairs)
    return Candidate(
        experiment=pairs.candidate.name,
        pairing=pairs.pairing,
        differences=differences,
        transitions=transitions(pairs),
        slices=by_slice,
        slices_tested=tested,
        regressions=regressions,
        improvements=improvements,
    )


def _notes(found: Sequence[tuple[Pairs, list[Contrast]]]) -> list[str]:
    notes = []
    for pairs, contrasts in found:
        pairing, name = pairs.pairing, pairs.candidate.name
        if pairing.note:
            notes.append(f"{name}: {pairing.note}")
        if pairing.changed:
            some = ", ".join(pairing.changed[:3])
            count = pairing.changed_examples
            notes.append(f"{name}: {count} examples differ between datasets and are out: {some}.")
        if pairing.paired == 0 and not pairing.changed:
            notes.append(f"{name}: no example is in both experiments.")
        for contrast in contrasts:
            if unread := contrast.measure.unread:
                what = f"{unread:,} scores cannot be read and are in no change"
                notes.append(f"{name}: {contrast.measure.name}: {what}.")
    return notes
