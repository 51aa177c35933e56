"""Terminal: the same view as tables for people; run content reaches it only as plain text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from evalkit.report.charts import numbers
from evalkit.report.renderers.grids import LEAST, NARROW, WIDE, Grid, cut, grids_of, lines_of
from evalkit.report.renderers.lists import RANKING, Listed, lists_of, more_of
from evalkit.report.values.parts import ReportView

ROWS = 12
"""Slices of one kind, and ranks, that are printed."""
WARNINGS = 12
STYLES = {
    "good": "green",
    "bad": "red",
    "flat": "",
    "open": "bright_black",
    "none": "yellow",
    "dim": "bright_black",
}
CONTROL = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\\\-_]"
    "|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
ASCII = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u25b2": "+", "\u25bc": "-", "\u00b7": ".", "\u2192": "->"}
    | {"\u2026": "...", "\u2265": ">=", "\u00b1": "+-", "\u2500": "-", "\u201c": '"', "\u201d": '"'}
)


def print_summary(view: ReportView, console: Console | None = None) -> None:
    """Print the report in the order of the page: the answer, what it rests on, every metric."""
    con = console or Console(highlight=False, soft_wrap=False)
    out = _Writer(con)
    out.line()
    out.title(view)
    out.gates(view)
    out.primary(view)
    out.surely(view)
    out.looks(view)
    out.missing(view)
    for grid in grids_of(view, con.width):
        out.grid(grid)
    if con.width >= NARROW:
        out.legend(view)
        for listed in lists_of(view, ROWS):
            out.listed(listed)
    out.closing(view)


def to_text(view: ReportView, width: int = 80) -> str:
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

    def said(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print a text that wraps at words; its further lines are indented alike."""
        self.parts([self.text(text, style)], indent)

    def parts(self, parts: Sequence[Text], indent: int = 0) -> None:
        """Print parts as one text that wraps at words."""
        width = max(self._console.width - indent, 10)
        joined = Text("").join(parts)
        for line in joined.wrap(self._console, width, overflow="fold", no_wrap=False):
            line.rstrip()
            padded = Text(" " * indent).append_text(line)
            self._console.print(padded, no_wrap=True, crop=False, soft_wrap=True)

    def title(self, view: ReportView) -> None:
        """Print what this is, how much of it there is, and the answer."""
        names = [part.name for part in view.experiments]
        if len(names) == 2:
            head = f"{names[1]} against {names[0]}"
        else:
            head = names[0] if len(names) == 1 else f"{len(names) - 1} against {names[0]}"
        self.said(head, "bold")
        self.said(view.over, "bright_black")
        self.line()
        spans = [
            self.text(s.text.replace("`", ""), "bold" if s.strong else "") for s in view.verdict
        ]
        self.parts(spans)

    def gates(self, view: ReportView) -> None:
        """Print a line a rule, missed ones first, with what was seen."""
        words = {True: ("PASS", "green"), False: ("MISS", "bold red"), None: ("OPEN", "yellow")}
        if view.first.rules:
            self.line()
        for rule in view.first.rules:
            word, style = words[rule.passed]
            seen = f"({rule.seen})" if rule.seen else ""
            whole = 6 + cell_len(f"{rule.words}  {seen}") <= self._console.width
            self.parts([self.text(f"{word}  ", style), self.text(rule.words)]
                       + ([self.text(f"  {seen}")] if whole else []))  # fmt: skip
            if not whole:
                self.said(seen, "bright_black", 6)
            if rule.note and not rule.passed:
                self.said(rule.note, "bright_black", 6)

    def primary(self, view: ReportView) -> None:
        """Print the primary metric: levels, change, interval, and what the interval says."""
        rows = [row for group in view.groups for row in group.rows]
        row = next((each for each in rows if each.primary), None)
        if row is None or len(view.experiments) != 2 or not row.changes or row.changes[0] is None:
            return
        c = row.changes[0]
        self.line()
        ends = f"   ({c.interval})" if c.interval else "   (no interval)"
        moved = [self.text(f"{c.before} → {c.after}   "), self.text(c.text, "bold")]
        self.parts([self.text(f"{row.label}  ", "bold"), *moved, self.text(ends)])
        margin = f", margin {c.margin.removeprefix('±')}" if c.margin else ""
        style = STYLES.get(c.tone, "")
        self.said(f"{c.glyph} {c.verdict}{margin}", style, 2)
        if view.first.paragraph:
            self.said(view.first.paragraph, "bright_black", 2)

    def surely(self, view: ReportView) -> None:
        """Print what else surely changed, worse first."""
        if len(view.experiments) != 2:
            return
        rows = [row for group in view.groups for row in group.rows if not row.primary]
        self.line()
        for reading in ("worse", "better"):
            found = [(r, c) for r in rows for c in r.changes[:1] if c and c.reading == reading]
            self.line(
                self.text(f"Surely {reading}", "bold"), self.text("" if found else "  nothing")
            )
            names = max((cell_len(clean(r.label)) for r, _ in found), default=0)
            for r, c in found:
                label = cut(clean(r.label), self._console.width - 34).ljust(names)
                self.line(
                    self.text(f"  {label}  "),
                    self.text(c.text.rjust(9), STYLES.get(c.tone, "")),
                    self.text(f"   ({c.interval})", "bright_black"),
                )

    def looks(self, view: ReportView) -> None:
        """Print the first runs to look at, by what was asked."""
        first = view.first
        if not first.looks:
            return
        more = f"  ({first.looks_more})" if first.looks_more else ""
        self.line()
        self.line(self.text("Look first", "bold"), self.text(more, "bright_black"))
        for case in first.looks:
            moved = f"{case.before} → {case.after}" if case.before else case.after
            self.line(self.text(f"  {moved}  ", "bright_black"), self.text(case.text))

    def missing(self, view: ReportView) -> None:
        """Print what is not there; that nothing is missing is said too."""
        self.line()
        self.line(self.text("Missing", "bold"))
        told = [f"{m.word}: {m.text}" if m.word else m.text for m in view.first.missing]
        more = len(told) - WARNINGS
        rest = [f"and {more} more: the page and --json have all"] if more > 0 else []
        for text in (*told[:WARNINGS], *rest):
            self.said(text.replace("`", ""), "", 2)

    def grid(self, grid: Grid) -> None:
        """Print one table, a rule between its groups."""
        self.line()
        lines = lines_of(grid, self._console.width)
        wide = max(sum(cell_len(text) for text, _ in line) for line in lines if line)
        for line in lines:
            if line is None:
                self.line(self.text("\u2500" * min(wide, self._console.width), "bright_black"))
            else:
                self.line(*(self.text(text, STYLES.get(tone, tone)) for text, tone in line))

    def legend(self, view: ReportView) -> None:
        """Say what the star, the intervals and the margins are."""
        rows = [row for group in view.groups for row in group.rows]
        for row in rows:
            if row.outcomes:
                self.said(f"{row.label}: {row.outcomes}", "bright_black", 2)
        if len(view.experiments) > 1:
            wide = self._console.width >= WIDE
            own = "its interval is at 95%; the others hold together at 95%"
            self.said(
                f"* primary: {own}." if wide else "* primary. Intervals: 80 columns or --json"
            )
            margins = dict.fromkeys(c.margin for r in rows for c in r.changes if c and c.margin)
            first = [m for m in margins if m.endswith(("pp", "%"))]
            if first:
                self.said(f"margins {', '.join(first)}")
        for note in view.notes:
            self.said(note, "bright_black")

    def listed(self, listed: Listed) -> None:
        """Print slices or a ranking: a table where it fits, else a line an entry."""
        rows = [[(text, "") for text in row] for row in listed.rows]
        heads = (listed.title, *listed.heads[1:])
        grid = Grid(heads, (tuple(tuple(row) for row in rows),), frozenset({0}))
        self.line()
        sizes = [
            max(cell_len(clean(h)), *(cell_len(clean(row[i][0])) for row in rows), 1)
            for i, h in enumerate(heads)
        ]
        if sum(sizes[1:]) + 2 * len(sizes) + min(sizes[0], LEAST) <= self._console.width:
            self.grid(grid)
        else:
            self.said(listed.title, "bold")
            for row in listed.rows:
                cells = [
                    f"{text} {head}"
                    for head, text in zip(listed.heads[1:], row[1:], strict=True)
                    if text not in ("0", "0.0", numbers.DASH)
                ]
                self.said(f"{row[0]}: {', '.join(cells) or 'unchanged'}", "", 2)
        note = listed.note if listed.title.startswith(RANKING) else ""  # of slices: as on the page
        for said in filter(None, (note, more_of(listed))):
            self.said(said, "bright_black", 2)

    def closing(self, view: ReportView) -> None:
        """Print errors of evaluators and what the page leaves out."""
        errors = view.evaluator_errors
        for row in errors.rows[:5] if errors else ():
            self.said(f"! {row[0]} failed {row[3]} times: {row[2]}", "yellow")
        for text in view.left_out:
            self.said(text, "bright_black")
