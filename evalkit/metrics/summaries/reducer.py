"""Reducer: the table of what makes one number of the repetitions of an example."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from math import comb

import numpy as np

from evalkit.errors import ConfigError
from evalkit.metrics.columns.arrays import Floats

Pick = Callable[[Floats, int, bool], float]
"""An example's values in ascending order, k, whether lower is better -> one number."""
Count = Callable[[Floats, Floats, int], Floats]
"""Passes and runs of every example, k -> one number for each."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the table of reducers: what it needs, what it does, what a run is worth."""

    doc: str
    pick: Pick | None = None
    """Takes numbers; `None` for the mean, which is made for all examples at once."""
    count: Count | None = None
    """Takes passes: then the score has to say what passes."""
    counted: bool = False
    """Written with a k, as `pass^4`."""
    least: int = 1
    """Runs an example must have; a counted one needs k."""
    worth: Callable[[int], float] | None = None
    """Independent draws one run is worth, by k; `None`: an example is worth one."""
    spread: bool = False
    """A width, which stays no share where the score is one."""


def _at(place: int) -> Pick:
    return lambda values, k, lower: float(values[place])


def _best(values: Floats, k: int, lower: bool) -> float:
    return float(values[0 if lower else -1])


def _sd(values: Floats, k: int, lower: bool) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _estimated(kind: str) -> Count:
    def count(passes: Floats, n: Floats, k: int) -> Floats:
        pairs, back = np.unique(np.stack([passes, n]), axis=1, return_inverse=True)
        table = [pass_estimate(int(c), int(m), k, kind) for c, m in pairs.T]
        estimates: Floats = np.array(table)[back.reshape(-1)]
        return estimates

    return count


def _order_k(k: int) -> float:
    """Return what a run is worth for an order-k estimator; the 2 was calibrated by simulation."""
    return 1.0 if k == 1 else 2.0 / k


REDUCERS: dict[str, Kind] = {
    "mean": Kind("Mean of its runs.", worth=lambda k: 1.0),
    "median": Kind("Median of its runs.", lambda v, k, lower: float(np.median(v)), spread=True),
    "mode": Kind("Most frequent value, the smallest of several.", lambda v, k, lower: _mode(v)),
    "min": Kind("Smallest value.", _at(0)),
    "max": Kind("Largest value.", _at(-1)),
    "best": Kind("Best value, by the score's direction.", _best),
    "worst": Kind("Worst value.", lambda v, k, lower: _best(v, k, not lower)),
    "sd": Kind("Standard deviation inside it.", _sd, least=2, spread=True),
    "flake": Kind(
        "Whether some of its runs pass and some do not.",
        count=lambda c, n, k: np.asarray((c > 0) & (c < n), np.float64),
        least=2,
    ),
    "majority": Kind(
        "Whether more than half pass.", count=lambda c, n, k: np.asarray(c * 2 > n, np.float64)
    ),
    "any": Kind("Whether one passes.", count=lambda c, n, k: np.asarray(c > 0, np.float64)),
    "all": Kind("Whether all pass.", count=lambda c, n, k: np.asarray(c == n, np.float64)),
    "at_least": Kind(
        "Whether at least k pass.",
        count=lambda c, n, k: np.asarray(c >= k, np.float64),
        counted=True,
    ),
    "pass@": Kind(
        "`1 - C(n-c, k) / C(n, k)`: one of k passes (Chen et al., arXiv 2107.03374).",
        count=_estimated("pass@"),
        counted=True,
        worth=_order_k,
    ),
    "pass^": Kind(
        "`C(c, k) / C(n, k)`: all of k pass (Yao et al., arXiv 2406.12045).",
        count=_estimated("pass^"),
        counted=True,
        worth=_order_k,
    ),
    "best@": Kind(
        "Expected best of k drawn from its n.",
        lambda v, k, lower: _expected_extreme(v[::-1] if lower else v, k),
        counted=True,
    ),
    "worst@": Kind(
        "Expected worst of k drawn from its n.",
        lambda v, k, lower: _expected_extreme(v if lower else v[::-1], k),
        counted=True,
    ),
}
"""Every reducer, by name: what is parsed, computed, offered and documented is read from here."""
_FORM = re.compile(
    rf"({'|'.join(re.escape(n) for n, kind in REDUCERS.items() if kind.counted)})\(?(\d{{1,4}})\)?"
)


@dataclass(frozen=True, slots=True)
class Reducer:
    """A reducer as written, its name in the table and its k."""

    text: str
    kind: str
    k: int = 1

    @property
    def entry(self) -> Kind:
        """Its entry in the table."""
        return REDUCERS[self.kind]

    @property
    def passing(self) -> bool:
        """Whether it needs pass or fail rather than a number."""
        return self.entry.count is not None

    @property
    def least(self) -> int:
        """Runs that an example must have."""
        return max(self.k, self.entry.least)


def forms() -> list[str]:
    """Return every reducer as it is written, with 2 for k."""
    written = {"at_least": "at_least(2)"}
    return [
        written.get(name, f"{name}2") if kind.counted else name for name, kind in REDUCERS.items()
    ]


def parse(text: str) -> Reducer:
    """Read a reducer of the table; `at_least(3)`, `pass@5`, `pass^4` carry their k."""
    plain = text.strip()
    if plain in REDUCERS and not REDUCERS[plain].counted:
        return Reducer(plain, plain)
    match = _FORM.fullmatch(plain)
    if match and int(match[2]) >= 1:
        return Reducer(plain, match[1], int(match[2]))
    close = get_close_matches(plain, forms(), 1, 0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"reducers: {text!r} is no reducer.{hint} Known: {', '.join(forms())}.")


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
