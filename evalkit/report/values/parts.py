"""Parts of the report: plain values that page, terminal, Markdown, JUnit and JSON are drawn from.

Texts of figures come from `numbers.py` and from nowhere else. A link is an address inside the page
(`#/runs?...`); drawings without links ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.report.charts import numbers
from evalkit.report.values.first import FirstPart, Span
from evalkit.report.values.panels import (
    CasePart,
    HistoryPanel,
    LatencyPart,
    ScorePart,
    SlicePart,
    TablePart,
    TimePart,
    TransitionPart,
)

GLYPHS = {
    "better": "\u25b2",
    "worse": "\u25bc",
    "same": "=",
    "not_worse": "\u2265",
    "cannot_tell": "?",
}


@dataclass(frozen=True, slots=True)
class ExperimentPart:
    """One experiment: its role, and where its runs came from."""

    name: str
    role: str
    """`baseline`, `candidate`, or empty when there is only one."""
    runs: int
    examples: int
    facts: tuple[tuple[str, str], ...]
    """(label, text) of its provenance."""
    outcomes: tuple[tuple[str, int], ...]
    """Run outcomes with their counts, zeros included."""
    cells: tuple[tuple[str, int], ...]
    """The outcomes of its cells with their counts, zeros included."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatePart:
    """One gate: the rule, what was seen, and whether it was met."""

    rule: str
    passed: bool | None
    observed: str
    why: str
    experiment: str
    n: int | None = None
    file: str | None = None
    line: int | None = None

    @property
    def word(self) -> str:
        """`passed`, `failed` or `not decided`."""
        return {True: "passed", False: "failed", None: "not decided"}[self.passed]


@dataclass(frozen=True, slots=True)
class FigurePart:
    """One figure of one experiment as text, with what it rests on."""

    text: str
    n: int
    interval: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Such as `too few examples` or `lower bound`."""


@dataclass(frozen=True, slots=True)
class ChangePart:
    """A difference against the baseline and how it reads."""

    text: str
    interval: str
    verdict: str
    tone: str
    pairs: int
    wins: int
    losses: int
    ties: int
    p: str
    reason: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    scale: float = 1.0
    """What `value` is multiplied by on the forest axis: points for shares, percent for sizes."""

    margin: str = ""
    """What counts as none, such as `\u00b13 pp`; it stands under the reading, always."""
    why: str = ""
    """Why nothing was tested, or what the word leaves out."""
    absolute: str = ""
    """The change in its own unit, where `text` is in percent of the baseline."""
    reading: str = "not_tested"
    """The word as `--json` has it."""
    margin_size: float | None = None
    before: str = ""
    """Level of the baseline over the pairs."""
    after: str = ""

    @property
    def glyph(self) -> str:
        """A sign that stands beside the colour, so that colour is never the only carrier."""
        return GLYPHS.get(self.reading, numbers.DASH)


@dataclass(frozen=True, slots=True)
class MetricPart:
    """One row of the table of metrics."""

    name: str
    label: str
    doc: str
    link: str
    unit: str
    figures: tuple[FigurePart, ...]
    """One an experiment, baseline first."""
    changes: tuple[ChangePart | None, ...] = ()
    """One a candidate."""
    marks: tuple[str, ...] = ()
    """`uncalibrated`, `recorded`, `step`, `judge` ..."""
    outcomes: str = ""
    """What became of the cells that were not scored: `3 n/a, 2 evaluator errors`."""
    axis: tuple[float, float] | None = None
    """Ends of the interval's picture when there is one experiment."""
    primary: bool = False
    """Whether this is the metric the decision is about."""
    also: str = ""
    """A second line: levels that are counted otherwise."""
    directed: bool = True
    """Whether one side is better."""


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics that share an axis."""

    title: str
    rows: tuple[MetricPart, ...]
    span: float | None = None
    axis: str = ""


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything a report says; built once, drawn in many forms."""

    title: str
    generated: str
    """UTC, given by the caller, so that the same input gives the same bytes."""
    version: str
    experiments: tuple[ExperimentPart, ...]
    over: str
    """The line above the heading: what this is, how many examples and runs."""
    verdict: tuple[Span, ...]
    """The answer: one sentence or a few, of gates, the primary metric, and what surely changed."""
    first: FirstPart
    """What stands below it on the first screen."""
    gates: tuple[GatePart, ...]
    groups: tuple[MetricGroup, ...]
    latency: LatencyPart | None
    time: TimePart | None
    scores: tuple[ScorePart, ...]
    slices: tuple[SlicePart, ...]
    transitions: tuple[TransitionPart, ...]
    errors: TablePart
    evaluator_errors: TablePart | None
    cases: tuple[CasePart, ...]
    cases_title: str
    cases_link: str
    history: HistoryPanel | None
    tables: tuple[TablePart, ...]
    """Further tables: what could not be compared, rankings, reducers."""
    notes: tuple[str, ...]
    primary: str | None
    """The score that sentences and regressions are about."""
    summaries: tuple[dict[str, Any], ...] = ()
    """The documents of the figures, as `--json` prints them."""
    comparison: dict[str, Any] | None = None
    left_out: tuple[str, ...] = field(default=())
    """What this report does not hold, and why."""
    manifest: Mapping[str, Any] | None = None
    """What the report was made from, by hashes: what `evalkit verify` checks."""

    @property
    def several(self) -> bool:
        """Whether two or more experiments are compared."""
        return len(self.experiments) > 1

    @property
    def warnings(self) -> tuple[str, ...]:
        """What readers must know of the data: each sentence once, with whom it concerns."""
        return warnings_of(self.experiments)

    @property
    def missed(self) -> tuple[GatePart, ...]:
        """The gates that failed."""
        return tuple(gate for gate in self.gates if gate.passed is False)


def warnings_of(experiments: Sequence[ExperimentPart]) -> tuple[str, ...]:
    """Return the warnings of all experiments: each sentence once, with whom it concerns."""
    about: dict[str, list[str]] = {}
    for part in experiments:
        for text in part.warnings:
            about.setdefault(text, []).append(part.name)
    return tuple(
        text if len(names) == len(experiments) else f"{', '.join(names)}: {text}"
        for text, names in about.items()
    )
