"""Scored: what every run got of each score, as arrays, read as the figures read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask, unique
from evalkit.metrics.columns.arrow import codes, integers, numbers
from evalkit.metrics.columns.reading import Said, lookup
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.model.results import Results
from evalkit.model.scales.said import are_grades, number_of, plainly
from evalkit.model.schema.columns import RUN_PLACE
from evalkit.model.score import CELL_OUTCOMES

NEAR = 1e-6
"""Room beside a range, as a share of its width: rounding is no impossible score."""
MISSING = CELL_OUTCOMES.index("missing")
ERROR = CELL_OUTCOMES.index("evaluator_error")


class Owners:
    """Finds under which names of the Summary a cell of (evaluator, key) counts."""

    def __init__(self, summary: Summary) -> None:
        self._exact: dict[tuple[str, str], str] = {}
        self._by_evaluator: dict[str, list[str]] = {}
        for name, score in summary.scores.items():
            self._exact.setdefault((score.evaluator, score.key), name)
            self._by_evaluator.setdefault(score.evaluator, []).append(name)

    def names(self, evaluator: str | None, key: str | None) -> list[str]:
        """Return the names; a cell whose evaluator raised belongs to every key it gives."""
        exact = self._exact.get((evaluator or "", key or ""))
        if exact is not None:
            return [exact]
        return self._by_evaluator.get(evaluator or "", [])


class Scored:
    """One score of all runs of all experiments; step scores are averaged inside their run."""

    def __init__(self, name: str, summary: ScoreSummary, n: int) -> None:
        self.name, self.summary = name, summary
        plain = summary.type == "rate" and not summary.graded
        self.type = "category" if summary.type == "category" else "bool" if plain else "number"
        self.low = _low(self.type, summary)
        self.outcomes = np.full(n, MISSING, np.uint8)
        self.counts = np.zeros(n, np.int32)
        self.vocabulary: list[str] = []
        self.words = np.full(n if self.type == "category" else 0, -1, np.int32)
        self._sums = np.zeros(0 if self.type == "category" else n)
        self._texts: list[tuple[int, str]] = []

    @property
    def fails(self) -> Mask:
        """Which runs have a value that does not pass."""
        if self.low is None:
            return np.zeros(len(self.outcomes), np.bool_)
        values = self.values
        lower = self.summary.direction == "lower"
        failing: Mask = values > self.low if lower else values < self.low
        return failing

    @property
    def values(self) -> Floats:
        """The mean of each run's values; NaN: it has none."""
        found: Floats = np.full(len(self._sums), np.nan)
        np.divide(self._sums, self.counts, out=found, where=self.counts > 0)
        return found

    def of(self, rows: Codes) -> tuple[list[float | None], list[str]]:
        """Return the values of some runs; of words, their places and the words as they come up."""
        if self.type != "category":
            return [None if v != v else v for v in self.values[rows].tolist()], []
        places: dict[str, int] = {}
        values: list[float | None] = []
        for code in self.words[rows].tolist():
            known = self.vocabulary[code] if code >= 0 else None
            place = None if known is None else float(places.setdefault(known, len(places)))
            values.append(place)
        return values, list(places)

    def add(self, cells: Cells) -> None:
        """Take some cells in."""
        said = (cells.outcomes != MISSING) & (self.outcomes[cells.runs] == MISSING)
        self.outcomes[cells.runs[said][::-1]] = cells.outcomes[said][::-1]  # a run's first stays
        scored = np.flatnonzero(cells.outcomes == 0)
        runs = cells.runs[scored]
        self.outcomes[runs] = 0
        if self.type == "category":
            self._add_words(cells, scored, runs)
            return
        numbers = cells.scores[scored]
        silent = np.isnan(numbers)
        if silent.any():
            raw, words = cells.said.words
            pairs = zip(runs[silent].tolist(), raw[cells.at[scored[silent]]].tolist(), strict=True)
            self._texts += [(run, words[code]) for run, code in pairs if code >= 0]
            runs, scored, numbers = runs[~silent], scored[~silent], numbers[~silent]
        nowhere = np.zeros(len(scored), np.bool_)
        truths = cells.said.truths[cells.at[scored]] if self._marks else nowhere
        self._count(runs, numbers, truths)

    def finish(self) -> None:
        """Read the texts that stand for numbers, once all are there."""
        letters = are_grades(word for _, word in self._texts)
        for run, word in self._texts:
            number = number_of(word, letters=letters)
            if number is not None:
                truth = np.array([isinstance(number, bool)])
                self._count(np.array([run]), np.array([float(number)]), truth)
        self._texts = []

    @property
    def _marks(self) -> bool:
        score = self.summary
        return score.type == "number" and score.range not in (None, (0.0, 1.0))

    def _count(self, runs: Codes, numbers: Floats, truths: Mask) -> None:
        """Take numbers in, but for those that cannot be one of this score."""
        if self.summary.range is not None:
            low, high = self.summary.range
            room = NEAR * (high - low)
            possible = (numbers >= low - room) & (numbers <= high + room)
            possible &= ~(truths & self._marks)
            runs, numbers = runs[possible], numbers[possible]
        np.add.at(self._sums, runs, numbers)
        np.add.at(self.counts, runs, 1)

    def _add_words(self, cells: Cells, scored: Codes, runs: Codes) -> None:
        raw, words = cells.said.words
        known = {word: place for place, word in enumerate(self.vocabulary)}
        codes = np.array([known.setdefault(word, len(known)) for word in words] + [-1], np.int32)
        found = codes[raw[cells.at[scored]]]
        for place in np.flatnonzero(~np.isnan(cells.scores[scored])).tolist():
            cell = scored[place]
            word = _written(float(cells.scores[cell]), bool(cells.said.truths[cells.at[cell]]))
            found[place] = known.setdefault(word, len(known))
        self.words[runs] = found
        self.vocabulary = list(known)


