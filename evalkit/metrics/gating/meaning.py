"""Meaning: whether a rule can be meant, by its name, its unit and the range of its figure.

`error_rate <= 2` holds whatever is measured, `latency.p95 <= 8` may be hours: such rules are said
before anything is fetched, and one that comes as far as a figure is missed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.documents.lookup import (
    COUNTS,
    DISTRIBUTIONS,
    SCORE_STATISTICS,
    STATISTICS,
    USAGE,
    Found,
)
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.gating.grammar import Gate, Quantity
from evalkit.metrics.gating.sequential import refused
from evalkit.model.outcome import OUTCOMES
from evalkit.model.score import CELL_OUTCOMES

TIMES = ("ms", "s", "min")
CLOSE = 0.79
"""Likeness from which a name nobody declared is taken for a slip: sources record scores too."""
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Scale:
    """What values of a figure can be."""

    unit: str = ""
    """`share`, `s`, `tokens`, `cost`, `count`, or nothing for a number."""
    low: float | None = None
    high: float | None = None

    @property
    def span(self) -> Interval | None:
        """Both ends, where both are known."""
        return None if self.low is None or self.high is None else (self.low, self.high)


SHARE, COUNT = Scale("share", 0.0, 1.0), Scale("count", 0.0)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an experiment before it is fetched."""

    scores: Mapping[str, Scale]
    """Scores that evaluators and the configuration declare."""
    slices: Sequence[str] = ()
    reducers: Sequence[str] = ()


def problem(gate: Gate, known: Known) -> str | None:
    """Say why a rule cannot be meant, or `None`."""
    if said := refused(gate):
        return said
    if gate.place == "most_examples" and not 0 <= gate.share <= 1:
        return f"{gate.share:g} is no share of the examples. Did you mean {gate.share:g}%?"
    if gate.place in ("one_slice", "every_slice") and (said := _slice_problem(gate, known)):
        return said
    name = gate.metric.removeprefix("score.").removeprefix("scores.")
    scale = _score_scale(name, known) or _own_scale(gate.metric)
    if isinstance(scale, str):
        return scale
    return _misspelt(name, known) if scale is None else quantity_problem(gate, scale, units=True)


def scale_of(summary: Summary, found: Found) -> Scale:
    """Return what values a figure can have: the range of its score, or that of its unit."""
    if found.unit == "share":
        return SHARE
    name = found.name if found.name in summary.scores else found.name.rpartition(".")[0]
    score = summary.scores.get(name)
    statistic = found.name.removeprefix(f"{name}.")
    if score is None or score.range is None or statistic in ("n", "sd", *score.outcomes):
        return Scale()
    return Scale("", *score.range)


def quantity_problem(gate: Gate, scale: Scale, *, units: bool = False) -> str | None:
    """Say why a rule's number cannot be one of its figure; with `units`, also when one is missing.

    Limits must lie in the range, margins inside its width.
    """
    given = gate.quantity
    if given is None or gate.sign == "*":
        return None
    if units and (said := _unit_problem(gate, given, scale)):
        return said
    if gate.kind != "absolute":
        return _margin_problem(gate, given, scale)
    value = given.plain
    if (scale.low is None or value >= scale.low) and (scale.high is None or value <= scale.high):
        return None
    return f"{gate.metric} {_between(scale)}.{_hint(gate, given, scale)}"


def _unit_problem(gate: Gate, given: Quantity, scale: Scale) -> str | None:
    relative = gate.kind != "absolute"
    if scale.unit == "s":
        if given.unit in TIMES or given.value == 0 or (relative and given.unit == "%"):
            return None
        n = f"{given.value:g}"
        return f"a duration needs its unit. Did you mean {n}s or {n}ms?"
    allowed = {
        "share": ("", "%", "points"),
        "tokens": ("", "k", "tokens"),
        "cost": ("", "k"),
        "count": ("", "k"),
    }.get(scale.unit)
    if allowed is None:  # a number: percent of a scale that is not from 0 to 1 says nothing
        wrong = given.unit == "%" and not relative and scale.high not in (None, 1.0)
        return f"{gate.metric} {_between(scale)}. Write a number of it." if wrong else None
    if given.unit in allowed or (relative and given.unit == "%"):
        return None
    named = {"share": "a share", "cost": "an amount of money", "tokens": "a number of tokens"}
    return f"{gate.metric} is {named.get(scale.unit, 'a count')}, not in {given.unit}."


