"""Terminal: the same view as tables for people; run content reaches it only as plain text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evalkit.report.renderers.lists import Listed, lists_of, more_of
from evalkit.report.values.parts import ChangePart, MetricGroup, ReportView

NAME = 16
"""Least width of the column of names."""
GAP = 3
ROWS = 12
"""Slices of one kind, and ranks, that are printed."""
WARNINGS = 12
STYLES = {"good": "green", "bad": "red", "flat": "bright_black", "none": "yellow"}
CONTROL = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\\\-_]"
    "|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
ASCII = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u25b2": "+", "\u25bc": "-", "\u00b7": ".", "\u2192": "->"}
    | {"\u2026": "...", "\u2265": ">=", "\u201c": '"', "\u201d": '"'}
)


def print_summary(view: ReportView, console: Console | None = None) -> None:
    """Print the report: title, figures, gates, what to look at first."""
    con = console or Console(highlight=False, soft_wrap=False)
    out = _Writer(con)
    out.line()
    out.title(view)
    for group in view.groups:
        con.print(_table(view, group, con.width, out))
    out.unscored(view)
    for listed in lists_of(view, ROWS):
        con.print(_list(listed, out))
        if said := more_of(listed):
            out.line(out.text(f"  {said}", "bright_black"))
    out.warnings(view)
    out.gates(view)
    out.closing(view)


def to_text(view: ReportView, width: int = 100) -> str:
    """Return what a terminal of `width` columns would show, without colours."""
    out = io.StringIO()
    print_summary(view, Console(width=width, no_color=True, highlight=False, file=out))
    return out.getvalue()


def clean(text: str) -> str:
    """Return run content as one line without escape sequences or control characters."""
    return CONTROL.sub("", text.replace("\n", " ").replace("\t", " "))


class _Writer:
    """Writes lines; falls back to ASCII where the encoding has nothing else."""

    def __init__(self, console: Console) -> None:
        self._console = console
        encoding = console.encoding or "utf-8"
        self._ascii = not encoding.lower().replace("-", "").startswith("utf")
        self.overflow: Literal["crop", "ellipsis"] = "crop" if self._ascii else "ellipsis"

    def text(self, text: str, style: str = "") -> Text:
        """Return plain text in a style; its brackets and escapes mean nothing."""
        plain = clean(text)
        if self._ascii:
            plain = plain.translate(ASCII).encode("ascii", "replace").decode()
        return Text(plain, style=style, no_wrap=True, overflow=self.overflow)

    def line(self, *parts: Text) -> None:
        """Print one line made of parts."""
        joined = Text("").join(parts) if parts else Text("")
        self._console.print(joined, no_wrap=True, overflow=self.overflow, crop=True)

    def title(self, view: ReportView) -> None:
        """Print what this is and the verdict."""
        names = [part.name for part in view.experiments]
        head = names[0] if len(names) == 1 else f"{', '.join(names[1:])} against {names[0]}"
        self.line(self.text(head, "bold"), self.text("  "), self.text(view.over, "bright_black"))
        spans = [self.text(s.text, "bold" if s.strong else "") for s in view.verdict]
        self._console.print(Text("").join(spans), overflow="fold", no_wrap=False)

    def warnings(self, view: ReportView) -> None:
        """Print what readers must know of the data."""
        told = [*view.warnings, *view.notes]
        more = len(told) - WARNINGS
        rest = [f"and {more} more: the page and --json have all"] if more > 0 else []
        for warning in (*told[:WARNINGS], *rest):
            said = Text("").join([self.text("! ", "yellow"), self.text(warning)])
            self._console.print(said, overflow="fold", no_wrap=False)

    def unscored(self, view: ReportView) -> None:
        """Print what became of the cells that are in no mean."""
        rows = [row for group in view.groups for row in group.rows if row.outcomes]
        for row in rows:
            self.line(self.text(f"  {row.label}: {row.outcomes}", "bright_black"))

    def gates(self, view: ReportView) -> None:
        """Print the gates, missed ones first."""
        words = {True: ("PASS", "green"), False: ("FAIL", "bold red"), None: ("OPEN", "yellow")}
        for gate in view.gates:
            word, style = words[gate.passed]
            where = f" {gate.experiment}" if view.several else ""
            self.line(
                self.text(f"  {word} ", style),
                self.text(gate.rule + where),
                self.text(f"  {gate.observed}", "bright_black"),
                self.text(f"  {gate.why}" if gate.passed is False else "", "bright_black"),
            )

    def closing(self, view: ReportView) -> None:
        """Print errors of evaluators and the first runs to open."""
        errors = view.evaluator_errors
        for row in errors.rows[:5] if errors else ():
            self.line(
                self.text("! ", "yellow"), self.text(f"{row[0]} failed {row[3]} times: {row[2]}")
            )
        if view.cases:
            self.line(self.text(view.cases_title, "bold"))
        for case in view.cases[:3]:
            self.line(
                self.text(f"  {case.run_id}  "),
                self.text(f"{case.why}  ", "bright_black"),
                self.text(case.text),
            )
        for text in view.left_out:
            self.line(self.text(text, "bright_black"))


def _list(listed: Listed, out: _Writer) -> Table:
    """Draw slices or a ranking: names to the left, figures to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    for place, head in enumerate(listed.heads):
        table.add_column(
            out.text(head if place else listed.title),
            justify="right" if place else "left",
            no_wrap=True,
            overflow=out.overflow,
        )
    for row in listed.rows:
        table.add_row(*(out.text(text) for text in row))
    return table


