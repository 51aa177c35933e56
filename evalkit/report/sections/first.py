"""First: what stands on the first screen below the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.reading import drawn
from evalkit.model.outcome import succeeded
from evalkit.report.charts import numbers
from evalkit.report.runs import preview
from evalkit.report.sections import changes, gates, missing
from evalkit.report.sections.source import Source, unit_of
from evalkit.report.values.first import FirstCase, FirstPart, RulePart
from evalkit.report.values.panels import CasePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference
    from evalkit.model.results import Results

FEW, MANY, MANY_FROM = 3, 8, 40
"""Cases shown, and how many more from so many regressions on."""
LONGEST = 160
CHOSEN = {
    "configuration": "primary metric",
    "gate": "primary metric, the one the first gate compares",
    "order": "first score; no primary metric was chosen",
}


def build(
    source: Source,
    found: Sequence[RulePart],
    cases: tuple[str, str, tuple[CasePart, ...]],
    results: Sequence[Results],
    warnings: Sequence[str],
) -> FirstPart:
    """Return the first screen; at most eight runs are read for it."""
    title, link, listed = cases
    total, shown = _lost(source, listed), listed[:FEW]
    if total >= MANY_FROM:
        shown = listed[:MANY]
    more = f"all {numbers.count(total)} that got worse" if source.candidates else "all of them"
    return FirstPart(
        chosen=_chosen(source),
        paragraph=_paragraph(source),
        rules=tuple(found),
        rules_word=gates.count_of(found) if found else "",
        caption=_caption(source),
        looks=tuple(_look(source, case, results) for case in shown),
        looks_title="Look at these first" if shown else title,
        looks_more=more if total > (0 if source.candidates else len(shown)) else "",
        looks_link=link,
        missing=missing.build(source, warnings),
    )


def _chosen(source: Source) -> str:
    if source.comparison is not None and source.comparison.chosen_by:
        return CHOSEN.get(source.comparison.chosen_by, "primary metric")
    named = any(s.headline == source.primary for s in source.summaries)
    return CHOSEN["configuration" if named else "order"]


def _lost(source: Source, listed: Sequence[CasePart]) -> int:
    """Return how many examples got worse on the metric whose losses are listed."""
    if not source.candidates:
        return len(listed)
    candidate = source.candidates[-1]
    metric = candidate.regressions[0].metric if candidate.regressions else source.lead
    found = source.difference(candidate, metric or "")
    return found.losses if found is not None else len(listed)


def _caption(source: Source) -> str:
    """Say how many of the other metrics surely changed."""
    if len(source.candidates) != 1:
        return ""
    others = [d for d in source.candidates[0].differences if d.metric != source.lead]
    better, worse = (sum(d.reading == word for d in others) for word in ("better", "worse"))
    n = numbers.times(len(others), "other metric")
    return f"{better} better, {worse} worse of {n}; intervals hold for all at once"


def _paragraph(source: Source) -> str:
    """Say what the primary interval rules out, what it leaves open, and what it could find."""
    if len(source.candidates) != 1:
        return ""
    candidate = source.candidates[0]
    found = source.difference(candidate, source.lead or "")
    if found is None or found.reading == "not_tested":
        return found.reason if found is not None else ""
    return " ".join(
        filter(None, [_says(source, found), _power(source, found), _all(source, found)])
    )


def _says(source: Source, found: Difference) -> str:
    unit = unit_of(source, found)
    size = changes.margin(found, unit).removeprefix("±")
    bad = "+" if found.direction == "lower" else numbers.MINUS
    gate = source.comparison is not None and any(
        g.metric.endswith(found.metric) and g.limit == found.margin for g in source.gates
    )
    whose = "the margin the gate sets" if gate else "the margin"
    return {
        "better": "All of the interval is on the good side of no change.",
        "worse": "All of the interval is on the bad side of no change.",
        "same": f"All of the interval is inside {numbers.MINUS}{size} to +{size}, {whose}.",
        "not_worse": f"The interval does not reach {bad}{size}, {whose}: a loss of that size is "
        "ruled out. It holds 0: a gain is not shown.",
        "cannot_tell": _open(found, f"{bad}{size}", whose),
    }[found.reading]


def _open(found: Difference, bad: str, whose: str) -> str:
    ends = drawn(found) or (0.0, 0.0)
    if found.direction is None or not ends[0] < 0 < ends[1]:
        return "The interval does not hold 0, and neither way is declared better."
    return f"The interval holds 0 and reaches beyond {bad}, {whose}: neither is ruled out."


def _power(source: Source, found: Difference) -> str:
    unit, n = unit_of(source, found), found.difference.n
    if found.mde is None:
        return ""
    size = numbers.difference(found.mde_adjusted or found.mde, unit).removeprefix("+")
    if changes.of_baseline(found, unit):
        size = numbers.percent((found.mde_adjusted or found.mde) / abs(found.baseline.value or 1.0))
    text = f"{numbers.times(n, 'example')} find a change of {size} in 80% of cases"
    if found.n_needed and found.reading in ("not_worse", "cannot_tell") and found.n_needed > n:
        moved = changes.moved(found, unit)
        text += f"; {moved} takes about {numbers.count(found.n_needed)}"
    return text + "."


def _all(source: Source, found: Difference) -> str:
    """Say in how many examples all runs were right, where that was asked for."""
    prefix = f"{found.metric}.pass^"
    name = next(
        (d.metric for d in source.candidates[0].differences if d.metric.startswith(prefix)), ""
    )
    strict = source.difference(source.candidates[0], name)
    if strict is None or strict.baseline.value is None or strict.candidate.value is None:
        return ""
    n = strict.difference.n
    before, after = (round(v * n) for v in (strict.baseline.value, strict.candidate.value))
    k = name.removeprefix(prefix)
    return f"Right in all {k} runs: {before} → {after} of {numbers.times(n, 'example')}."


def _look(source: Source, case: CasePart, results: Sequence[Results]) -> FirstCase:
    before, after = _moved(source, case)
    said, expected = _texts(case, results)
    return FirstCase(
        case.run_id, case.example_id, case.text, before, after, said, expected, case.link
    )


def _moved(source: Source, case: CasePart) -> tuple[str, str]:
    """Return right runs before and now; the means of what is no yes or no; else why."""
    if not source.candidates:
        return "", case.why
    found = next(
        (c for c in source.candidates[-1].regressions if c.example_id == case.example_id), None
    )
    if found is None:
        return "", case.why
    score = source.score(found.metric)
    plain = score.type == "rate" and not score.graded and score.scope == "run"
    unit = score_unit(score)
    return (
        _side(found.baseline, len(found.baseline_runs), plain, unit),
        _side(found.candidate, len(found.candidate_runs), plain, unit),
    )


def _side(value: float | None, runs: int, plain: bool, unit: str) -> str:
    """Write `3/5` of the runs where that is what was seen, else the mean."""
    right = (value or 0.0) * runs
    if plain and value is not None and runs < 10 and abs(right - round(right)) < 1e-9:
        return f"{round(right)}/{runs}"
    return numbers.in_unit(value, unit)


def _texts(case: CasePart, results: Sequence[Results]) -> tuple[str, str]:
    """Return what the run said and what was expected, cut to a line."""
    for one in reversed(results):
        try:
            run = one.run(case.run_id)
        except (KeyError, LookupError):
            continue
        example = one.examples().get(run.example_id or "")
        wanted = example.reference_outputs if example is not None else None
        answer = preview.of_outputs(run.outputs, LONGEST)
        if not succeeded(run.outcome) and not preview.has_answer(run.outputs):
            answer = ""
        return answer or f"no answer: {run.outcome}", preview.of_outputs(wanted, LONGEST)
    return "", ""
