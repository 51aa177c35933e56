"""Chosen: which runs a page lists, and which of these it holds whole: by rule, then by chance.

First come the runs that the page names, those that went wrong and those of regressed examples, then
failing scores, then the slowest; the rest, and a group that does not fit, is sampled. The seed is a
digest of all content, so that the same store gives the same page. Chance is dealt by example and
repetition, so that runs of one question come together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.columns.arrow import codes, decoded, numbers, valid
from evalkit.metrics.columns.reading import OUTCOMES, lookup
from evalkit.metrics.selecting.scored import ERROR, Scored
from evalkit.model.outcome import SUCCEEDED, place_of, places_of
from evalkit.model.results import Results

MOST = 2_000
"""Runs that a page holds whole, where nobody says another number."""
LISTED = 20_000
"""Runs that a page lists at most, unless more are held whole."""
NAMED, WRONG, FAILING, SLOW, REST = range(5)
SHARES = 8
"""The rest is dealt to this many piles, so that a random part of it is kept within a size."""
SLOWEST = 0.01
WORST = 8
"""Runs that a page names: the largest regressions, or those with most failing scores."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
Numbers64 = NDArray[np.uint64]
ODD = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Everything:
    """What the choice is made by, of all runs of all experiments, one after the other."""

    sizes: tuple[int, ...]
    examples: Codes
    """A code for each example; a run without one is its own."""
    example_ids: list[str]
    """Of the codes below its length."""
    outcomes: Codes
    latencies: Floats
    scored: Sequence[Scored] = ()

    @property
    def failing(self) -> Codes:
        """How many scores of each run do not pass."""
        total = np.zeros(len(self.outcomes), np.int32)
        for each in self.scored:
            total += each.fails
        return total


@dataclass(frozen=True, slots=True)
class Chosen:
    """Runs as their places among all, experiments one after the other."""

    total: int
    most: int | None
    """How many may be held whole; None: all."""
    seed: str
    listed: Codes
    """Upwards."""
    whole: Mask
    """Which of those listed are held whole."""
    groups: Codes
    """Of each run listed, which are held first; the rest in random piles."""

    @property
    def partial(self) -> bool:
        """Whether runs are left out of the list."""
        return len(self.listed) < self.total

    @property
    def n(self) -> int:
        """How many runs are held whole."""
        return int(self.whole.sum())

    def described(self) -> dict[str, Any]:
        """Return what the page's header says of the choice."""
        return {
            "total": self.total,
            "most": self.most,
            "whole": self.n,
            "listed": len(self.listed),
            "seed": self.seed,
        }


def everything(results: Sequence[Results], keys: Sequence[str] | None) -> Everything:
    """Read columns of all runs; `keys` are the examples of the runs, where those are not stored."""
    outcomes, latencies = [np.empty(0, np.int8)], [np.empty(0)]
    examples, sizes = _Examples(), []
    for one in results:
        before = sum(map(len, outcomes))
        for table in one.tables("runs", ["example_id", "outcome", "latency_s"]):
            outcomes.append(lookup(table.column("outcome"), OUTCOMES))
            latencies.append(numbers(table.column("latency_s")))
            if keys is None:
                examples.add(table.column("example_id"))
        sizes.append(sum(map(len, outcomes)) - before)
    found, ids = examples.all(keys)
    ended = np.concatenate(outcomes)
    ended[ended < 0] = place_of(None)
    return Everything(tuple(sizes), found, ids, ended, np.concatenate(latencies))


def choose(
    every: Everything,
    results: Sequence[Results],
    most: int | None,
    regressed: Collection[str],
    named: Collection[str] | None,
) -> Chosen:
    """Choose the runs: `most` whole, and no more than `LISTED`, or `most`, in the list.

    `regressed` are examples; of these, `named` are those the page itself names. None: it names the
    runs with most failing scores.
    """
    total = sum(every.sizes)
    seed = seed_of(results)
    groups = groups_of(every, regressed, named)
    chance = _chance(every, results, seed)
    order = np.lexsort((chance, groups))
    if most is None or total <= max(LISTED, most):
        rows = np.arange(total)
    else:
        rows = _whole_examples(every.examples, order, max(LISTED, most))
    inside = np.zeros(total, np.bool_)
    inside[rows] = True
    whole = np.zeros(total, np.bool_)
    whole[order[inside[order]][:most]] = True
    piles = groups + np.where(groups == REST, (chance >> np.uint64(61)).astype(np.int64), 0)
    return Chosen(total, most, seed, rows, whole[rows], piles[rows])


