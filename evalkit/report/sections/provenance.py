"""Provenance: where the figures come from, what went wrong on the way, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.metrics.documents.quality import unseen_text
from evalkit.metrics.documents.summary import ErrorGroup, Summary
from evalkit.report.charts import numbers
from evalkit.report.sections.source import Source, address, run_address, term
from evalkit.report.values.panels import TablePart
from evalkit.report.values.parts import ExperimentPart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Preference

SHOWN = 12
IDS_SHOWN = 20
CELLS = {
    "scored": "scored",
    "not_applicable": "not applicable",
    "evaluator_error": "evaluator error",
    "run_failed": "run failed",
    "missing": "missing",
}


def experiments(source: Source) -> tuple[ExperimentPart, ...]:
    """Return every experiment with its role, its counts and its facts."""
    last = len(source.summaries) - 1
    parts = []
    for number, summary in enumerate(source.summaries):
        role = "" if last == 0 else "baseline" if number == 0 else "candidate"
        parts.append(_experiment(summary, role))
    return tuple(parts)


def _experiment(summary: Summary, role: str) -> ExperimentPart:
    counts = summary.counts
    return ExperimentPart(
        name=summary.experiment,
        role=role,
        runs=counts.received,
        examples=counts.clusters,
        facts=tuple((label, text) for label, text in _facts(summary) if text),
        outcomes=tuple(counts.outcomes.items()),
        cells=tuple((CELLS.get(name, name), n) for name, n in counts.cells.items()),
        warnings=tuple(_warnings(summary)),
    )


def _facts(summary: Summary) -> list[tuple[str, str]]:
    counts, origin = summary.counts, summary.provenance
    low, high = counts.repetitions_min, counts.repetitions_max
    expected = numbers.count(counts.expected) if counts.expected is not None else "not stated"
    return [
        ("Source", origin.source),
        ("Query", _query(origin.query)),
        ("Fetched", (origin.fetched_at or "")[:19].replace("T", " ")),
        ("First run", (origin.first_run_at or "")[:19].replace("T", " ")),
        ("Last run", (origin.last_run_at or "")[:19].replace("T", " ")),
        ("Dataset", origin.dataset_version or ""),
        ("Runs expected", expected),
        ("Runs received", numbers.count(counts.received)),
        ("Examples", numbers.count(counts.examples)),
        ("Repetitions", str(low) if low == high else f"{low} to {high}"),
    ]


def _query(query: object) -> str:
    """Write what was asked of the source on one line."""
    if isinstance(query, dict):
        query = ", ".join(f"{name} {value}" for name, value in query.items() if value is not None)
    text = str(query or "")
    return text if len(text) <= 80 else text[:79] + "…"


def _warnings(summary: Summary) -> list[str]:
    """Return what a reader must know before trusting the figures."""
    counts, found = summary.counts, []
    if not counts.complete:
        found.append("The fetch is incomplete: figures are over the runs that are here.")
    if counts.expected is not None and counts.expected > counts.received + counts.pending:
        gap = counts.expected - counts.received - counts.pending
        found.append(
            f"{numbers.times(gap, 'run')} of {numbers.count(counts.expected)} did not come."
        )
    if counts.pending:
        found.append(f"{numbers.times(counts.pending, 'run')} had not ended and were left out.")
    if counts.duplicates:
        found.append(f"{numbers.times(counts.duplicates, 'row')} came twice and were dropped.")
    if counts.orphans:
        found.append(f"{numbers.times(counts.orphans, 'step')} came without a parent.")
    if counts.examples_without_runs:
        found.append(f"{numbers.times(counts.examples_without_runs, 'example')} without a run.")
    if summary.quality.clock_problems:
        clocks = numbers.times(summary.quality.clock_problems, "run")
        found.append(f"{clocks} ended before the start: of these the latency is not used.")
    found += [note for note in summary.quality.notes if note not in found]
    return found


def errors(source: Source) -> TablePart:
    """Return the errors of runs, grouped by what they say."""
    groups: dict[str, ErrorGroup] = {}
    counts: dict[str, list[int]] = {}
    for number, summary in enumerate(source.summaries):
        for group in summary.errors:
            known = groups.setdefault(group.fingerprint, group)
            counts.setdefault(known.fingerprint, [0] * len(source.summaries))[number] += group.count
    order = sorted(groups, key=lambda mark: -sum(counts[mark]))[:SHOWN]
    rows = tuple(
        (_message(groups[mark]), groups[mark].outcome, *(numbers.count(n) for n in counts[mark]))
        for mark in order
    )
    links = tuple(_link(groups[mark], sum(counts[mark])) for mark in order)
    heads = ("Error", "Outcome", *(s.experiment for s in source.summaries))
    more = len(groups) - len(order)
    return TablePart("Errors", heads, rows, links, f"{more} more kinds." if more > 0 else "")


def _message(group: ErrorGroup) -> str:
    where = f" (step {group.step})" if group.step else ""
    return group.message + where


def _link(group: ErrorGroup, count: int) -> str | None:
    if count == 1 and group.run_ids:
        return run_address(group.run_ids[0])
    words = group.message.split()
    if group.error_type and group.error_type in group.message:
        return address("runs", q=term("error", ":", group.error_type), exp="all")
    return address("runs", q=term("error", ":", words[0]), exp="all") if words else None


def evaluator_errors(source: Source) -> TablePart | None:
    """Return what evaluators raised; None when none did."""
    rows, links = [], []
    for summary in source.summaries:
        for name, score in summary.scores.items():
            for group in score.errors[:SHOWN]:
                said = f"{group.error_type}: {group.message}" if group.error_type else group.message
                rows.append((name, summary.experiment, said, numbers.count(group.count)))
                links.append(address("runs", q=term(name, ":", "error"), exp="all"))
    if not rows:
        return None
    heads = ("Score", "Experiment", "What the evaluator raised", "n")
    note = "An evaluator that fails costs its own cells only; they are in no mean."
    return TablePart("Evaluator errors", heads, tuple(rows), tuple(links), note)


def unmatched(source: Source) -> tuple[TablePart, ...]:
    """Return what could not be compared, an entry a candidate."""
    return tuple(t for c in source.candidates if (t := _unmatched(source, c)) is not None)


def _unmatched(source: Source, candidate: Candidate) -> TablePart | None:
    pairing = candidate.pairing
    base = source.summaries[0].experiment
    last = candidate.experiment == source.main.experiment
    cand = None if last else candidate.experiment
    lists = [
        (f"only in {base}", pairing.only_baseline, "only-base"),
        (f"only in {candidate.experiment}", pairing.only_candidate, "only-cand"),
        ("inputs or reference changed, not compared", pairing.changed, "changed"),
    ]
    found = [(what, ids, t) for what, ids, t in lists if ids]
    if not found:
        return None
    rows = tuple(
        (
            what,
            ", ".join(ids[:IDS_SHOWN]) + (" …" if len(ids) > IDS_SHOWN else ""),
            numbers.count(len(ids)),
        )
        for what, ids, _ in found
    )
    links = tuple(address("compare", t=t, cand=cand) for _, _, t in found)
    title = f"Examples that {candidate.experiment} and {base} do not share"
    return TablePart(title, ("What", "Examples", "n"), rows, links, pairing.note)


def _unheard(preference: Preference) -> Iterator[str]:
    """Yield what judgements lack: those that gave no score, and what judges did not see."""
    lost = {name: n for name, n in preference.outcomes.items() if n and name != "scored"}
    if lost:
        every = numbers.times(sum(preference.outcomes.values()), "judgement")
        said = ", ".join(f"{numbers.count(n)} {CELLS[name]}" for name, n in lost.items())
        yield f"Of {every}: {said}."
    if preference.unseen is not None:
        yield unseen_text(preference.name, preference.unseen)


def rankings(source: Source) -> tuple[TablePart, ...]:
    """Return what evaluators that compare experiments said."""
    parts = []
    for preference in source.comparison.preferences if source.comparison else ():
        rows = tuple(
            (
                rank.experiment,
                numbers.number(rank.strength),
                numbers.interval(rank.low, rank.high, "") or numbers.DASH,
                numbers.percent(rank.win_rate.value),
                numbers.count(rank.win_rate.n),
            )
            for rank in preference.ranking
        )
        heads = ("Experiment", "Strength (log-odds)", "95% interval", "Wins", "n")
        note = f"Bradley-Terry over {numbers.times(preference.n, 'example')}."
        if preference.position_bias is not None:
            bias = numbers.difference(preference.position_bias, "")
            note += f" Advantage of the first place: {bias}."
        note += "".join(f" {each}" for each in _unheard(preference))
        parts.append(TablePart(f"Ranking by {preference.name}", heads, rows, (), note))
    return tuple(parts)
