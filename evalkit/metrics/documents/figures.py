"""Figures: a number never travels without its n, its interval and the method that made it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from evalkit.metrics.documents.told import Told

Interval = tuple[float, float]
"""Lower and upper end of a confidence interval (95 % unless the Summary says otherwise)."""


@dataclass(frozen=True, slots=True, repr=False)
class Figure(Told):
    """One number with what it rests on; `value` is None when nothing was measured."""

    value: float | None
    low: float | None = None
    """Lower end; None when the design allows no interval (n of 0 or 1, one cluster)."""
    high: float | None = None
    n: int = 0
    """Observations used (runs, steps, pairs): what is missing is not in it."""
    method: str = "none"
    """How the interval was made: `wilson`, `t`, `bca`, `order statistics`; `none`: no interval."""
    clusters: int | None = None
    """Independent units behind the n (examples), when observations repeat."""
    se: float | None = None
    """Standard error, for tests of which only the figure is left; None: not known."""

    @property
    def interval(self) -> Interval | None:
        """Both ends, or None."""
        if self.low is None or self.high is None:
            return None
        return (self.low, self.high)

    def within(self, range: Interval | None) -> Figure:
        """Return the figure with its interval cut off where no value is possible."""
        if range is None or self.low is None or self.high is None:
            return self
        return replace(self, low=max(self.low, range[0]), high=min(self.high, range[1]))


@dataclass(frozen=True, slots=True, repr=False)
class Rate(Told):
    """A share of runs: `count` of `n`."""

    n: int
    count: int
    rate: float | None
    interval: Interval | None = None
    method: str = "none"
    clusters: int | None = None
    se: float | None = None

    @property
    def figure(self) -> Figure:
        """The rate as a Figure."""
        low, high = self.interval or (None, None)
        return Figure(self.rate, low, high, self.n, self.method, self.clusters, self.se)

    @staticmethod
    def of(figure: Figure, count: int) -> Rate:
        """Make the rate of a figure, and how many observations it counts."""
        ends = (figure.interval, figure.method, figure.clusters, figure.se)
        return Rate(figure.n, count, figure.value, *ends)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges: `len(edges) == len(counts) + 1`, last bin closed on both sides."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of an empirical distribution function, at most about 165, x ascending."""

    x: list[float]
    y: list[float]


@dataclass(frozen=True, slots=True, repr=False)
class Distribution(Told):
    """What is known of one measured quantity over runs (or steps).

    Quantiles are those of the recorded values; with `censored` > 0 a quantile that falls among the
    censored ones is a lower bound and is named in `lower_bounds`.
    """

    n: int
    """Recorded values."""
    missing: int = 0
    """Runs (or steps) for which the source recorded nothing: not zero, not in any figure."""
    censored: int = 0
    """Of the n, cut short by a timeout, a cancellation or while running: known to last longer."""
    unit: str = ""
    total: float | None = None
    mean: float | None = None
    sd: float | None = None
    min: float | None = None
    max: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    intervals: dict[str, Interval | None] = field(default_factory=dict)
    """Per figure (`mean`, `p50` ...): order statistics for quantiles, t or BCa for the mean."""
    methods: dict[str, str] = field(default_factory=dict)
    lower_bounds: list[str] = field(default_factory=list)
    clusters: int | None = None
    se: float | None = None
    """Standard error of the mean."""
    histogram: Histogram | None = None
    ecdf: Curve | None = None

    @property
    def missing_share(self) -> float | None:
        """Share not recorded, 0 to 1; None when there was nothing at all."""
        whole = self.n + self.missing
        return self.missing / whole if whole else None

    def figure(self, name: str) -> Figure:
        """One of `mean min max p50 p90 p95 p99 total` as a Figure."""
        low, high = self.intervals.get(name) or (None, None)
        method = self.methods.get(name, "none")
        se = self.se if name == "mean" else None
        return Figure(getattr(self, name), low, high, self.n, method, self.clusters, se)
