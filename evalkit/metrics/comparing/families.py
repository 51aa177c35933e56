"""Families: which tests are corrected together, and the intervals that hold at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.multiplicity import CORRECTIONS
from evalkit.metrics.statistics.paired import PairedTest

ALL, PRIMARY, EXPLORATORY = "all", "primary", "exploratory"


def family_of(metric: str, primary: Sequence[str]) -> str:
    """Return the family of a metric: those named beforehand are corrected among themselves."""
    if not primary:
        return ALL
    return PRIMARY if metric in primary else EXPLORATORY


def corrected(
    tests: Sequence[tuple[str, float | None]], correction: str
) -> tuple[list[float | None], Mapping[str, int]]:
    """Return the adjusted p of each (family, p), and how many tests each family has."""
    adjusted: list[float | None] = [None] * len(tests)
    sizes = {}
    for family in dict.fromkeys(name for name, _ in tests):
        places = [at for at, (name, _) in enumerate(tests) if name == family]
        found = CORRECTIONS[correction]([tests[at][1] for at in places])
        sizes[family] = sum(each is not None for each in found)
        for at, p in zip(places, found, strict=True):
            adjusted[at] = p
    return adjusted, sizes


def simultaneous(
    test: PairedTest, p_adjusted: float | None, alpha: float, size: int, found: int, correction: str
) -> Interval | None:
    """Return the interval at the level of the family, in agreement with the adjusted p.

    Bonferroni's. Where Holm's later steps reject what it would not, it ends at zero, as in
    Strassburger and Bretz (Stat. Med. 27, 2008). With Benjamini and Hochberg's correction, the
    level is that of the false coverage rate (Benjamini and Yekutieli, JASA 100, 2005): `found` of
    `size` were rejected.
    """
    if size < 1:
        return test.bounds(alpha / 2)
    rejected = p_adjusted is not None and p_adjusted <= alpha
    share = found / size if correction == "bh" and rejected else 1 / size
    ends = test.bounds(alpha * share / 2)
    if ends is None or not rejected or not ends[0] < 0 < ends[1]:
        return ends
    return (0.0, ends[1]) if (test.difference or 0.0) > 0 else (ends[0], 0.0)
