"""Compare: two or more experiments against one baseline, every difference with what it can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.errors import ConfigError, NoRunsError
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.comparing.changes import changes, transitions
from evalkit.metrics.comparing.contrasts import Contrast, contrast_all
from evalkit.metrics.comparing.differences import Rules, difference_of
from evalkit.metrics.comparing.families import ALL, EXPLORATORY, PRIMARY, corrected, family_of
from evalkit.metrics.comparing.measures import Experiment, read_all, seen
from evalkit.metrics.comparing.pairing import Pairs, pair
from evalkit.metrics.comparing.preferences import preferences
from evalkit.metrics.comparing.slices import slice_differences
from evalkit.metrics.documents.comparison import Candidate, Comparison, Difference
from evalkit.metrics.statistics.calibration import Hits
from evalkit.metrics.statistics.multiplicity import CORRECTIONS
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
    primary: Sequence[str] = (),
    chosen_by: str = "configuration",
    reducers: Sequence[str] = (),
    hits: Mapping[str, Hits] | None = None,
    bootstrap: bool = True,
) -> Comparison:
    """Compare experiments with `baseline` (default: the first).

    `correction` is `holm` or `bh`, over metrics x candidates. `primary` names the metrics that were
    chosen beforehand: they are corrected among themselves, the others are exploratory and a family
    of their own. `chosen_by` is who chose it; `order` takes the first score that has a direction,
    which no result decides. `reducers` such as `pass^4` are compared too, per score, and with
    `hits` on people's labels the corrected pass rates of judges. `margins` gives the
    difference that counts as none for some metrics. `judgements` are those of comparison-scope
    evaluators (`evaluator key example_id order outcome scores`). `cluster` names what makes
    examples belong together, as in `summarise`, read of the baseline. `scores` and `decisions` say
    what scores are, as in `summarise`. `bootstrap=False` leaves resampling out.
    """
    if correction not in CORRECTIONS:
        raise ConfigError(f"compare: {correction!r} is no correction. Take 'holm' or 'bh'.")
    experiments = read_all(results, cluster=cluster, scores=scores, decisions=decisions)
    base = _baseline(experiments, baseline)
    others = [each for each in experiments if each is not base]
    present = seen(experiments)
    alpha = 1 - confidence
    found = [
        contrast_all(pair(base, other), present, reducers, hits or {}, bootstrap, confidence)
        for other in others
    ]
    if not primary and chosen_by == "order":
        primary = _first_score(found)
    families = [
        family_of(contrast.measure.name, primary)
        for _, contrasts in found
        for contrast in contrasts
    ]
    tests = [contrast.test.p for _, contrasts in found for contrast in contrasts]
    adjusted, sizes = corrected(list(zip(families, tests, strict=True)), correction)
    rejected = _rejected(adjusted, families, sizes, alpha)
    rules = Rules(alpha, margins or {}, calibrated, correction, sizes, rejected)
    each = iter(zip(adjusted, families, strict=True))
    candidates = [
        _candidate(
            pairs,
            contrasts,
            [difference_of(contrast, pairs, *next(each), rules) for contrast in contrasts],
            slices,
            alpha,
        )
        for pairs, contrasts in found
    ]
    names = [base.name, *(each.name for each in others)]
    return Comparison(
        baseline=base.name,
        experiments=names,
        candidates=candidates,
        preferences=preferences(judgements, names, confidence),
        correction=correction,
        family=sizes.get(PRIMARY, sizes.get(ALL, 0)),
        confidence=confidence,
        alpha=alpha,
        notes=[*_notes(found), *_unknown(primary, found)],
        primary=list(primary),
        exploratory=sizes.get(EXPLORATORY, 0),
        chosen_by=chosen_by if primary else "",
    )


def _rejected(
    adjusted: Sequence[float | None], families: Sequence[str], sizes: Iterable[str], alpha: float
) -> dict[str, int]:
    """Count per family the tests that found a change."""
    found = Counter(
        family for p, family in zip(adjusted, families, strict=True) if p is not None and p <= alpha
    )
    return {family: found[family] for family in sizes}


def _first_score(found: Sequence[tuple[Pairs, list[Contrast]]]) -> list[str]:
    """Return the first score with a direction, in the order of the evaluators."""
    measures = (contrast.measure for _, contrasts in found for contrast in contrasts)
    return next(([m.name] for m in measures if m.kind == "score" and m.direction), [])


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


def _unknown(primary: Sequence[str], found: Sequence[tuple[Pairs, list[Contrast]]]) -> list[str]:
    """Say which primary metrics nobody measured: a name that is misspelt must not pass."""
    known = {contrast.measure.name for _, contrasts in found for contrast in contrasts}
    return [
        f"Primary metric {name!r} was not compared: it is not in both experiments."
        for name in primary
        if name not in known
    ]
