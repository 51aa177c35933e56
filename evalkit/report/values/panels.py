"""Panels: the parts of the summary below its metrics, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.report.charts.strips import Point
from evalkit.report.charts.svg import Bars, Line


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table of texts; `links` holds the address of a row's first cell."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str | None, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class LatencyPart:
    """The distribution of latency: curves, and the table that says the same."""

    lines: tuple[Line, ...]
    table: TablePart
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackPart:
    """Where one experiment's time goes: (kind, share, label) per step."""

    name: str
    total: str
    parts: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class TimePart:
    """Time per step: a bar an experiment, and the table."""

    stacks: tuple[StackPart, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(kind, name, one text a column)."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One score's distribution: bars, a histogram or categories, the same as a table."""

    name: str
    link: str
    doc: str
    tags: tuple[str, ...]
    kind: str
    """`rate`, `number`, `category` or `none`."""
    bars: tuple[Bars, ...]
    edges: tuple[str, str, str]
    threshold: float | None
    """As a fraction of the width of the histogram."""
    lines: tuple[tuple[str, str, float | None, str], ...]
    """(series class, experiment, share for the bar, text)."""
    table: TablePart | None = None


@dataclass(frozen=True, slots=True)
class SliceCell:
    """One slice's figure or difference; `tone` tints it where chance is excluded."""

    text: str
    title: str
    tone: str
    link: str | None
    way: str = ""
    """`up` for a gain, `down` for a loss, beyond chance or not; empty: neither."""
    zero: bool = False
    """A change of nothing."""
    n: int = 0


@dataclass(frozen=True, slots=True)
class SlicePart:
    """Slices, the worst first, all of them."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[SliceCell | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class TransitionPart:
    """What became of the same example: counts by (before, after)."""

    metric: str
    base: str
    candidate: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    links: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CasePart:
    """One run worth opening first."""

    run_id: str
    example_id: str
    text: str
    why: str
    link: str


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """One metric over saved summaries."""

    name: str
    unit: str
    points: tuple[Point, ...]
    labels: tuple[str, ...]
    """All summaries, oldest first; those without this metric are gaps."""
    table: TablePart
    latest: str = ""
    since: str = ""
    """How far the last one is from the one before, or why that is not read."""
    reading: str = ""
    """What that change is read as; empty: it is not read."""
    verdict: str = ""
    glyph: str = ""
    margin: str = ""
    notes: tuple[str, ...] = ()
    """Breaks, lasting changes, other numbers of examples."""
    breaks: tuple[int, ...] = ()
    """Summaries from which on the figures are others than before."""
    level: float | None = None
    """The baseline's."""
    level_text: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPanel:
    """Whose history, over what, and a part for each metric; none for a single summary."""

    names: str
    over: str
    lines: tuple[str, ...]
    """Where the summaries lie, and what is to be known of the figures."""
    baseline: str
    """Whose level is drawn dashed; empty: none is."""
    parts: tuple[HistoryPart, ...]
