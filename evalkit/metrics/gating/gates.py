"""Gates: rules on a Summary or a Comparison that decide whether a change may pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.metrics.documents.comparison import Comparison, Difference
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.documents.lookup import Found, closest, look_up, score_unit, unread_text
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import ScoreSummary, SliceFigure, Summary
from evalkit.metrics.gating.grammar import Gate, parse
from evalkit.metrics.gating.limits import ROUNDING, complies, complying_share, shifted
from evalkit.metrics.gating.meaning import quantity_problem, scale_of
from evalkit.metrics.gating.sequential import check_level, refused
from evalkit.metrics.gating.statistical import check_difference, mirrored, unpaired
from evalkit.metrics.gating.whole import only_of_the_whole
from evalkit.metrics.gating.wording import show, text_of
from evalkit.metrics.slicing.labels import label_of

__all__ = ["Gate", "GateResult", "check", "parse"]


@dataclass(frozen=True, slots=True)
class _Case:
    """One gate on one experiment, with what it may be compared to."""

    gate: Gate
    summary: Summary
    baseline: Summary | None
    comparison: Comparison | None

    @property
    def alpha(self) -> float:
        """Level of a test."""
        if self.comparison is not None:
            return self.comparison.alpha
        return round(1 - self.summary.confidence, 12)

    def result(
        self,
        passed: bool | None,
        why: str,
        figure: Figure | None = None,
        limit: float | None = None,
        unit: str = "",
        where: str | None = None,
    ) -> GateResult:
        """Make the result."""
        return GateResult(
            rule=self.gate.text,
            experiment=self.summary.experiment,
            passed=passed,
            observed=figure,
            limit=limit,
            unit=unit,
            why=why,
            metric=self.gate.metric,
            slice=where,
        )


def check(
    gates: Sequence[Gate],
    summary: Summary,
    comparison: Comparison | None = None,
    baseline: Summary | Mapping[str, Any] | None = None,
    *,
    allow_incomplete: bool = False,
    baseline_complete: bool = True,
) -> list[GateResult]:
    """Check every gate on one experiment; an incomplete one misses all unless that is allowed.

    Rules about a baseline use `comparison` where it holds this experiment (paired, corrected),
    else `baseline`, a Summary made earlier or its document (unpaired). Without either they are
    undecided, with a note. A metric without data misses its gate: nothing measured is not good
    enough.
    """
    if isinstance(baseline, Mapping):
        baseline = from_plain(Summary, baseline)
    found = [_check(_Case(gate, summary, baseline, comparison)) for gate in gates]
    if allow_incomplete:
        return found
    return only_of_the_whole(gates, found, summary, baseline_complete=baseline_complete)


def _check(case: _Case) -> GateResult:
    gate = case.gate
    comparison = case.comparison
    if gate.needs_baseline and comparison and case.summary.experiment == comparison.baseline:
        return case.result(None, "This is the baseline itself.")
    if gate.place in ("one_slice", "every_slice"):
        return _check_slices(case)
    found = look_up(case.summary, gate.metric)
    if found is None:
        hint = closest(case.summary, gate.metric)
        return case.result(False, f"There is no figure {gate.metric!r}.{hint}")
    if why := refused(gate):
        return case.result(False, f"{why[0].upper()}{why[1:]}", found.figure)
    if found.unread:
        figure = found.figure if gate.kind == "absolute" else None
        return case.result(False, f"{found.unread}.", figure, unit=found.unit)
    if why := quantity_problem(gate, scale_of(case.summary, found)):
        return case.result(False, why, found.figure)
    if gate.place in ("every_example", "most_examples"):
        return _check_examples(case, found)
    if gate.kind == "absolute":
        return _check_value(case, found)
    if gate.kind == "relative":
        return _check_relative(case, found)
    return _check_statistical(case, found)


def _check_value(case: _Case, found: Found, limit: float | None = None) -> GateResult:
    gate, figure = case.gate, found.figure
    wanted = limit if limit is not None else gate.quantity.plain if gate.quantity else 0.0
    if figure.value is None:
        reason = found.reason or f"nothing was measured (n = {figure.n})"
        return case.result(False, f"{found.name}: {reason}.", figure)
    if limit is None and _is_percent_of_a_number(case, found):
        why = f"{found.name} is {show(figure, found.unit)}, no share: {gate.quantity} says nothing."
        return case.result(False, f"{why} Write a number.", figure, unit=found.unit)
    if gate.sequential:
        span = scale_of(case.summary, found).span
        passed, why = check_level(gate, figure, span, found.unit, wanted, case.alpha)
        return case.result(passed, why, figure, wanted, found.unit)
    passed = complies(gate.op, figure.value, wanted)
    if found.lower_bound and gate.op in ("<=", "<"):
        why = f"{found.name} is at least {text_of(figure.value, found.unit)}: runs were cut short."
        return case.result(False, why, figure, wanted, found.unit)
    asked = f"asked {gate.op} {text_of(wanted, found.unit)}"
    why = f"{found.name} is {show(figure, found.unit)}, {asked}."
    return case.result(passed, why, figure, wanted, found.unit)


def _is_percent_of_a_number(case: _Case, found: Found) -> bool:
    """Tell whether the rule asks a score that is no share for percent: 80 % of 1 to 5 is no 0.8."""
    quantity, name = case.gate.quantity, found.name.partition(" where ")[0]
    score = case.summary.scores.get(name) or case.summary.scores.get(name.rpartition(".")[0])
    if score is None or quantity is None or quantity.unit not in ("%", "points"):
        return False
    return found.unit != "share" and score.range != (0.0, 1.0)


def _check_relative(case: _Case, found: Found) -> GateResult:
    difference = _difference(case, found)
    if difference is not None:
        # Both levels of the same pairs: what only one side has cannot tell them apart.
        found = replace(found, figure=difference.candidate, lower_bound=_bounded(difference, found))
    base = _baseline_figure(case, found, difference)
    if base is None:
        return case.result(None, "There is no baseline to compare with.", found.figure)
    if left_out := _left_out(case, found):
        return case.result(False, left_out, found.figure, unit=found.unit)
    if base.value is None:
        return case.result(False, f"The baseline has no {found.name}.", found.figure)
    return _check_value(case, found, shifted(case.gate, base.value, found.unit))


def _left_out(case: _Case, found: Found) -> str:
    """Return what of the baseline cannot be read; the candidate's own is known by then."""
    if case.baseline is not None:
        other = look_up(case.baseline, case.gate.metric)
        return f"The baseline: {other.unread}." if other is not None and other.unread else ""
    difference = _difference(case, found)
    if difference is None or not difference.unread:
        return ""
    return f"The baseline: {difference.unread:,} scores of {found.name} cannot be read."


