"""history: follow metrics over saved summaries."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.metrics.summaries.history import History, Strip
from evalkit.pipeline.histories import history_of, refuse_unknown, saved_summaries
from evalkit.report.sections.changes import change

MARKS = "▁▂▃▄▅▆▇█"


def perform(
    session: Session, /, names: Sequence[str], metrics: Sequence[str], as_json: bool
) -> None:
    """Print one history over the experiments named, or one of each that has been summarised."""
    project = session.load(deep=False)
    groups = [[project.experiment(name).name for name in names]] if names else []
    groups = groups or [[name] for name in project.experiments if saved_summaries(project, name)]
    found = [history_of(project, group, metrics) for group in groups or [[*project.experiments]]]
    if metrics:
        every = [history_of(project, group) for group in groups or [[*project.experiments]]]
        known = dict.fromkeys(strip.metric for each in every for strip in each.strips)
        refuse_unknown(found, metrics, [*known])
    if as_json:
        documents = [each.to_dict() for each in found]
        session.document(documents[0] if len(documents) == 1 else {"histories": documents})
        return
    for history in found:
        session.print(_text(history))


def _text(history: History) -> str:
    names = ", ".join(dict.fromkeys(history.experiments))
    rows = [_strip_row(strip) for strip in history.strips]
    header = ("metric", "strip", "first", "last", "since the one before", "reading", "n", "changes")
    n = len(history.experiments)
    over = f"{n} summaries" if n > 1 else "one summary so far"
    return f"{names}: {over}\n{aligned(rows, header)}\n"


def _strip_row(strip: Strip) -> tuple[str, ...]:
    figures = [point.figure for point in strip.points]
    known = [each for each in figures if each.value is not None]
    values = [each.value for each in known if each.value is not None]
    low, high = min(values), max(values)
    scale = (len(MARKS) - 1) / (high - low) if high > low else 0.0
    drawn = [" " if f.value is None else MARKS[round((f.value - low) * scale)] for f in figures]
    said = [f"{c.experiment}: {c.before:.4g} to {c.after:.4g} (p={c.p:.3g})" for c in strip.changes]
    at = [point.at or point.experiment for point in strip.points]
    said += [f"another {each.why} from {at[each.index][:16]}" for each in strip.breaks]
    ends = (f"{values[0]:.4g}", f"{values[-1]:.4g}", *_since(strip), f"{known[-1].n:,}")
    return (strip.metric, "".join(drawn), *ends, "; ".join(said))


def _since(strip: Strip) -> tuple[str, str]:
    """Return the change since the one before with its interval, and its reading."""
    if strip.since is None:
        return ("", "")
    part = change(strip.since, strip.unit, 1.0)
    ends = f" ({part.interval})" if part.interval else ""
    return (part.text + ends, part.verdict)
