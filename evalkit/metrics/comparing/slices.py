"""Slice differences: where a candidate broke, corrected for how many places were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.metrics.columns.arrays import Codes, Floats, unique
from evalkit.metrics.comparing.measures import Seen, measures
from evalkit.metrics.comparing.pairing import Pairs, side
from evalkit.metrics.documents.comparison import SliceDifference
from evalkit.metrics.slicing.slices import LEAST
from evalkit.metrics.slicing.slicing import slicings
from evalkit.metrics.statistics.multiplicity import holm
from evalkit.metrics.statistics.paired import paired_test


def slice_differences(
    pairs: Pairs, by: Sequence[str], alpha: float
) -> tuple[list[SliceDifference], int]:
    """Test every score on every slice of the baseline's examples; worst first, and how many.

    A slice needs 8 pairs to be tested. Holm over all tests of this candidate.
    """
    members = _members(pairs, by)
    found: list[SliceDifference] = []
    theirs = {m.name: m for m in measures(pairs.candidate, Seen(set(), {}))}
    directions = {}
    for measure in measures(pairs.baseline, Seen(set(), {})):
        other = theirs.get(measure.name)
        if measure.kind != "score" or other is None or not members:
            continue
        directions[measure.name] = measure.direction
        first = side(measure, pairs.of_baseline, pairs.n)
        second = side(other, pairs.of_candidate, pairs.n)
        bounded = measure.bounded and other.bounded
        for (expression, value), rows in members.items():
            both = rows[(first.sizes[rows] > 0) & (second.sizes[rows] > 0)]
            if len(both):
                label = (measure.name, expression, value)
                values = (first.means[both], second.means[both])
                units = None if pairs.units is None else pairs.units[both]
                found.append(_tested(label, values, units, bounded, alpha))
    corrected = holm([each.p for each in found])
    found = [
        replace(each, p_adjusted=p, flagged=_worse(each, directions[each.metric], p, alpha))
        for each, p in zip(found, corrected, strict=True)
    ]
    found.sort(key=lambda each: _order(each, directions[each.metric]))
    return found, sum(each.p is not None for each in found)


def _members(pairs: Pairs, by: Sequence[str]) -> dict[tuple[str, str], Codes]:
    runs = pairs.baseline.runs
    found = {}
    for split in slicings(pairs.baseline.results, runs, by):
        for value, rows in split.members.items():
            at = unique(pairs.of_baseline[runs.cluster[rows]])
            found[(split.by, value)] = at[at >= 0]
    return found


def _tested(
    label: tuple[str, str, str],
    values: tuple[Floats, Floats],
    units: Codes | None,
    bounded: bool,
    alpha: float,
) -> SliceDifference:
    baseline, candidate = values
    test = paired_test(baseline, candidate, bounded=bounded, single=False, units=units)
    return SliceDifference(
        *label,
        difference=test.figure(1 - alpha),
        baseline=float(baseline.mean()),
        candidate=float(candidate.mean()),
        p=test.p if test.n >= LEAST else None,
        p_adjusted=None,
        flagged=False,
    )


def _worse(each: SliceDifference, direction: str | None, p: float | None, alpha: float) -> bool:
    value = each.difference.value
    if p is None or p > alpha or value is None or direction is None:
        return False
    return value > 0 if direction == "lower" else value < 0


def _order(each: SliceDifference, direction: str | None) -> tuple[bool, float]:
    value = each.difference.value or 0.0
    return (not each.flagged, -value if direction == "lower" else value)
