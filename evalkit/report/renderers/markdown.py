"""Markdown: the view for a step summary or a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalkit.report.charts import numbers
from evalkit.report.renderers.lists import Listed, lists_of, more_of
from evalkit.report.renderers.terminal import clean
from evalkit.report.values.panels import TablePart
from evalkit.report.values.parts import ChangePart, MetricPart, ReportView

LIMIT = 60_000
"""Bytes; GitHub takes 1 MiB a step and 65,536 characters a comment."""
SPECIAL = re.compile(r"([\\`*_{}\[\]|#~])")
ROWS = 40
WARNINGS = 12


def render(view: ReportView, *, report: str | None = None, limit: int = LIMIT) -> str:
    """Return the Markdown; `report` is where the HTML page can be found.

    Run content is escaped, and nobody is notified by an `@` in it. Beyond `limit` bytes details go
    first, then rows; that something is missing is said.
    """
    for details, rows in ((True, ROWS), (False, ROWS), (False, 12)):
        text = "\n".join(_lines(view, report, details, rows)) + "\n"
        if len(text.encode()) <= limit:
            return text
    cut = text.encode()[: limit - 60].decode(errors="ignore")
    return cut[: cut.rfind("\n") + 1] + "\nMore than fits here; see the report.\n"


def escape(text: str) -> str:
    """Return text on one line that Markdown shows as it is; an `@` no longer notifies."""
    plain = clean(" ".join(text.split())).encode("utf-8", "replace").decode()
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(sign, entity)  # also inside HTML, where a backslash does nothing
    return SPECIAL.sub(r"\\\1", plain).replace("@", "@\u200b").replace("://", ":\u200b//")


def _lines(view: ReportView, report: str | None, details: bool, rows: int) -> Iterator[str]:
    yield f"### {_headline(view)}"
    yield ""
    yield "".join(_span(span.text, span.strong) for span in view.verdict).strip()
    yield f"<sub>{escape(view.over)}</sub>"
    yield ""
    told = [*view.warnings, *view.notes]
    more = len(told) - WARNINGS
    rest = [f"and {more} more: the page has all"] if more > 0 else []
    for warning in (*told[:WARNINGS], *rest):
        yield f"> \u26a0\ufe0f {escape(warning)}"
        yield ""
    yield from _gates(view, rows)
    yield from _metrics(view, rows)
    if view.evaluator_errors is not None:
        yield from _table(view.evaluator_errors, rows)
    yield from _worst_slices(view)
    for listed in lists_of(view, rows) if details else ():
        yield from _listed(listed)
    if details and view.cases:
        yield from _cases(view)
    if report:
        yield f"Full report: {escape(report)} (one HTML file, opens offline)."
    for text in view.left_out:
        yield f"<sub>{escape(text)}</sub>"


def _span(text: str, strong: bool) -> str:
    """Escape a piece of a sentence and keep the blanks at its ends."""
    left = " " if text[:1] == " " else ""
    right = " " if text[-1:] == " " else ""
    inner = escape(text)
    return left + (f"**{inner}**" if strong else inner) + (right if inner else "")


def _headline(view: ReportView) -> str:
    names = [escape(part.name) for part in view.experiments]
    head = names[0] if len(names) == 1 else f"{', '.join(names[1:])} against {names[0]}"
    if not view.gates:
        return head
    if view.missed:
        return f"\u274c {head}: {len(view.missed)} of {len(view.gates)} gates failed"
    return f"\u2705 {head}: {numbers.times(len(view.gates), 'gate')} held"


def _gates(view: ReportView, rows: int) -> Iterator[str]:
    if not view.gates:
        return
    marks = {True: "\u2705", False: "\u274c", None: "\u2754"}
    yield "| | Gate | Experiment | Measured | n | |"
    yield "|:-:|---|---|--:|--:|---|"
    for gate in view.gates[:rows]:
        n = numbers.count(gate.n)
        yield (
            f"| {marks[gate.passed]} | {escape(gate.rule)} | {escape(gate.experiment)} "
            f"| {gate.observed} | {n} | {escape(gate.why)} |"
        )
    yield ""


def _metrics(view: ReportView, rows: int) -> Iterator[str]:
    names = [escape(part.name) for part in view.experiments]
    for group in view.groups:
        changed = len(names) == 2
        more = ["Change", "95% interval", "Reading", "pairs"] if changed else []
        single = ["95% interval"] if len(names) == 1 else []
        heads = [group.title, *names, *single, *more, *(names[1:] if len(names) > 2 else []), "n"]
        yield f"| {' | '.join(heads)} |"
        yield "|---|" + "--:|" * (len(heads) - 1)
        for row in group.rows[:rows]:
            yield f"| {' | '.join(_cells(row, len(names)))} |"
        yield ""


def _cells(row: MetricPart, experiments: int) -> Iterator[str]:
    marks = f" ({', '.join(row.marks)})" if row.marks else ""
    unscored = f"<br><sub>{escape(row.outcomes)}</sub>" if row.outcomes else ""
    yield escape(row.label + marks) + unscored
    for number, figure in enumerate(row.figures):
        text = figure.text + (f" ({figure.note})" if figure.note else "")
        yield f"**{text}**" if number == len(row.figures) - 1 else text
    changes = row.changes or (None,) * (experiments - 1)
    if experiments == 1:
        yield row.figures[0].interval or numbers.DASH
    elif experiments == 2:
        yield from _change(changes[0])
    else:
        yield from (f"{c.text} {c.glyph} {c.verdict}" if c else numbers.DASH for c in changes)
    yield " / ".join(dict.fromkeys(numbers.count(figure.n) for figure in row.figures))


def _change(change: ChangePart | None) -> Sequence[str]:
    if change is None:
        return (numbers.DASH,) * 4
    reading = f"{change.glyph} {change.verdict}"
    return (change.text, change.interval or numbers.DASH, reading, numbers.count(change.pairs))


def _table(part: TablePart, rows: int) -> Iterator[str]:
    yield f"**{escape(part.title)}**"
    yield ""
    yield f"| {' | '.join(escape(head) for head in part.heads)} |"
    yield "|" + "---|" * len(part.heads)
    for row in part.rows[:rows]:
        yield f"| {' | '.join(escape(text) for text in row)} |"
    yield ""


def _listed(listed: Listed) -> Iterator[str]:
    """Draw slices or a ranking, folded away."""
    yield f"<details><summary>{escape(listed.title)}</summary>"
    yield ""
    yield f"| {' | '.join(escape(head) for head in listed.heads)} |"
    yield "|---|" + "--:|" * (len(listed.heads) - 1)
    for row in listed.rows:
        yield f"| {' | '.join(escape(text) for text in row)} |"
    yield ""
    yield escape(" ".join(text for text in (listed.note, more_of(listed)) if text))
    yield ""
    yield "</details>"
    yield ""


def _worst_slices(view: ReportView) -> Iterator[str]:
    found = [
        f"{part.heads[0]} {name}: {head} {cell.text} ({cell.title})"
        for part in view.slices
        for name, cells in part.rows
        for head, cell in zip(part.heads[1:], cells, strict=True)
        if cell is not None and cell.tone.startswith("m")
    ]
    if found:
        yield f"Worse beyond chance: {escape('; '.join(found[:5]))}."
        yield ""


def _cases(view: ReportView) -> Iterator[str]:
    yield f"<details><summary>{escape(view.cases_title)}</summary>"
    yield ""
    yield "| Run | Why | Input |"
    yield "|---|---|---|"
    for case in view.cases:
        yield f"| {escape(case.run_id)} | {escape(case.why)} | {escape(case.text[:90])} |"
    yield ""
    yield "</details>"
    yield ""
