"""Told: figures as a short text for who prints them, and as a small table for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from evalkit.model.shown import Shown

Facts = list[tuple[str, str]]
LONGEST = 60
SILENT = ("cost", "count")
"""Units that are no unit of measure."""
DASH = "\u2013"


class Told(Shown):
    """A value that says in a line what it is; the whole of it is in its fields and `to_dict()`."""

    __slots__ = ()

    def __str__(self) -> str:
        tell = LINES.get(type(self).__name__)
        return tell(self) if tell else ", ".join(f"{k} {v}" for k, v in facts_of(self))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def _repr_html_(self) -> str | None:
        drawn = super()._repr_html_()
        if drawn is not None:
            return drawn
        from html import escape

        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in facts_of(self)
        )
        return f"<table>{rows}</table>"


def facts_of(value: Any) -> Facts:
    """Return what there is to say of a value, name by name, without what is empty."""
    found = FACTS.get(type(value).__name__)
    return found(value) if found else [*_plain_fields(value)]


def _plain_fields(value: Any) -> Iterable[tuple[str, str]]:
    for field in fields(value):
        held = getattr(value, field.name)
        if held is None or held == [] or held == {} or held == "":
            continue
        text = str(held) if isinstance(held, Told) else amount(held)
        if len(text) > LONGEST:
            text = (
                f"{len(held):,} entries" if isinstance(held, list | dict) else text[:LONGEST] + "…"
            )
        yield field.name.replace("_", " "), text


def amount(value: Any, unit: str = "") -> str:
    """Write a number in its unit (`share` as a percentage), anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DASH if value is None else str(value)
    if unit == "share":
        return f"{value:.1%}"
    unit = "" if unit in SILENT else unit
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}{f' {unit}' if unit else ''}"


def between(figure: Any, unit: str = "") -> str:
    """Write the interval of a figure; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return f"[{amount(figure.low, unit)}, {amount(figure.high, unit)}]"


def _figure(figure: Any, unit: str = "") -> str:
    parts = (amount(figure.value, unit), between(figure, unit))
    return f"{' '.join(filter(None, parts))}, n={figure.n:,}"


def _score_unit(score: Any) -> str:
    return "share" if score.type == "rate" else str(score.unit)


def _score(score: Any) -> str:
    if score.mean is None:
        said = ", ".join(f"{name} {count:,}" for name, count in score.categories.items())
        return f"{score.name}: {said or 'no value'}, n={score.n:,}"
    return f"{score.name}: {_figure(score.figure, _score_unit(score))}"


def _score_facts(score: Any) -> Facts:
    unit = _score_unit(score)
    other = {name: n for name, n in score.outcomes.items() if n and name != "scored"}
    found = [
        ("score", score.name),
        ("is", f"{score.type}, {score.direction or 'no direction'}"),
        ("mean", amount(score.mean, unit)),
        ("interval", between(score.figure, unit) or DASH),
        ("n", f"{score.n:,}"),
        ("not scored", ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in other.items())),
        ("categories", ", ".join(f"{name} {n:,}" for name, n in score.categories.items())),
    ]
    return [(name, text) for name, text in found if text]


def _difference(each: Any) -> str:
    verdict = each.verdict.replace("_", " ")
    levels = f"{amount(each.baseline.value, each.unit)} → {amount(each.candidate.value, each.unit)}"
    return f"{each.metric}: {levels}, change {_change(each)}: {verdict}"


def _change(each: Any) -> str:
    """Write a change and its interval with signs; those of shares in points."""
    figure = each.difference
    if figure.value is None:
        return DASH
    ends = ""
    if figure.low is not None and figure.high is not None:
        ends = f" [{_signed(figure.low, each)}, {_signed(figure.high, each)}]"
    return f"{_signed(figure.value, each)}{ends}, {figure.n:,} pairs"


def _signed(value: float, each: Any) -> str:
    if each.unit == "share":
        return f"{100 * value:+.1f} pp"
    unit = "" if each.unit in SILENT else f" {each.unit}"
    return f"{value:+.4g}{unit.rstrip()}"


def _difference_facts(each: Any) -> Facts:
    return [
        ("metric", each.metric),
        ("baseline", amount(each.baseline.value, each.unit)),
        ("candidate", amount(each.candidate.value, each.unit)),
        ("change", _change(each)),
        ("reading", each.verdict.replace("_", " ")),
        ("why", each.reason),
    ]


def _gate(gate: Any) -> str:
    word = {True: "PASS", False: "MISS", None: "not decided"}[gate.passed]
    return f"{word} {gate.experiment}: {gate.rule}. {gate.why}"


def _candidate(each: Any) -> str:
    return "\n".join([f"{each.experiment}, {each.pairing.paired:,} pairs", *_indented(each)])


def _indented(each: Any) -> list[str]:
    return [f"  {_difference(difference)}" for difference in each.differences]


def _comparison(comparison: Any) -> str:
    lines = [f"{name} against {comparison.baseline}" for name in comparison.experiments[1:]]
    parts = zip(lines, comparison.candidates, strict=False)
    return "\n".join(line for head, each in parts for line in (head, *_indented(each)))


def _summary(summary: Any) -> str:
    scores = [f"  {_score(score)}" for score in summary.scores.values()]
    return "\n".join([f"{summary.experiment}: {summary.counts.received:,} runs", *scores])


def _distribution(each: Any) -> str:
    said = [f"{name} {amount(getattr(each, name), each.unit)}" for name in ("mean", "p50", "p95")]
    return f"{', '.join(said)}, n={each.n:,}" if each.n else "nothing recorded"


def _agreement(found: Any) -> str:
    return (
        f"{found.metric} on {found.experiment}: agreement {_figure(found.agreement, 'share')}, "
        f"kappa {_figure(found.kappa)}"
    )


LINES: dict[str, Callable[[Any], str]] = {
    "Figure": _figure,
    "Rate": lambda rate: f"{rate.count:,} of {rate.n:,}: {_figure(rate.figure, 'share')}",
    "ScoreSummary": _score,
    "Difference": _difference,
    "GateResult": _gate,
    "Candidate": _candidate,
    "Comparison": _comparison,
    "Summary": _summary,
    "Distribution": _distribution,
    "Agreement": _agreement,
}
FACTS: dict[str, Callable[[Any], Facts]] = {
    "ScoreSummary": _score_facts,
    "Difference": _difference_facts,
}
