"""The Summary: every figure of one experiment, as frozen values that are also the JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalkit.metrics.documents.figures import Curve, Distribution, Figure, Histogram, Interval, Rate
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.quality import Provenance, Quality, Unseen
from evalkit.metrics.documents.told import Told

SUMMARY_VERSION = 1
"""Version of the document; a reader of version 1 can read any document that says 1."""


@dataclass(frozen=True, slots=True, repr=False)
class Counts(Told):
    """How many of what; `outcomes` adds up to `received`."""

    expected: int | None
    """Runs the source said it has; None when it does not say."""
    received: int
    """Runs that are here: the denominator of every outcome rate."""
    complete: bool
    examples: int
    """Examples of the dataset, with or without a run."""
    examples_without_runs: int
    clusters: int
    """Different examples that have runs: the independent units."""
    repetitions_min: int
    repetitions_max: int
    outcomes: dict[str, int]
    """success, error, timeout, cancelled, paused, running, unknown: all seven, zeros included."""
    cells: dict[str, int]
    """scored, not_applicable, evaluator_error, run_failed, missing over all scores."""
    duplicates: int = 0
    orphans: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class ErrorGroup(Told):
    """Errors that say the same once ids, numbers and quoted text are taken out."""

    fingerprint: str
    """Eight hex digits of the normalised message: stable between experiments."""
    message: str
    """The message of the first one, cut to 300 characters."""
    error_type: str | None
    outcome: str
    count: int
    run_ids: list[str]
    """Up to five runs that ended so."""
    step: str | None = None
    """Name of the step that failed, when it is the same in all."""


@dataclass(frozen=True, slots=True, repr=False)
class SliceFigure(Told):
    """One metric on the runs for which `by` is `value`, against all other runs."""

    by: str
    """What the runs were split by: `metadata.topic`, `tags`, `split`, `inputs.lang` ..."""
    value: str
    n: int
    mean: float | None
    interval: Interval | None = None
    method: str = "none"
    clusters: int | None = None
    difference: float | None = None
    """Mean here minus the mean of the rest."""
    p: float | None = None
    p_adjusted: float | None = None
    """Holm over every slice of every score."""
    flagged: bool = False
    """Worse than the rest beyond chance, after correction."""


@dataclass(frozen=True, slots=True, repr=False)
class ScoreSummary(Told):
    """One score of one evaluator over the experiment; `mean` is over scored cells only."""

    name: str
    """`key`, or `evaluator.key` when several evaluators give the same key."""
    key: str
    evaluator: str
    scope: str
    """run, step, experiment or comparison."""
    type: str
    """`rate` (a share), `number`, `category`, or `none` (nothing was scored)."""
    kind: str
    """code, judge or recorded."""
    direction: str | None
    n: int
    """Scored cells behind the mean (of words: all scored cells)."""
    mean: float | None
    interval: Interval | None
    method: str
    clusters: int | None
    outcomes: dict[str, int]
    """scored, not_applicable, evaluator_error, run_failed, missing."""
    runs: int = 0
    """Runs with at least one scored cell (differs from n for step scores)."""
    bounds: Interval | None = None
    """Worst and best mean had every failed, erroneous or missing cell a score; None: no range."""
    missing_as_wrong: Figure | None = None
    """Mean with all lost cells as the worst score, as some tools count; only where asked for."""
    sd: float | None = None
    min: float | None = None
    max: float | None = None
    median: float | None = None
    threshold: float | None = None
    """What a number must reach (in `direction`) to count as a pass."""
    graded: bool = False
    """A share that is also more than 0 and less than 1, in some experiment of the call."""
    unit: str = ""
    """What a number counts, as configured."""
    declared: str = "values"
    """Who said the type: `evaluator`, `configuration`, or the values of all experiments."""
    unread: int = 0
    """Scored cells that cannot be read as this score; in no mean. `categories` has them."""
    passed: Rate | None = None
    """Share of passes, for numbers with a threshold."""
    p5: float | None = None
    p95: float | None = None
    range: Interval | None = None
    """The declared range of the score, (0, 1) for true or false."""
    categories: dict[str, int] = field(default_factory=dict)
    category_rates: dict[str, Rate] = field(default_factory=dict)
    histogram: Histogram | None = None
    slices: list[SliceFigure] = field(default_factory=list)
    example_means: Curve | None = None
    """Distribution function of the examples' means over their repetitions."""
    worst_examples: list[str] = field(default_factory=list)
    """Up to five examples with the worst means."""
    flake_rate: float | None = None
    """Share of examples with 2 or more runs that both pass and fail; None without repetitions."""
    sd_within: float | None = None
    """Pooled standard deviation inside an example; None without repetitions."""
    errors: list[ErrorGroup] = field(default_factory=list)
    """What the evaluator raised, grouped."""
    seconds: float | None = None
    """Time spent in the evaluator, all cells."""
    uncalibrated: bool = False
    """A judge for which no agreement with people is on record."""
    doc: str = ""
    fingerprint: str | None = None
    se: float | None = None
    """Standard error of the mean."""
    corrected: Figure | None = None
    """A judge's pass rate as people's would be, where its agreement with them is on record."""

    @property
    def figure(self) -> Figure:
        """Mean or rate as a Figure."""
        low, high = self.interval or (None, None)
        return Figure(self.mean, low, high, self.n, self.method, self.clusters, self.se)


