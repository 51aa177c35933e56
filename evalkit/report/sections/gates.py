"""Gates: every result with what was seen, and a line in words for every rule; missed ones first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.report.charts import numbers
from evalkit.report.values.first import RulePart
from evalkit.report.values.parts import GatePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Difference
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.gating.grammar import Gate
    from evalkit.report.sections.source import Source

AGAINST = re.compile(r"\b(?:than|vs|against)\b")
"""Words of a rule about a difference from the baseline."""
ORDER = {False: 0, None: 1, True: 2}

OPS = {"<=": "at most", ">=": "at least", "<": "below", ">": "above", "==": "exactly", "!=": "not"}
NAMES = {
    "latency": "Latency",
    "ttft": "First token",
    "queue": "Time in queue",
    "p50": "median",
    "p90": "90th percentile",
    "p95": "95th percentile",
    "p99": "99th percentile",
}


def build(results: Sequence[GateResult], baseline: str | None) -> tuple[GatePart, ...]:
    """Return the gates, missed first, otherwise in the order they were written.

    A rule against the baseline says nothing of the baseline itself, and is left out there.
    """
    parts = [_part(r) for r in results if r.passed is not None or r.experiment != baseline]
    return tuple(sorted(parts, key=lambda part: ORDER[part.passed]))


def _part(result: GateResult) -> GatePart:
    seen = result.observed
    text = "not measured"
    if seen is not None:
        write = numbers.difference if AGAINST.search(result.rule) else numbers.in_unit
        text = write(seen.value, result.unit)
    return GatePart(
        rule=result.rule,
        passed=result.passed,
        observed=text,
        why=result.why,
        experiment=result.experiment,
        n=seen.n if seen is not None else None,
        file=result.file,
        line=result.line,
    )


def rules(source: Source) -> tuple[RulePart, ...]:
    """Return the rules, missed first, otherwise as they were written."""
    base = source.summaries[0].experiment if source.several else None
    grouped: dict[str, list[GateResult]] = {}
    for result in source.gates:
        if result.passed is not None or result.experiment != base:
            grouped.setdefault(result.rule, []).append(result)
    parts = [_rule(source, rule, found, base) for rule, found in grouped.items()]
    return tuple(sorted(parts, key=lambda part: ORDER[part.passed]))


def count_of(rules: Sequence[RulePart]) -> str:
    """Say how many pass, miss and are not decided."""
    decided = [rule for rule in rules if rule.passed is not None]
    passed, open_ = sum(bool(rule.passed) for rule in rules), len(rules) - len(decided)
    missed = len(decided) - passed
    said = f"{missed} of {len(decided)} miss" if missed else f"{passed} of {len(decided)} pass"
    return said + (f", {open_} not decided" if open_ else "")


def _rule(source: Source, rule: str, found: Sequence[GateResult], base: str | None) -> RulePart:
    states = [result.passed for result in found]
    passed = False if False in states else None if None in states else True
    ordered = [r for r in reversed(found) if r.experiment != base]
    ordered += [r for r in found if r.experiment == base]
    seen = [f"{r.experiment} {_seen(r)}" if len(found) > 1 else _seen(r) for r in ordered]
    gate = _parsed(rule)
    note = _strict(source, gate, found) if gate is not None else ""
    if passed is None:
        note = next((r.why for r in found if r.passed is None), "")
    elif not passed:
        note = next((r.why for r in found if r.passed is False and _says_more(r)), note)
    return RulePart(_words(gate, rule, found[0].unit), rule, passed, " · ".join(seen), note)


def _says_more(result: GateResult) -> bool:
    """Tell whether a rule was missed for more than a level beyond its limit, which is shown."""
    return ", asked " not in result.why or result.why.startswith("The ")


def _seen(result: GateResult) -> str:
    if result.observed is None:
        return "not measured"
    write = numbers.difference if AGAINST.search(result.rule) else numbers.in_unit
    return write(result.observed.value, result.unit) + (" misses" if result.passed is False else "")


def _parsed(rule: str) -> Gate | None:
    from evalkit.metrics.gating.grammar import parse

    try:
        return parse(rule)
    except EvalkitError:
        return None


def _words(gate: Gate | None, rule: str, unit: str) -> str:
    """Write an absolute rule in words; others are words already, but for points."""
    if gate is not None and gate.quantity is not None and gate.kind in ("not_worse", "better"):
        given = gate.quantity
        if given.unit == "" and given.value < 1 and unit == "share" and not gate.place:
            return f"{rule.rpartition(' by ')[0]} by {given.value * 100:g} pp"
    if gate is None or gate.kind != "absolute" or gate.place or gate.quantity is None:
        return rule
    head, _, statistic = gate.metric.partition(".")
    if head in NAMES:
        name = f"{NAMES[head]}, {NAMES.get(statistic, statistic)}"
    elif head.endswith("_rate") and not statistic:
        name = head.replace("_", " ").capitalize()
    else:
        name = gate.metric.removeprefix("score.").removeprefix("scores.")
    given = gate.quantity
    space = " " if given.unit in ("s", "ms", "min", "points") else ""
    return f"{name} {OPS[gate.op]} {given.value:g}{space}{given.unit}"


def _strict(source: Source, gate: Gate, found: Sequence[GateResult]) -> str:
    """Say what the weak rule `not worse` means, and whether the strict one would hold."""
    if gate.kind != "not_worse" or gate.proven or len(found) != 1 or len(source.candidates) != 1:
        return ""
    name = gate.metric.removeprefix("score.").removeprefix("scores.")
    difference = source.difference(source.candidates[0], name)
    limit = found[0].limit
    if difference is None or limit is None or difference.sure is None:
        return ""
    low = _pessimistic(difference)
    would = "would pass too" if low > -limit else "would miss"
    if found[0].passed is False:
        return ""
    end = numbers.difference(low, found[0].unit)
    return f"Not surely worse. The stricter “proven not worse” {would}: lower end {end}"


def _pessimistic(difference: Difference) -> float:
    low, high = difference.sure or (0.0, 0.0)
    return -high if difference.direction == "lower" else low
