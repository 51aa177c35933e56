"""The Comparison: two or more experiments against one baseline, paired by example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.metrics.documents.figures import Figure, Interval
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.quality import Unseen
from evalkit.metrics.documents.told import Told
from evalkit.model.shown import Plot, drawing

COMPARISON_VERSION = 1

VERDICTS = ("better", "worse", "equivalent", "not_inferior", "cannot_tell")


@dataclass(frozen=True, slots=True, repr=False)
class Pairing(Told):
    """Which examples could be compared."""

    by: str
    """`example_id`, or `inputs`: no example ids were shared, a hash of the inputs paired them."""
    paired: int
    only_baseline: list[str]
    only_candidate: list[str]
    changed: list[str]
    """Examples whose inputs or reference differ between the datasets: left out of every figure."""
    note: str = ""
    unmatched_baseline: int = 0
    """Examples only the baseline has: the count, `only_baseline` lists at most 1,000."""
    unmatched_candidate: int = 0
    changed_examples: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Difference(Told):
    """One metric of one candidate against the baseline."""

    metric: str
    """A score's name, or `success`, `error_rate`, `latency.mean`, `total_cost` ..."""
    kind: str
    """score, outcome, latency or usage."""
    unit: str
    """`share` (0 to 1), `s`, `tokens`, `cost`, or `` for a plain number."""
    direction: str | None
    """`higher` or `lower` is better; None: a difference is only a difference."""
    baseline: Figure
    candidate: Figure
    difference: Figure
    """Candidate minus baseline over paired examples; `n` is the number of pairs."""
    relative: float | None
    """Difference over the absolute baseline value."""
    p: float | None
    p_adjusted: float | None
    """After Holm (or Benjamini-Hochberg) over its family; None: outside of it."""
    effect: float | None
    """Cohen's d_z: mean of the differences over their standard deviation."""
    wins: int
    losses: int
    ties: int
    """Examples where the candidate's mean is better, worse, the same (no direction: higher)."""
    mde: float | None
    """Smallest true difference this design finds with 80 % power at the test's own alpha.

    Of a share: when the change comes as examples that break whole, all their runs at once.
    """
    mde_adjusted: float | None
    """The same when the test must pass the strictest step of the correction."""
    n_needed: int | None
    """Examples needed to find the observed difference with 80 % power."""
    margin: float | None
    """Differences within plus or minus this count as none (the delta of the verdict)."""
    verdict: str
    reason: str
    """One sentence that says why."""
    n_baseline: int = 0
    n_candidate: int = 0
    """Runs (not examples) with a value on each side, among the pairs."""
    uncalibrated: bool = False
    unread: int = 0
    """Scores of both sides that cannot be read as this metric: in no mean, pair or verdict."""
    bca: Interval | None = None
    """Bootstrap interval of the difference (bootstrap-t), for quantities that are skewed."""
    mde_even: float | None = None
    """Smallest true difference found with 80 % power when every example changes alike."""
    simultaneous: Interval | None = None
    """Interval of which all of the family hold at once; beside it stands `p_adjusted`."""
    sure: Interval | None = None
    """One-sided bounds at alpha each: what equivalence and `proven not worse` are decided by.

    The 90 % interval when alpha is 5 %, wider where few examples moved.
    """
    family: str = "all"
    """`primary`, `exploratory` (not among the primary metrics), or `all`: there are none."""
    bound: str = ""
    """Runs were stopped: the true difference is at least this (`low`), at most (`high`), `both`."""
    heavy_tail: bool = False
    """The differences hang on few examples: the interval may hold less than it says."""
    baseline_all: Figure | None = None
    candidate_all: Figure | None = None
    """The level over all runs of that side, where the pairs leave some out; else None."""
    reading: str = "not_tested"
    """What `simultaneous` says beside `margin` and zero: better, worse, same, not_worse,
    cannot_tell or not_tested. The word that page, terminal and Markdown print."""


@dataclass(frozen=True, slots=True, repr=False)
class SliceDifference(Told):
    """One metric's difference on the examples of one slice."""

    metric: str
    by: str
    value: str
    difference: Figure
    baseline: float | None
    candidate: float | None
    p: float | None
    p_adjusted: float | None
    flagged: bool
    """The candidate is worse here beyond chance, after correction over every slice tested."""


@dataclass(frozen=True, slots=True, repr=False)
class ExampleChange(Told):
    """One example whose value moved; means over its repetitions."""

    example_id: str
    metric: str
    baseline: float | None
    candidate: float | None
    difference: float
    baseline_runs: list[str]
    candidate_runs: list[str]


@dataclass(frozen=True, slots=True, repr=False)
class Candidate(Told):
    """Everything known of one candidate against the baseline."""

    experiment: str
    pairing: Pairing
    differences: list[Difference]
    transitions: dict[str, dict[str, int]]
    """Per true/false score: examples by `pass>fail`, `fail>pass`, `pass>none` ... (majority)."""
    slices: list[SliceDifference]
    slices_tested: int
    regressions: list[ExampleChange]
    """Largest losses of the first directed score first; at most 50."""
    improvements: list[ExampleChange]

    def difference(self, metric: str) -> Difference:
        """Return the difference of `metric`; KeyError when it was not compared."""
        for found in self.differences:
            if found.metric == metric:
                return found
        raise KeyError(metric)


@dataclass(frozen=True, slots=True, repr=False)
class Rank(Told):
    """Strength of one experiment in a Bradley-Terry ranking."""

    experiment: str
    strength: float
    """Log-odds against the mean of all: 0 is average."""
    low: float | None
    high: float | None
    win_rate: Figure


@dataclass(frozen=True, slots=True, repr=False)
class Preference(Told):
    """What one comparison-scope evaluator said of all experiments."""

    name: str
    n: int
    """Examples judged."""
    means: dict[str, Figure]
    ranking: list[Rank]
    """Best first; empty when every comparison was a tie or failed."""
    outcomes: dict[str, int]
    position_bias: float | None = None
    """Mean score by first place minus by last place; None when the order was not varied."""
    unseen: Unseen | None = None
    """What the judge did not see of the answers; None where it saw everything."""


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Told):
    """Two or more experiments, the baseline first; `to_dict()` is its JSON document."""

    baseline: str
    experiments: list[str]
    candidates: list[Candidate]
    preferences: list[Preference]
    correction: str
    """holm or bh."""
    family: int
    """Tests corrected for: metrics x candidates, of the primary metrics where there are any."""
    confidence: float
    alpha: float
    notes: list[str] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    """Metrics named beforehand; the others are exploratory, a family of their own."""
    exploratory: int = 0
    """Tests of the exploratory family."""
    chosen_by: str = ""
    """Who chose `primary`: `configuration`, `gate`, or `order` (nobody: the first score)."""
    version: int = COMPARISON_VERSION
    type: str = "evalkit.comparison"

    def candidate(self, experiment: str) -> Candidate:
        """Return one candidate by the name of its experiment."""
        for found in self.candidates:
            if found.experiment == experiment:
                return found
        raise KeyError(experiment)

    def plot(self, metrics: Sequence[str] = ()) -> Plot:
        """Draw the changes with their intervals, relative to each metric's own; see `Plot`.

        `metrics` chooses and orders; without them all that have an interval are drawn.
        """
        drawn: Plot = drawing("Comparison.plot")(self, metrics)
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document: plain types only, NaN and infinity as null."""
        plain: dict[str, Any] = to_plain(self)
        return plain