@dataclass(frozen=True, slots=True, repr=False)
class StepSummary(Told):
    """Steps of one kind, name and model."""

    kind: str
    name: str
    model: str | None
    calls: int
    runs: int
    """Runs that have such a step."""
    errors: int
    latency: Distribution
    share: float | None
    """Share of the summed self time of all steps: children's time is not counted twice."""
    self_seconds: float | None = None
    ttft: Distribution | None = None
    total_tokens: float | None = None
    total_cost: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class UsageSummary(Told):
    """Tokens and cost per run; each Distribution's `total` is the experiment's sum."""

    input_tokens: Distribution
    output_tokens: Distribution
    total_tokens: Distribution
    cache_read_tokens: Distribution
    reasoning_tokens: Distribution
    input_cost: Distribution
    output_cost: Distribution
    total_cost: Distribution
    tokens_per_success: Figure
    """All tokens spent, failed runs included, divided by successful runs."""
    cost_per_success: Figure
    cache_write_tokens: Distribution | None = None
    currency: str | None = None
    """Of the costs, where the source says it."""
    computed_costs: int = 0
    """Runs whose cost nobody recorded and evalkit computed."""
    prices: list[str] = field(default_factory=list)
    """What those were computed from."""


@dataclass(frozen=True, slots=True, repr=False)
class SliceSearch(Told):
    """What the automatic search for bad slices did and found."""

    score: str
    tested: int
    """Slices tested for this score; the correction is over those of all scores."""
    min_size: int
    alpha: float
    found: list[SliceFigure]
    """Flagged ones, worst first."""


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Told):
    """Every figure of one experiment; `to_dict()` is the document `evalkit ... --json` prints."""

    experiment: str
    counts: Counts
    rates: dict[str, Rate]
    """Outcome rates by name: success error timeout cancelled paused running unknown."""
    scores: dict[str, ScoreSummary]
    latency: Distribution
    """End to end, seconds."""
    ttft: Distribution
    """Time to first token, seconds."""
    queue: Distribution
    """Waiting before the start, seconds."""
    usage: UsageSummary
    reducers: dict[str, dict[str, Figure]]
    """Reducer to score to Figure over examples: `reducers["pass^4"]["reward"]`."""
    steps: list[StepSummary]
    """Largest share of the time first."""
    errors: list[ErrorGroup]
    """Most frequent first."""
    slices: list[SliceSearch]
    quality: Quality
    provenance: Provenance
    confidence: float = 0.95
    headline: str | None = None
    """The score that sentences are about; None: the first one that can be averaged."""
    version: int = SUMMARY_VERSION
    type: str = "evalkit.summary"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document: plain types only, NaN and infinity as null."""
        plain: dict[str, Any] = to_plain(self)
        return plain


__all__ = [
    "SUMMARY_VERSION",
    "Counts",
    "Curve",
    "ErrorGroup",
    "Provenance",
    "Quality",
    "ScoreSummary",
    "SliceFigure",
    "SliceSearch",
    "StepSummary",
    "Summary",
    "Unseen",
    "UsageSummary",
]