@dataclass(frozen=True, slots=True)
class Cells:
    """Some cells of one score."""

    at: Codes
    """Their places in the table."""
    runs: Codes
    """Their runs, among those of all experiments."""
    outcomes: Codes
    scores: Floats
    """NaN where there is no number."""
    said: Said


def read(
    results: Sequence[Results], summaries: Sequence[Summary], sizes: Sequence[int]
) -> list[Scored]:
    """Read the scores of whole runs and of steps; `sizes` are the runs of each experiment."""
    total = sum(sizes)
    found: dict[str, Scored] = {}
    for summary in summaries:
        for name, score in summary.scores.items():
            known = found.get(name)
            if score.scope in ("run", "step") and (known is None or known.summary.type == "none"):
                found[name] = Scored(name, score, total)
    start = 0
    for one, summary, size in zip(results, summaries, sizes, strict=True):
        _read(found, one, Owners(summary), start)
        start += size
    for each in found.values():
        each.finish()
    return list(found.values())


NAMES = ("evaluator", "key", RUN_PLACE.name, "outcome", "score")


def _read(found: dict[str, Scored], results: Results, owners: Owners, start: int) -> None:
    """Read the cells of an experiment a batch at a time: of a million runs there are many."""
    said, first = Said(results), 0
    batches = (each for table in results.tables("cells", NAMES) for each in table.to_batches())
    for batch in batches:  # in the order in which `Said` finds words
        runs = integers(batch.column(RUN_PLACE.name))
        outcomes = lookup(batch.column("outcome"), CELL_OUTCOMES).astype(np.int64)
        outcomes[outcomes < 0] = MISSING
        scores = numbers(batch.column("score"))
        whose, pairs = _owned(batch, owners)
        for name, own in whose.items():
            if name in found:
                mine = np.flatnonzero(np.isin(pairs, own) & (runs >= 0))
                cells = Cells(mine + first, runs[mine] + start, outcomes[mine], scores[mine], said)
                found[name].add(cells)
        first += batch.num_rows


def _owned(batch: Any, owners: Owners) -> tuple[dict[str, list[int]], Codes]:
    """Return a code of the evaluator and key of each cell, and the codes that each name has."""
    (evaluator, evaluators), (key, keys) = (codes(batch.column(name)) for name in NAMES[:2])
    size = len(keys) + 1
    pairs: Codes = (evaluator.astype(np.int64) + 1) * size + key + 1
    whose: dict[str, list[int]] = {}
    for pair in unique(pairs).tolist():
        at, of = divmod(pair, size)
        for name in owners.names((None, *evaluators)[at], (None, *keys)[of]):
            whose.setdefault(name, []).append(pair)
    return whose, pairs


def _written(number: float, truth: bool) -> str:
    return ("true" if number else "false") if truth else plainly(number)


def _low(kind: str, summary: ScoreSummary) -> float | None:
    """Return the value at which a score passes, where that is defined."""
    if kind == "category" or summary.direction is None:
        return None
    if kind == "bool":
        return 0.0 if summary.direction == "lower" else 1.0
    return summary.threshold