def groups_of(
    every: Everything, regressed: Collection[str], named: Collection[str] | None
) -> Codes:
    """Return the group of each run: the page names it, it went wrong, fails, is slow, or none."""
    groups = np.full(len(every.outcomes), REST, np.int64)
    slow = np.sort(every.latencies[~np.isnan(every.latencies)])[::-1]
    if len(slow):
        groups[every.latencies >= slow[int(len(slow) * SLOWEST)]] = SLOW
    failing = every.failing
    groups[failing > 0] = FAILING
    good = np.isin(every.outcomes, sorted(places_of(SUCCEEDED)))
    broken = ~good
    for each in every.scored:
        broken |= each.outcomes == ERROR
    groups[broken | _among(every, regressed)] = WRONG
    groups[worst(failing) if named is None else _among(every, named)] = NAMED
    return groups


def worst(failing: Codes) -> Codes:
    """Return the runs with most failing scores, the first ones of equals."""
    found = np.flatnonzero(failing)
    ordered: Codes = found[np.argsort(-failing[found], kind="stable")][:WORST]
    return ordered


def seed_of(results: Sequence[Results]) -> str:
    """Return a digest of the content of all runs, whatever their order."""
    whole = blake2b(digest_size=4)
    for one in results:
        held = decoded(one.table("runs", ["content_hash"]).column(0))
        ordered = held.take(pc.sort_indices(held))
        whole.update(len(ordered).to_bytes(8, "little"))
        if len(ordered):
            whole.update(memoryview(ordered.buffers()[2]))
    return whole.hexdigest()


def _among(every: Everything, examples: Collection[str]) -> Mask:
    wanted = set(examples)
    there = [name in wanted for name in every.example_ids] if wanted else []
    known = np.array([*there, False], np.bool_)
    found: Mask = known[np.minimum(every.examples, len(known) - 1)] if there else _none(every)
    return found


def _none(every: Everything) -> Mask:
    return np.zeros(len(every.outcomes), np.bool_)


class _Examples:
    """Ids of examples as codes, in the order they were first seen in."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._parts = [np.empty(0, np.int64)]

    def add(self, column: Any) -> None:
        """Take in the examples of further runs."""
        raw, values = codes(column)
        places = [*(self._known.setdefault(v, len(self._known)) for v in values), -1]
        self._parts.append(np.array(places, np.int64)[raw])

    def all(self, keys: Sequence[str] | None) -> tuple[Codes, list[str]]:
        """Return the code of each run, one of its own where it has no example, and the ids."""
        known = self._known
        if keys is not None:
            self._parts = [np.array([known.setdefault(k, len(known)) for k in keys], np.int64)]
        found = np.concatenate(self._parts)
        alone = found < 0
        found[alone] = np.arange(len(known), len(known) + int(alone.sum()))
        return found, list(known)


def _chance(every: Everything, results: Sequence[Results], seed: str) -> Numbers64:
    """Return a random number for each run, the same for one example and repetition everywhere."""
    key = seed.encode()
    if len(results) == 1:
        return _hashes(decoded(results[0].table("runs", ["run_id"]).column(0)), key)
    named = np.array([_hash(name, key) for name in every.example_ids], np.uint64)
    alone = np.arange(int(every.examples.max(initial=-1)) + 1 - len(named), dtype=np.uint64)
    of = np.concatenate([named, _mixed(alone ^ np.uint64(int(seed, 16)))])[every.examples]
    turns = [one.table("runs", ["repetition"]).column(0) for one in results]
    turn = np.concatenate([np.where(valid(t), numbers(t, 0.0), 0.0) for t in turns])
    return _mixed(of + turn.astype(np.uint64) * GOLDEN)


def _hashes(column: Any, key: bytes) -> Numbers64:
    size = 65_536  # piece by piece: a text of Python is many times as large as one of Arrow
    pieces = [column.slice(at, size).to_pylist() for at in range(0, len(column), size)]
    found = [np.array([_hash(text, key) for text in piece], np.uint64) for piece in pieces]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


def _hash(text: str, key: bytes) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8, key=key).digest(), "little")


def _mixed(values: Numbers64) -> Numbers64:
    """Spread numbers over all 64 bits (the finalizer of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * ODD[0]
    values = (values ^ (values >> np.uint64(27))) * ODD[1]
    return values ^ (values >> np.uint64(31))


def _whole_examples(examples: Codes, order: Codes, room: int) -> Codes:
    """Return the runs of the first examples in an order, all of each, as many as there is room for.

    Figures of an example are then those of all its runs. Where no example fits, the first runs.
    """
    sizes = np.bincount(examples)
    _, first = np.unique(examples[order], return_index=True)
    taken = np.zeros(len(sizes), np.bool_)
    left, least = room, int(sizes[sizes > 0].min())
    for at in np.sort(first).tolist():
        example = examples[order[at]]
        if sizes[example] <= left:
            taken[example] = True
            left -= int(sizes[example])
            if left < least:
                break
    found: Codes = np.flatnonzero(taken[examples]) if taken.any() else np.sort(order[:room])
    return found
