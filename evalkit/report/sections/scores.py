"""Scores: one small figure each, with the same numbers as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evalkit.metrics.documents.figures import Histogram
from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.report.charts import numbers
from evalkit.report.charts.svg import Bars
from evalkit.report.sections.rows import marks_of
from evalkit.report.sections.source import Source, address, series, term
from evalkit.report.values.panels import ScorePart, TablePart

CATEGORIES = 8


def build(source: Source) -> tuple[ScorePart, ...]:
    """Return one part a score, in order of first appearance."""
    return tuple(_part(source, name) for name in source.score_names)


def _part(source: Source, name: str) -> ScorePart:
    score = source.score(name)
    shape = _shape(score)
    found = [(i, s, s.scores[name]) for i, s in enumerate(source.summaries) if name in s.scores]
    total = len(source.summaries)
    drawn = [
        (series(i, total), one.histogram) for i, _, one in found if shape == "number" and one.n > 1
    ]
    bars, edges, table = _histogram(name, drawn)
    if score.type == "category":
        table = _categories(name, [(s.experiment, one) for _, s, one in found])
    return ScorePart(
        name=name,
        link=address("runs", sort=name),
        doc=score.doc,
        tags=("run", *marks_of(score)) if score.scope == "run" else marks_of(score),
        kind=shape,
        bars=bars,
        edges=edges,
        threshold=None,
        lines=tuple(_line(series(i, total), s, one) for i, s, one in found),
        table=table,
    )


def _shape(score: ScoreSummary) -> str:
    """Return how the score is drawn: parts of a whole are spread like numbers."""
    return "number" if score.type == "rate" and score.graded else score.type


def _histogram(
    name: str, drawn: Sequence[tuple[str, Histogram | None]]
) -> tuple[tuple[Bars, ...], tuple[str, str, str], TablePart | None]:
    known = [(cls, h) for cls, h in drawn if h is not None and any(h.counts)]
    if not known or any(h.edges != known[0][1].edges for _, h in known):
        known = known[-1:]
    if not known:
        return (), ("", "", ""), None
    bars = tuple(Bars(cls, [n / sum(h.counts) for n in h.counts]) for cls, h in known)
    ends = known[0][1].edges
    middle = (ends[0] + ends[-1]) / 2
    labels = (_short(ends[0]), _short(middle), _short(ends[-1]))
    rows = tuple(
        (f"{_short(low)} to {_short(high)}", *(numbers.count(h.counts[i]) for _, h in known))
        for i, (low, high) in enumerate(pairwise(ends))
        if any(h.counts[i] for _, h in known)
    )
    heads = (name, *(f"n ({'baseline' if cls == 's0' else 'runs'})" for cls, _ in known))
    return bars, labels, TablePart(f"Histogram of {name}", heads, rows)


def _short(value: float) -> str:
    return f"{value:.6g}".replace("-", numbers.MINUS)


def _categories(name: str, found: Sequence[tuple[str, ScoreSummary]]) -> TablePart:
    words = list(dict.fromkeys(word for _, one in found for word in one.categories))
    words.sort(key=lambda word: -sum(one.categories.get(word, 0) for _, one in found))
    rows = tuple((word, *(_category(one, word) for _, one in found)) for word in words[:CATEGORIES])
    note = f"{len(words) - CATEGORIES} more values." if len(words) > CATEGORIES else ""
    links = tuple(address("runs", q=term(name, ":", word)) for word in words[:CATEGORIES])
    return TablePart(f"Values of {name}", (name, *(e for e, _ in found)), rows, links, note)


def _category(one: ScoreSummary, word: str) -> str:
    rate = one.category_rates.get(word)
    text = numbers.count(one.categories.get(word, 0))
    return f"{text} ({numbers.percent(rate.rate)})" if rate is not None else text


def _line(cls: str, summary: Summary, one: ScoreSummary) -> tuple[str, str, float | None, str]:
    if one.type == "category":
        text = f"n {numbers.count(one.n)}"
    elif one.mean is None:
        text = "nothing was scored"
    elif _shape(one) == "rate":
        text = f"{numbers.percent(one.mean)}, n {numbers.count(one.n)}"
    else:
        spread = f", sd {numbers.number(one.sd)}" if one.sd is not None else ""
        mean = numbers.in_unit(one.mean, score_unit(one))
        text = f"mean {mean}{spread}, n {numbers.count(one.n)}"
    if one.unread:
        text += f", {numbers.count(one.unread)} cannot be read"
    if one.flake_rate is not None:
        text += f", {numbers.percent(one.flake_rate)} of examples flaky"
    return cls, summary.experiment, one.mean if _shape(one) == "rate" else None, text