def _margin_problem(gate: Gate, given: Quantity, scale: Scale) -> str | None:
    if gate.kind != "relative" and given.value < 0:
        return f"{given.value:g} is below 0. Write by how much, without a sign."
    if scale.high is None or scale.low is None or (given.unit == "%" and scale.unit != "share"):
        return None
    width = scale.high - scale.low
    if abs(given.plain) <= width:
        return None
    hint = _hint(gate, given, scale)
    return f"{given.value:g}{given.unit} is more than {gate.metric} can change: {width:g}.{hint}"


def _between(scale: Scale) -> str:
    if scale.unit == "share":
        return "is a share, from 0 to 100%"
    if scale.high is None:
        return "is never below 0"
    return f"goes from {scale.low:g} to {scale.high:g}"


def _hint(gate: Gate, given: Quantity, scale: Scale) -> str:
    if scale.unit == "share" and given.unit == "" and 1 < given.value <= 100:
        return f" Did you mean {given.value:g}%?"
    return ""


def _own_scale(metric: str) -> Scale | str | None:
    """Return the scale of a figure that is no score, or what is wrong with its name."""
    head, _, statistic = metric.partition(".")
    if head.endswith("_rate") and head.removesuffix("_rate") in OUTCOMES:
        return SHARE if statistic in ("", "low", "high") else _no_statistic(head, ("low", "high"))
    if metric in COUNTS:
        return COUNT
    if metric in ("cost_per_success", "tokens_per_success"):
        return Scale(metric.partition("_")[0], 0.0)
    unit = DISTRIBUTIONS.get(head) or ("cost" if "cost" in head else "tokens")
    if head == "step":
        statistic, unit = metric.rpartition(".")[2], "s"
    elif head not in DISTRIBUTIONS and head not in USAGE:
        return None
    wanted = (statistic or "mean").partition(".")[0]
    return Scale(unit, 0.0) if wanted in STATISTICS else _no_statistic(head, STATISTICS, wanted)


def _no_statistic(head: str, there: Sequence[str], asked: str = "") -> str:
    close = get_close_matches(asked, there, 1, 0.5)
    if re.fullmatch(r"p\d+", asked):  # the nearest quantile, not the most alike digits
        quantiles = [each for each in there if each[1:].isdigit()]
        close = sorted(quantiles, key=lambda each: abs(int(each[1:]) - int(asked[1:])))
    hint = f" Did you mean {head}.{close[0]}?" if close else ""
    return f"{head} has no {asked or 'such part'}.{hint} It has: {', '.join(there)}."


def _score_scale(name: str, known: Known) -> Scale | str | None:
    if name in known.scores:
        return known.scores[name]
    head, _, statistic = name.rpartition(".")
    if head not in known.scores:
        return None
    if statistic in ("pass_rate", "flake_rate") or statistic.startswith(("pass^", "pass@")):
        return SHARE
    if statistic == "n" or statistic in CELL_OUTCOMES:
        return COUNT
    return known.scores[head] if statistic in SCORE_STATISTICS and statistic != "sd" else Scale()


def _misspelt(name: str, known: Known) -> str | None:
    """Say what was meant where a name is nearly one that is known."""
    rates = [f"{outcome}_rate" for outcome in OUTCOMES]
    measured = [f"{h}.{s}" for h in (*DISTRIBUTIONS, *USAGE) for s in STATISTICS]
    heads = (*DISTRIBUTIONS, *USAGE)
    names = [*known.scores, *rates, *COUNTS, *heads, *measured]
    names += [f"{score}.{part}" for score in known.scores for part in ("low", "high", "pass_rate")]
    close = get_close_matches(name, names, 1, CLOSE)
    return f"there is no figure {name!r}. Did you mean {close[0]!r}?" if close else None


def _slice_problem(gate: Gate, known: Known) -> str | None:
    if gate.slice_by in known.slices or AUTO in known.slices:
        return None
    close = get_close_matches(gate.slice_by, known.slices, 1, 0.6)
    hint = f" Did you mean {close[0]}?" if close else f' Add "{gate.slice_by}" to `slices`.'
    return f"nothing is broken down by {gate.slice_by}, so no run is in that slice.{hint}"
