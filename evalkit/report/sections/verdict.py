"""Verdict: what the report says in its first sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.model.outcome import SAID, SUCCEEDED
from evalkit.report.charts import numbers
from evalkit.report.sections.changes import WORDS
from evalkit.report.sections.source import Source, address, term, unit_of
from evalkit.report.values.parts import Span

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Difference


def over(source: Source) -> str:
    """Return the line above the heading."""
    runs = sum(s.counts.received for s in source.summaries)
    examples = max(s.counts.clusters for s in source.summaries)
    several = len(source.summaries)
    what = f"Comparison of {several} experiments" if several > 1 else "Experiment"
    return f"{what} · {numbers.times(examples, 'example')} · {numbers.times(runs, 'run')}"


def build(source: Source) -> tuple[Span, ...]:
    """Return the sentences: what happened to the first score, or where it stands."""
    if source.several:
        return tuple(_compared(source))
    return tuple(_alone(source, source.main))


def _alone(source: Source, summary: Summary) -> Iterator[Span]:
    name = source.primary
    score = summary.scores.get(name or "")
    if score is not None and score.type == "category" and score.categories:
        yield from _words(score, name or "")
    elif score is not None and score.mean is not None:
        yield Span(_value(score), strong=True)
        n = numbers.count(score.n) + _left_out(score)
        yield Span(f" {_of(score, name or '')} (n {n}{_ci(score)}). ")
    yield from ended(summary)


def ended(summary: Summary) -> Iterator[Span]:
    """Say how the runs ended: what share succeeded, and each other end by its name."""
    n = summary.counts.received
    good = sum(summary.counts.outcomes.get(name, 0) for name in SUCCEEDED)
    if not n:
        return
    yield Span(numbers.percent(good / n), strong=True)
    yield Span(f" of {numbers.times(n, 'run')} succeeded")
    others = [(name, c) for name, c in summary.counts.outcomes.items() if name not in SUCCEEDED]
    for place, (name, count) in enumerate((name, c) for name, c in others if c):
        yield Span(", " if place else ": ")
        link = address("runs", q=term("outcome", ":", name))
        yield Span(f"{numbers.count(count)} {SAID.get(name, name)}", link=link)
    yield Span(".")


def _words(score: ScoreSummary, name: str) -> Iterator[Span]:
    """Say the most frequent word of a score in words, and its share."""
    word, count = max(score.categories.items(), key=lambda each: (each[1], each[0]))
    yield Span(numbers.percent(count / sum(score.categories.values())), strong=True)
    yield Span(f" of scored runs have {name} {word} (n {numbers.count(score.n)}). ")


def _value(score: ScoreSummary) -> str:
    return numbers.in_unit(score.mean, score_unit(score))


def _of(score: ScoreSummary, name: str) -> str:
    plain = score.type == "rate" and not score.graded
    return f"of scored runs are {name}" if plain else f"is the mean of {name}"


def _left_out(score: ScoreSummary) -> str:
    return f", {numbers.count(score.unread)} cannot be read" if score.unread else ""


def _ci(score: ScoreSummary) -> str:
    low, high = score.interval or (None, None)
    text = numbers.interval(low, high, score_unit(score))
    return f", 95% interval {text}" if text else ", no interval"


def _compared(source: Source) -> Iterator[Span]:
    for number, candidate in enumerate(source.candidates):
        metric = source.primary or "success_rate"
        difference = source.difference(candidate, metric)
        if difference is None:
            yield Span(
                f"{candidate.experiment} and {source.summaries[0].experiment} share no score. "
            )
            continue
        if len(source.candidates) > 1:
            yield Span(f"{candidate.experiment}: ")
        if not candidate.pairing.paired:
            yield Span(f"{why_no_pairs(source, candidate)} ")
            continue
        yield from _moved(difference, metric, unit_of(source, difference))
        if number == len(source.candidates) - 1:
            yield from _counts(candidate, difference)


def why_no_pairs(source: Source, candidate: Candidate) -> str:
    """Say why not one example of two experiments can be compared."""
    pairing, base = candidate.pairing, source.summaries[0].experiment
    changed = pairing.changed_examples or len(pairing.changed)
    if changed:
        what = f"the inputs or references of {numbers.times(changed, 'common example')} differ"
    else:
        what = "no example is in both"
    return f"{candidate.experiment} and {base} cannot be compared, there are no pairs: {what}."


def _moved(difference: Difference, metric: str, unit: str) -> Iterator[Span]:
    yield Span(f"{metric} went from ")
    yield Span(numbers.in_unit(difference.baseline.value, unit), strong=True)
    yield Span(" to ")
    yield Span(numbers.in_unit(difference.candidate.value, unit), strong=True)
    found = difference.difference
    text = numbers.difference(found.value, unit)
    ends = numbers.interval(found.low, found.high, unit, change=True)
    interval = f", 95% interval {ends}" if ends else ", no interval"
    yield Span(f" ({text}{interval}, {numbers.times(found.n, 'pair')}): ")
    few = found.n < numbers.TOO_FEW
    yield Span(
        "too few examples" if few else WORDS.get(difference.verdict, difference.verdict),
        strong=True,
    )
    yield Span(". ")


def _counts(candidate: Candidate, difference: Difference) -> Iterator[Span]:
    gained = numbers.times(difference.wins, "example")
    yield Span(f"{gained} improved", link=address("compare", t="improved"))
    yield Span(" and ")
    lost = (
        numbers.times(difference.losses, "example")
        if not difference.wins
        else numbers.count(difference.losses)
    )
    yield Span(f"{lost} regressed", link=address("compare", t="regressed"))
    yield Span(".")
