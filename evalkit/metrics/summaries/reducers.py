"""Reducers: one number per example out of its repetitions, and the figure over examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import comb

import numpy as np

from evalkit.errors import ConfigError
from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.column import ScoreColumn, by_run
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.distribution import skewed_mean
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure

NO_PASS = "nothing says which numbers pass; declare a threshold"
PLAIN = ("mean", "median", "mode", "min", "max", "best", "worst", "sd", "flake")
PASSING = ("majority", "any", "all")
COUNTED = ("at_least", "pass@", "pass^", "best@", "worst@")
_FORM = re.compile(r"(at_least|pass@|pass\^|best@|worst@)\(?(\d{1,4})\)?")


@dataclass(frozen=True, slots=True)
class Reducer:
    """A reducer as written, its kind and its k."""

    text: str
    kind: str
    k: int = 1

    @property
    def passing(self) -> bool:
        """Whether it needs pass or fail rather than a number."""
        return self.kind in (*PASSING, "at_least", "pass@", "pass^", "flake")


def parse(text: str) -> Reducer:
    """Read `mean median mode min max best worst sd flake majority any all` or a counted form.

    Counted forms: `at_least(3)`, `pass@5`, `pass^4`, `best@4`, `worst@4`.
    """
    plain = text.strip()
    if plain in (*PLAIN, *PASSING):
        return Reducer(plain, plain)
    match = _FORM.fullmatch(plain)
    if match and int(match[2]) >= 1:
        return Reducer(plain, match[1], int(match[2]))
    known = (*PLAIN, *PASSING, "at_least(2)", "pass@2", "pass^2", "best@2", "worst@2")
    close = get_close_matches(plain, known, 1, 0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"reducers: {text!r} is no reducer.{hint} Known: {', '.join(known)}.")


def reduce_score(column: ScoreColumn, reducer: Reducer, confidence: float = 0.95) -> Figure | None:
    """Return the figure of a reducer over examples; None: it says nothing of this score.

    Examples with fewer than k scored runs are left out (n shows it); when none has k, or nothing
    says what passes, the value is None and `method` says what was refused: nothing is guessed.
    """
    if column.scope == "experiment" or len(column.values) == 0:
        return None
    found = reduced_values(column, reducer)
    if found is None:
        return Figure(None, n=len(by_run(column)[0]), method=f"refused: {NO_PASS}")
    if len(found.values) == 0:
        needed = max(reducer.k, 2 if reducer.kind in ("sd", "flake") else 1)
        return Figure(
            None, method=f"refused: needs {needed} runs of an example, at most {found.most}"
        )
    sums = cluster_sums(found.values, None, _units(column, found.examples))
    if reducer.passing or (column.yes_or_no and reducer.kind not in ("sd", "median")):
        ceiling = float(found.worth.sum())
        return share_figure(sums, confidence, ceiling=ceiling, method="wilson over examples")
    reach = None if reducer.kind == "sd" else column.scale.range
    return skewed_mean(sums, confidence).within(reach)


@dataclass(frozen=True, slots=True)
class Reduced:
    """One value for each example that has enough runs."""

    examples: Codes
    values: Floats
    worth: Floats
    """Draws of 0 or 1 that each value is worth at most."""
    most: int
    """Runs of the example that has most."""


def reduced_values(column: ScoreColumn, reducer: Reducer) -> Reduced | None:
    """Return the reduced value of each example; None: nothing says what passes."""
    if column.scope == "experiment" or len(column.values) == 0:
        return None
    numbers, passes, cluster = by_run(column)
    values = passes if reducer.passing else numbers
    if values is None:
        return None
    lower = column.direction == "lower"
    examples, reduced = per_example(values, cluster, reducer, lower=lower)
    sizes = np.bincount(cluster)
    worth = _worth(reducer, sizes[examples].astype(np.float64))
    return Reduced(examples, reduced, worth, int(sizes.max()))


def _worth(reducer: Reducer, sizes: Floats) -> Floats:
    """Return how many draws each example's value is worth.

    Values between 0 and 1 vary less than 0 and 1 would, so an example is worth more than one draw:
    at most its number of runs for a mean, 2 n / k for an order-k estimator (the 2 was calibrated
    by simulation, `benchmarks/simulations.py`).
    """
    each = {"mean": 1.0, "pass@": 2.0 / reducer.k, "pass^": 2.0 / reducer.k}.get(reducer.kind)
    if reducer.kind in ("pass@", "pass^") and reducer.k == 1:
        each = 1.0
    return np.ones(len(sizes)) if each is None else each * sizes


def per_example(
    values: Floats, cluster: Codes, reducer: Reducer, *, lower: bool = False
) -> tuple[Codes, Floats]:
    """Return the codes of the examples that have enough runs, and their reduced values."""
    sizes = np.bincount(cluster)
    needed = max(reducer.k, 2 if reducer.kind in ("sd", "flake") else 1)
    enough = np.flatnonzero(sizes >= needed)
    return enough, _reduced(values, cluster, reducer, lower)[enough]


def _units(column: ScoreColumn, examples: Codes) -> Codes | None:
    """Return the unit of each example, None when examples are the units."""
    if column.unit is None:
        return None
    unit_of = np.zeros(int(column.cluster.max()) + 1, np.int64)
    unit_of[column.cluster] = column.unit
    return unit_of[examples]


def _reduced(values: Floats, cluster: Codes, reducer: Reducer, lower: bool) -> Floats:
    """Return one value per example code; codes without enough runs hold anything."""
    n = np.bincount(cluster).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if reducer.kind == "mean":
            return np.asarray(np.bincount(cluster, weights=values) / n, np.float64)
        if reducer.passing:
            return _counted(reducer, np.bincount(cluster, weights=values).astype(np.float64), n)
    return _grouped(values, cluster, len(n), _picker(reducer, lower))


def _counted(reducer: Reducer, passes: Floats, n: Floats) -> Floats:
    k = reducer.k
    if reducer.kind in ("pass@", "pass^"):
        pairs, back = np.unique(np.stack([passes, n]), axis=1, return_inverse=True)
        table = [pass_estimate(int(c), int(m), k, reducer.kind) for c, m in pairs.T]
        estimates: Floats = np.array(table)[back.reshape(-1)]
        return estimates
    hit = {
        "majority": passes * 2 > n,
        "any": passes > 0,
        "all": passes == n,
        "at_least": passes >= k,
        "flake": (passes > 0) & (passes < n),
    }[reducer.kind]
    return np.asarray(hit, np.float64)


def pass_estimate(passes: int, n: int, k: int, kind: str) -> float:
    """Return the unbiased estimate from `passes` of `n` runs; NaN when k > n.

    pass@k = 1 - C(n-c, k) / C(n, k) (Chen et al., arXiv 2107.03374), at least one of k passes;
    pass^k = C(c, k) / C(n, k) (Yao et al., tau-bench, arXiv 2406.12045), all k pass.
    """
    if k > n:
        return float("nan")
    if kind == "pass@":
        return 1.0 - comb(n - passes, k) / comb(n, k)
    return comb(passes, k) / comb(n, k)


def _grouped(values: Floats, cluster: Codes, size: int, pick: Callable[[Floats], float]) -> Floats:
    order = np.lexsort((values, cluster))
    ends = np.cumsum(np.bincount(cluster, minlength=size))
    parts = np.split(values[order], ends[:-1])
    return np.array([pick(part) if len(part) else np.nan for part in parts])


def _picker(reducer: Reducer, lower: bool) -> Callable[[Floats], float]:
    """Return what takes one number from an example's values in ascending order."""
    kind, k = reducer.kind, reducer.k
    if kind == "median":
        return lambda v: float(np.median(v))
    if kind == "mode":
        return _mode
    if kind == "sd":
        return lambda v: float(v.std(ddof=1)) if len(v) > 1 else float("nan")
    if kind in ("best@", "worst@"):
        top = (kind == "best@") != lower
        return lambda v: _expected_extreme(v if top else v[::-1], k)
    top = kind == "max" or (kind == "best" and not lower) or (kind == "worst" and lower)
    return lambda v: float(v[-1] if top else v[0])


def _mode(values: Floats) -> float:
    """Return the most frequent value, the smallest of several."""
    found, counts = np.unique(values, return_counts=True)
    return float(found[np.argmax(counts)])


def _expected_extreme(values: Floats, k: int) -> float:
    """Return the expected last of k values drawn without replacement from `values` in order."""
    n = len(values)
    if k > n:
        return float("nan")
    weights = np.array([comb(i, k - 1) for i in range(n)], np.float64) / comb(n, k)
    return float(np.dot(weights, values))


def reduce_scores(
    columns: Sequence[ScoreColumn], reducers: Sequence[str], confidence: float
) -> dict[str, dict[str, Figure]]:
    """Return reducer to score to figure."""
    found: dict[str, dict[str, Figure]] = {}
    for text in reducers:
        reducer = parse(text)
        figures = {c.name: reduce_score(c, reducer, confidence) for c in columns}
        found[reducer.text] = {n: f for n, f in figures.items() if f is not None}
    return found
