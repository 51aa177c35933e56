"""Missing: what is not there, and what that means for the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.model.outcome import SAID, SUCCEEDED
from evalkit.report.charts import numbers
from evalkit.report.values.first import MissingPart

if TYPE_CHECKING:
    from evalkit.metrics.documents.summary import ScoreSummary
    from evalkit.report.sections.source import Source

SCORES = 6
"""Scores named; the table below has all."""
NOTHING = "Nothing: every run and score is there."
WORDS = {
    "not_applicable": "not applicable",
    "evaluator_error": "evaluator errors",
    "run_failed": "run failed",
    "missing": "not scored",
}


def build(source: Source, warnings: Sequence[str]) -> tuple[MissingPart, ...]:
    """Return what is missing; when nothing is, that is said. It always stands there."""
    found = [*_runs(source), *_answers(source), *_scores(source), *_money(source)]
    found += [MissingPart("", text) for text in warnings]
    return tuple(found) or (MissingPart("", NOTHING),)


def _runs(source: Source) -> Iterator[MissingPart]:
    for s in source.summaries:
        gap = (s.counts.expected or 0) - s.counts.received - s.counts.pending
        if gap > 0 or not s.counts.complete:
            what = numbers.times(gap, "run") if gap > 0 else "Some runs"
            more = f"evalkit fetch {s.experiment}"
            yield MissingPart("Runs", f"{what} of {s.experiment} did not come; `{more}` goes on.")


def _answers(source: Source) -> Iterator[MissingPart]:
    ends: dict[str, int] = {}
    each = []
    for s in source.summaries:
        here = {k: n for k, n in s.counts.outcomes.items() if n and k not in SUCCEEDED}
        each.append((s.experiment, sum(here.values())))
        for name, n in here.items():
            ends[name] = ends.get(name, 0) + n
    total = sum(ends.values())
    if not total:
        return
    runs = sum(s.counts.received for s in source.summaries)
    kinds = ", ".join(f"{numbers.count(n)} {SAID.get(name, name)}" for name, n in ends.items())
    some = [f"{name} {numbers.count(n)}" for name, n in each if n]
    whose = f" ({', '.join(some)})" if source.several and len(some) <= SCORES else ""
    yield MissingPart(
        "Answers",
        f"{numbers.count(total)} of {numbers.times(runs, 'run')} did not succeed: {kinds}{whose}."
        f"{_counted(source)}",
    )


def _counted(source: Source) -> str:
    """Say what the primary score makes of runs that failed."""
    name = source.primary
    scores = [s.scores[name] for s in source.summaries if name in s.scores]
    out = sum(score.outcomes.get("run_failed", 0) for score in scores)
    if not scores:
        return ""
    if out:
        return f" {name} leaves {numbers.count(out)} of them out."
    return f" {name} counts them as its evaluator scored them."


def _scores(source: Source) -> Iterator[MissingPart]:
    found = [(name, text) for name in source.score_names if (text := _score(source, name))]
    for name, text in found[:SCORES]:
        yield MissingPart("Scores", f"{name}: {text}.")
    if len(found) > SCORES:
        yield MissingPart("Scores", f"{len(found) - SCORES} more are not whole; see every metric.")


def _score(source: Source, name: str) -> str:
    scores = [s.scores[name] for s in source.summaries if name in s.scores]
    counts = {word: _gap(scores, outcome) for outcome, word in WORDS.items()}
    said = ", ".join(f"{numbers.count(n)} {word}" for word, n in counts.items() if n)
    if not said:
        return ""
    return f"no score in {said}{_pairs_left(source, name)}"


def _gap(scores: Sequence[ScoreSummary], outcome: str) -> int:
    """Count cells; a step that a score does not apply to is no gap."""
    steps = outcome == "not_applicable"
    return sum(s.outcomes.get(outcome, 0) for s in scores if not (steps and s.scope == "step"))


def _pairs_left(source: Source, name: str) -> str:
    if len(source.candidates) != 1:
        return ""
    candidate = source.candidates[0]
    found = source.difference(candidate, name)
    if found is None or found.difference.n >= candidate.pairing.paired:
        return ""
    some = numbers.count(found.difference.n)
    return f"; {some} of {numbers.times(candidate.pairing.paired, 'example')} compared"


def _money(source: Source) -> Iterator[MissingPart]:
    usages = [s.usage for s in source.summaries if s.usage.total_cost.n]
    if usages and not any(usage.currency for usage in usages):
        yield MissingPart("Currency", "Costs came without one.")
    elif len({usage.currency for usage in usages}) > 1:
        yield MissingPart("Currency", "Experiments state their costs in different ones.")