def _bounded(difference: Difference, found: Found) -> bool:
    """Return whether the candidate's level over the pairs is only known to be at least so much."""
    if difference.metric.endswith(".mean"):
        return difference.bound in ("low", "both")
    return found.lower_bound or difference.candidate.method.startswith("lower bound")


def _baseline_figure(case: _Case, found: Found, difference: Difference | None) -> Figure | None:
    if difference is not None:
        return difference.baseline
    if case.baseline is not None:
        other = look_up(case.baseline, case.gate.metric)
        return other.figure if other else Figure(None)
    return None


def _difference(case: _Case, found: Found) -> Difference | None:
    """Return this metric's difference; `latency` means its mean, `tokens` all tokens."""
    if case.comparison is None:
        return None
    name = found.name.replace("tokens.", "total_tokens.").replace("cost.", "total_cost.")
    for candidate in case.comparison.candidates:
        if candidate.experiment == case.summary.experiment:
            for each in candidate.differences:
                if each.metric in (found.name, name, name.replace("total_total", "total")):
                    return each
            return mirrored(found, candidate, case.summary)
    return None


def _check_statistical(case: _Case, found: Found) -> GateResult:
    if left_out := _left_out(case, found):
        return case.result(False, left_out, found.figure, unit=found.unit)
    difference = _difference(case, found)
    if difference is None and case.baseline is not None:
        other = look_up(case.baseline, case.gate.metric)
        levels = (case.summary.confidence, case.baseline.confidence)
        difference = unpaired(found, other.figure if other else Figure(None), levels, case.alpha)
    elif difference is None and case.comparison is not None:
        return case.result(False, f"{found.name} was not compared with the baseline.", found.figure)
    if difference is None:
        return case.result(None, "There is no baseline to compare with.", found.figure)
    passed, why, limit = check_difference(case.gate, difference, case.alpha)
    return case.result(passed, why, difference.difference, limit, difference.unit)


