"""Verdict: the answer on the first screen. Every sentence follows from a rule, none from hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.reading import drawn, unread
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.model.outcome import SAID, SUCCEEDED
from evalkit.report.charts import numbers
from evalkit.report.sections import changes
from evalkit.report.sections.gates import count_of
from evalkit.report.sections.source import Source, address, term, unit_of
from evalkit.report.values.first import RulePart, Span

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Difference

NAMED = 3
"""Things that surely changed and are named in the answer."""
GROUPS = {
    "latency": "Speed",
    "ttft": "Speed",
    "queue": "Speed",
    "total_cost": "Cost",
    "input_cost": "Cost",
    "output_cost": "Cost",
    "cost_per_success": "Cost",
    "total_tokens": "Tokens",
    "tokens_per_success": "Tokens",
}
"""What metrics of speed and cost are called together."""


def over(source: Source) -> str:
    """Return the line above the heading: how much was asked, how often, how much of it came."""
    counts = [s.counts for s in source.summaries]
    examples = max(c.clusters for c in counts)
    times = {(c.repetitions_min, c.repetitions_max) for c in counts}
    low, high = min(a for a, _ in times), max(b for _, b in times)
    each = "" if high <= 1 else f", each {low} times" if low == high else f", {low} to {high} times"
    both = ""
    if source.several and source.candidates:
        paired = min(c.pairing.paired for c in source.candidates)
        where = "both" if len(source.summaries) == 2 else "all"
        both = f", in {where}" if paired == examples else f", {numbers.count(paired)} in {where}"
    received = sum(c.received for c in counts)
    wanted = [c.expected for c in counts]
    told = sum(w for w in wanted if w is not None) if all(w is not None for w in wanted) else None
    runs = f"{numbers.count(received)} of {numbers.count(told)} runs" if told else None
    fetched = f"{runs} fetched" if runs else numbers.times(received, "run")
    return f"{numbers.times(examples, 'example')}{each}{both} · {fetched}{_recorded(source)}"


def _recorded(source: Source) -> str:
    days = [d[:10] for s in source.summaries if (d := s.provenance.last_run_at)]
    return f" · recorded {max(days)}" if days else ""


def build(source: Source, rules: Sequence[RulePart]) -> tuple[Span, ...]:
    """Return the answer: gates, the primary metric, and what else surely changed."""
    stop = next(_stops(source), None)
    if stop is not None:
        return (*stop, *(() if stop[0].text.startswith("Not a verdict") else _gates(rules, " ")))
    if not source.several:
        return (*_alone(source, source.main), *_gates(rules, " "))
    if len(source.candidates) > 1:
        return (*_gates(rules, after=" "), *_many(source))
    return (*_gates(rules, after=" "), *_compared(source, source.candidates[0]))


def _stops(source: Source) -> Iterator[tuple[Span, ...]]:
    """Yield what is said instead of a verdict, the gravest first."""
    for s in source.summaries:
        wanted = s.counts.expected
        if not s.counts.complete or (wanted or 0) > s.counts.received + s.counts.pending:
            some = f"{numbers.count(s.counts.received)} of {numbers.count(wanted)} runs"
            what = some if wanted else f"not all runs of {s.experiment}"
            yield (Span(f"Not a verdict: {what} were fetched.", strong=True),)
    for s in reversed(source.summaries):
        if said := _all_failed(s):
            yield (Span(said, strong=True),)
    if source.several and not source.candidates:
        yield (Span("Nothing to compare: no comparison was made.", strong=True),)
    for candidate in source.candidates if len(source.candidates) == 1 else ():
        if not candidate.pairing.paired:
            head = "Nothing to compare: no example has a run in both. "
            yield (Span(head, strong=True), Span(why_no_pairs(source, candidate)))
        elif candidate.pairing.paired < numbers.TOO_FEW:
            few = numbers.times(candidate.pairing.paired, "pair")
            yield (Span(f"Too few examples to compare: {few}.", strong=True),)
    if not any(score.n for s in source.summaries for score in s.scores.values()):
        runs = numbers.times(sum(s.counts.received for s in source.summaries), "run")
        yield (
            Span(f"{runs}, no scores yet.", strong=True),
            Span(" Outcomes, speed and cost are below; `evalkit new evaluator NAME` starts one."),
        )


def _all_failed(summary: Summary) -> str:
    counts = summary.counts
    if not counts.received or any(counts.outcomes.get(name, 0) for name in SUCCEEDED):
        return ""
    others = [name for name, n in counts.outcomes.items() if n]
    runs = numbers.count(counts.received)
    if others == ["error"]:
        return f"All {runs} runs of {summary.experiment} ended with an error."
    return f"None of the {runs} runs of {summary.experiment} succeeded."


def _gates(rules: Sequence[RulePart], before: str = "", after: str = "") -> tuple[Span, ...]:
    """Say what became of the gates: all pass, which one misses, what is not decided."""
    if not rules:
        return ()
    missed = [rule for rule in rules if rule.passed is False]
    undecided = sum(rule.passed is None for rule in rules)
    if len(missed) == 1:
        text = f"1 of {len(rules)} gates misses: {missed[0].words} ({missed[0].seen})."
    elif missed:
        text = f"{len(missed)} of {len(rules)} gates miss."
    elif undecided:
        text = f"{count_of(rules)[0].upper()}{count_of(rules)[1:]}."
        text = text if undecided < len(rules) else "No gate is decided: they need a baseline."
    else:
        text = "The gate passes." if len(rules) == 1 else "All gates pass."
    return (Span(before), Span(text, strong=True, tone="bad" if missed else ""), Span(after))


def _alone(source: Source, summary: Summary) -> Iterator[Span]:
    name = source.primary or ""
    score = summary.scores.get(name)
    yield Span(f"{summary.experiment}: ")
    if score is not None and score.type == "category" and score.categories:
        word, count = max(score.categories.items(), key=lambda each: (each[1], each[0]))
        share = count / sum(score.categories.values())
        yield Span(f"{name} {word} {numbers.percent(share)}", strong=True)
        yield Span(f" of {numbers.times(score.n, 'score')}.")
    elif score is not None and score.mean is not None:
        yield Span(f"{name} {numbers.in_unit(score.mean, score_unit(score))}", strong=True)
        yield Span(f"{_ci(score)}.")
    else:
        yield from ended(summary)


def _ci(score: ScoreSummary) -> str:
    low, high = score.interval or (None, None)
    text = numbers.interval(low, high, score_unit(score))
    read = f" ({numbers.count(score.unread)} cannot be read)" if score.unread else ""
    return (f", surely {text}" if text else f", no interval from {_few(score)}") + read


def _few(score: ScoreSummary) -> str:
    return numbers.times(score.n if score.clusters is None else score.clusters, "example")


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


def why_no_pairs(source: Source, candidate: Candidate) -> str:
    """Say why not one example of two experiments can be compared."""
    pairing, base = candidate.pairing, source.summaries[0].experiment
    changed = pairing.changed_examples or len(pairing.changed)
    if changed:
        what = f"the inputs or references of {numbers.times(changed, 'common example')} differ"
    else:
        what = "no example is in both"
    return f"{candidate.experiment} and {base} cannot be compared, there are no pairs: {what}."


def _compared(source: Source, candidate: Candidate) -> Iterator[Span]:
    metric = source.lead or "success_rate"
    difference = source.difference(candidate, metric)
    if difference is None:
        base = source.summaries[0].experiment
        yield Span(f"{candidate.experiment} and {base} share no score.", strong=True)
    else:
        yield from _primary(difference, metric, unit_of(source, difference))
    yield Span(" " + _rest(candidate, metric))


def _primary(difference: Difference, metric: str, unit: str) -> Iterator[Span]:
    ends, size = drawn(difference), changes.margin(difference, unit).removeprefix("±")
    reading = difference.reading
    yield Span(metric, strong=True, tone="name")
    if reading in ("better", "worse"):
        yield Span(f" is surely {reading}", strong=True)
        yield Span(f" by {_by(difference, unit)}.")
    elif reading == "same":
        yield Span(" is the same", strong=True)
        yield Span(f" within {size}.")
    elif reading == "not_worse":
        yield Span(" did not get worse", strong=True)
        yield Span(f" by {size} or more; a gain is not shown.")
    elif reading == "cannot_tell" and ends is not None and ends[0] < 0 < ends[1]:
        yield Span(" cannot be told apart", strong=True)
        yield Span(f" from before ({changes.interval(difference, unit, ends)}).")
    elif reading == "cannot_tell":
        yield Span(" surely changed", strong=True)
        yield Span(", and neither way is declared better.")
    else:
        yield Span(" was not tested", strong=True)
        yield Span(f": {unread(difference) or 'runs were cut short'}.")


def _by(difference: Difference, unit: str) -> str:
    """Write by how much at least and at most."""
    least, most = sorted(abs(end) for end in drawn(difference) or (0.0, 0.0))
    if changes.of_baseline(difference, unit):
        base = abs(difference.baseline.value or 1.0)
        most = min(most, base) if (difference.difference.value or 0.0) < 0 else most
        return f"{numbers.fixed(100 * least / base, 1)} to {numbers.percent(most / base)}"
    if unit == "share":
        return f"{numbers.fixed(100 * least, 1)} to {numbers.fixed(100 * most, 1)} pp"
    return numbers.interval(least, most, unit)


def _rest(candidate: Candidate, metric: str) -> str:
    """Say what else surely changed, worse first."""
    found: dict[str, dict[str, None]] = {"worse": {}, "better": {}}
    for each in candidate.differences:
        if each.reading in found and each.metric.partition(".")[0] != metric.partition(".")[0]:
            found[each.reading].setdefault(_group(each.metric))
    said = [
        f"{_and(list(names))} {'are' if len(names) > 1 else 'is'} surely {word}."
        for word, names in found.items()
        if names
    ]
    return " ".join(said) or "Nothing else changed beyond chance."


def _group(metric: str) -> str:
    name = metric.split(".")[0]
    if metric.endswith("_rate"):
        return metric.replace("_", " ").capitalize()
    return GROUPS.get(name, name)


def _and(names: Sequence[str]) -> str:
    known = {*GROUPS.values()}
    names = [names[0], *(n.lower() if n in known or " rate" in n else n for n in names[1:])]
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _many(source: Source) -> Iterator[Span]:
    """Say which candidates surely differ from the baseline on the primary metric."""
    metric, base = source.lead or "success_rate", source.summaries[0].experiment
    found: dict[str, list[str]] = {"worse": [], "better": []}
    for candidate in source.candidates:
        difference = source.difference(candidate, metric)
        if difference is not None and difference.reading in found:
            found[difference.reading].append(candidate.experiment)
    n, named = len(source.candidates), sum(map(len, found.values()))
    if not named:
        yield Span(f"None of {n} differs surely", strong=True)
        yield Span(f" from {base} on {metric}.")
        return
    for word, names in found.items():
        if names:
            yield Span(f"{_and(names)} {'are' if len(names) > 1 else 'is'} surely {word}", True)
            yield Span(f" than {base} on {metric}. ")
    if named < n:
        yield Span(f"{numbers.count(n - named)} of {n} cannot be told apart from it.")
