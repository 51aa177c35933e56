"""Pairing: which example of one experiment is which of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import orjson

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.comparing.measure import Measure
from evalkit.metrics.comparing.measures import Experiment, recoded
from evalkit.metrics.documents.comparison import Pairing
from evalkit.model.results import Results

LISTED = 1000
"""Example ids listed of each kind; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two experiments with their examples matched."""

    baseline: Experiment
    candidate: Experiment
    ids: list[str]
    of_baseline: Codes
    """Pair of each example code of the baseline, -1 for none."""
    of_candidate: Codes
    pairing: Pairing
    units: Codes | None = None
    """Independent unit of each pair, when it is coarser than the example."""

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Side:
    """One measure of one experiment, per pair."""

    means: Floats
    """Mean over the repetitions of each pair; NaN: nothing was measured."""
    sizes: Floats
    values: Floats
    """The single values that belong to a pair."""
    pair: Codes
    """Pair of each value."""
    cut: Mask | None = None
    """Values known to be too short; None: there are none."""
    over: Floats | None = None
    """Mean of what the values are divided by, per pair."""
    worth: Floats | None = None

    def kept(self, both: Mask) -> Side:
        """Keep some pairs, and number them anew."""
        number = np.full(len(both) + 1, -1, np.int64)
        number[:-1][both] = np.arange(int(both.sum()))
        at = number[self.pair]
        inside = at >= 0
        return Side(
            self.means[both],
            self.sizes[both],
            self.values[inside],
            at[inside],
            None if self.cut is None else self.cut[inside],
            None if self.over is None else self.over[both],
            None if self.worth is None else self.worth[both],
        )


def pair(baseline: Experiment, candidate: Experiment) -> Pairs:
    """Match by example id, else by a hash of the inputs; changed examples are left out."""
    by, note = "example_id", ""
    if not set(baseline.runs.example_ids) & set(candidate.runs.example_ids):
        by = "inputs"
        note = "No example ids were shared: runs were paired by a hash of their inputs."
        baseline, candidate = _by_inputs(baseline), _by_inputs(candidate)
    changed = _changed(baseline.results, candidate.results) if by == "example_id" else set()
    first, second = baseline.runs.example_ids, set(candidate.runs.example_ids)
    shared = [each for each in first if each in second and each not in changed]
    place = {each: at for at, each in enumerate(shared)}
    there = set(first)
    of_baseline = _places(baseline, place)
    return Pairs(
        baseline,
        candidate,
        shared,
        of_baseline,
        _places(candidate, place),
        Pairing(
            by=by,
            paired=len(shared),
            only_baseline=[each for each in first if each not in second][:LISTED],
            only_candidate=[e for e in candidate.runs.example_ids if e not in there][:LISTED],
            changed=sorted(changed & there & second)[:LISTED],
            note=note,
            unmatched_baseline=sum(each not in second for each in first),
            unmatched_candidate=sum(e not in there for e in candidate.runs.example_ids),
            changed_examples=len(changed & there & second),
        ),
        _units(baseline, of_baseline, len(shared)),
    )


def _units(baseline: Experiment, place: Codes, pairs: int) -> Codes | None:
    unit_of = baseline.runs.unit_of
    if unit_of is None:
        return None
    found = np.zeros(pairs, np.int64)
    inside = place[: len(unit_of)] >= 0
    found[place[: len(unit_of)][inside]] = unit_of[inside]
    return found


def side(measure: Measure, place: Codes, pairs: int) -> Side:
    """Average a measure over the repetitions of each pair."""
    at = place[measure.cluster]
    inside = at >= 0
    at, values = at[inside], measure.values[inside]
    sizes = np.bincount(at, minlength=pairs).astype(np.float64)

    def mean(of: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = np.bincount(at, weights=of[inside], minlength=pairs) / sizes
        return found

    return Side(
        mean(measure.values),
        sizes,
        values,
        at,
        None if measure.cut is None else measure.cut[inside],
        None if measure.over is None else mean(measure.over),
        None if measure.worth is None else mean(measure.worth),
    )


def _places(experiment: Experiment, place: Mapping[str, int]) -> Codes:
    found = np.full(experiment.runs.clusters + 1, -1, np.int64)
    for code, example in enumerate(experiment.runs.example_ids):
        found[code] = place.get(example, -1)
    return found


def _changed(baseline: Results, candidate: Results) -> set[str]:
    """Return examples whose inputs or reference are not the same on both sides."""
    first, second = _contents(baseline), _contents(candidate)
    return {
        example
        for example, content in first.items()
        if example in second and not _same(content, second[example])
    }


def _contents(results: Results) -> dict[str, tuple[str | None, str | None]]:
    table = results.table("examples", ["example_id", "inputs", "reference_outputs"])
    columns = [table.column(name).to_pylist() for name in table.column_names]
    return {row[0]: (row[1], row[2]) for row in zip(*columns, strict=True)}


def _same(first: tuple[str | None, ...], second: tuple[str | None, ...]) -> bool:
    """Compare as JSON values; a side that recorded nothing does not disagree."""
    return all(
        a == b or a is None or b is None or orjson.loads(a) == orjson.loads(b)
        for a, b in zip(first, second, strict=True)
    )


def _by_inputs(experiment: Experiment) -> Experiment:
    texts = experiment.results.table("runs", ["inputs"]).column(0).to_pylist()
    keys: dict[str, str | None] = {}
    cluster = np.empty(len(texts), np.int64)
    place: dict[str, int] = {}
    alone: list[int] = []
    for row, text in enumerate(texts):
        if text not in keys:
            keys[text] = _hash(text)
        key = keys[text]
        if key is None:
            alone.append(row)
        else:
            cluster[row] = place.setdefault(key, len(place))
    cluster[alone] = np.arange(len(place), len(place) + len(alone))
    return recoded(experiment, cluster, list(place), len(place) + len(alone))


def _hash(text: str | None) -> str | None:
    """Return a hash that does not depend on the order of keys or on white space."""
    if text is None:
        return None
    value = orjson.loads(text)
    plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return None if value in (None, {}, []) else f"inputs:{sha256(plain).hexdigest()[:12]}"