def _check_examples(case: _Case, found: Found) -> GateResult:
    gate = case.gate
    score = case.summary.scores.get(found.name)
    curve = score.example_means if score else None
    if gate.kind != "absolute" or score is None or curve is None or gate.quantity is None:
        why = (
            f"{found.name} has no value per example."
            if gate.kind == "absolute"
            else ("Rules for every example compare with a number, not with a baseline.")
        )
        return case.result(False, why, found.figure)
    share = complying_share(curve, gate.op, gate.quantity.plain)
    asked = gate.share if gate.place == "most_examples" else 1.0
    figure = Figure(
        share, n=score.clusters or 0, method="examples that comply", clusters=score.clusters
    )
    named = _named(score, share)
    why = f"{share:.1%} of {figure.n} examples comply, asked {asked:.0%}.{named}"
    return case.result(share >= asked - ROUNDING, why, figure, asked, "share")


def _named(score: ScoreSummary, share: float) -> str:
    return f" Worst: {', '.join(score.worst_examples[:3])}." if share < 1 else ""


def _check_slices(case: _Case) -> GateResult:
    gate = case.gate
    score = case.summary.scores.get(gate.metric.removeprefix("score."))
    if score is None:
        hint = closest(case.summary, gate.metric)
        return case.result(False, f"Slices are of scores, and {gate.metric!r} is none.{hint}")
    if score.unread:
        return case.result(False, f"{unread_text(score)}.", score.figure, unit=score_unit(score))
    if gate.kind != "absolute":
        return _check_slice_difference(case, score)
    chosen = [each for each in score.slices if _chosen(gate, each)]
    if not chosen:
        asked = f"{gate.slice_by} = {gate.slice_value}" if gate.slice_value else gate.slice_by
        return case.result(False, f"There is no slice {asked}. Add it to `slices`.")
    judged = [(each, _check_slice(case, score, each)) for each in chosen]
    missed = [result for _, result in judged if not result.passed]
    return missed[0] if missed else judged[0][1]


def _chosen(gate: Gate, each: SliceFigure) -> bool:
    asked = gate.slice_value
    return each.by == gate.slice_by and (asked in ("", each.value) or label_of(asked) == each.value)


def _check_slice(case: _Case, score: ScoreSummary, each: SliceFigure) -> GateResult:
    low, high = each.interval or (None, None)
    figure = Figure(each.mean, low, high, each.n, each.method, each.clusters)
    found = Found(f"{score.name} where {each.by} = {each.value}", figure, score_unit(score), None)
    result = _check_value(case, found)
    where = f"{each.by}={each.value}"
    return case.result(result.passed, result.why, result.observed, result.limit, result.unit, where)


def _check_slice_difference(case: _Case, score: ScoreSummary) -> GateResult:
    """Check `not worse` on slices of the comparison: a slice flagged as worse misses."""
    if case.comparison is None:
        return case.result(None, "There is no comparison with a baseline.", score.figure)
    slices = [
        each
        for candidate in case.comparison.candidates
        if candidate.experiment == case.summary.experiment
        for each in candidate.slices
        if each.metric == score.name
        and each.by == case.gate.slice_by
        and case.gate.slice_value in ("", each.value)
    ]
    if not slices or case.gate.kind != "not_worse":
        return case.result(False, f"No slice of {case.gate.slice_by} was compared.", score.figure)
    margin = case.gate.quantity.plain if case.gate.quantity else 0.0
    for each in slices:
        if each.flagged and abs(each.difference.value or 0.0) >= margin:
            where = f"{each.by}={each.value}"
            why = f"Worse where {where}: {show(each.difference, score_unit(score))}."
            return case.result(False, why, each.difference, margin, score_unit(score), where)
    return case.result(True, f"None of {len(slices)} slices is worse.", score.figure, margin)