@dataclass(frozen=True, slots=True)
class _Column:
    """A column after the metric's name: its cells, and when it goes for lack of room."""

    head: str
    cells: list[Text]
    drop: int = 0
    """0: stays; otherwise the column with the highest number goes first."""
    right: bool = True

    @property
    def width(self) -> int:
        return max(cell_len(self.head), *(cell.cell_len for cell in self.cells), 1)


def _table(view: ReportView, group: MetricGroup, width: int, out: _Writer) -> Table:
    """Draw one group; columns go before a number is cut, the metric's name is cut last."""
    columns = _columns(view, group, out)
    while columns and NAME + sum(c.width + GAP for c in columns) > width:
        optional = [c for c in columns if c.drop]
        if not optional:
            break
        columns.remove(max(optional, key=lambda c: c.drop))
    room = max(NAME, width - sum(c.width + GAP for c in columns) - GAP)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bright_black")
    table.add_column(out.text(group.title), no_wrap=True, max_width=room, overflow=out.overflow)
    for c in columns:
        justify: Literal["left", "right"] = "right" if c.right else "left"
        table.add_column(out.text(c.head), justify=justify, no_wrap=True, min_width=c.width)
    for number, row in enumerate(group.rows):
        marks = "".join(f" [{mark}]" for mark in row.marks)
        table.add_row(out.text(row.label + marks), *(c.cells[number] for c in columns))
    return table


def _columns(view: ReportView, group: MetricGroup, out: _Writer) -> list[_Column]:
    rows, last = group.rows, len(view.experiments) - 1
    found = [
        _Column(
            clean(part.name)[:24],
            [out.text(r.figures[i].text, "bold" if i == last else "bright_black") for r in rows],
        )
        for i, part in enumerate(view.experiments)
    ]
    if last == 0:
        ends = [out.text(r.figures[0].interval, "bright_black") for r in rows]
        notes = [out.text(r.figures[0].note, "yellow") for r in rows]
        found.append(_Column("95% interval", ends, 2))
        found += [_Column("", notes, 3, False)] if any(r.figures[0].note for r in rows) else []
    for number in range(last):
        changes = [r.changes[number] if r.changes else None for r in rows]
        if any(changes):
            name = view.experiments[number + 1].name if last > 1 else ""
            found += _change_columns(changes, clean(name)[:24], out)
    counts = [" / ".join(dict.fromkeys(f"{f.n:,}" for f in r.figures)) for r in rows]
    return [*found, _Column("n", [out.text(text, "bright_black") for text in counts], 1)]


def _change_columns(
    changes: Sequence[ChangePart | None], name: str, out: _Writer
) -> Iterator[_Column]:
    def cells(write: Callable[[ChangePart], str], style: str = "") -> list[Text]:
        return [out.text(write(c) if c else "", style or _style(c)) for c in changes]

    yield _Column(f"{name} change".strip(), cells(lambda c: c.text))
    yield _Column("95% interval", cells(lambda c: c.interval, "bright_black"), 4)
    yield _Column("reading", cells(lambda c: f"{c.glyph} {c.verdict}"), right=False)
    yield _Column("pairs", cells(lambda c: f"{c.pairs:,}", "bright_black"), 3)


def _style(change: ChangePart | None) -> str:
    return STYLES.get(change.tone, "") if change else ""
