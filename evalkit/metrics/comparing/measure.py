"""Measure: one comparable quantity of one experiment, as values with their example."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.statistics.calibration import Hits


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparable quantity of one experiment."""

    name: str
    kind: str
    unit: str
    direction: str | None
    values: Floats
    cluster: Codes
    """Example code of each value."""
    bounded: bool
    """Values lie in 0..1."""
    binary: bool
    skewed: bool
    """A bootstrap interval is worth having."""
    quantile: float | None = None
    """Compared is this quantile, not the mean."""
    cut: Mask | None = None
    """Values known to be too short: runs that were stopped."""
    over: Floats | None = None
    """Compared is the ratio of the mean of `values` to the mean of these."""
    hits: Hits | None = None
    """How a judge did on people's labels: its pass rate is compared as people's would be."""
    worth: Floats | None = None
    """Runs that each value of a reducer is worth at most, see `reducers.ceiling`."""
    spread: float | None = None
    """Width of the declared range, for the default margin."""
    uncalibrated: bool = False
    evaluator: str = ""
    unread: int = 0
    """Scores that are in no value, because they cannot be read as this one."""
