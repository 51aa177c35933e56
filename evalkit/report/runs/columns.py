"""Rows: what the page's tables, filters and charts know of every run it lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from evalkit.metrics.columns.few import some_rows
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.metrics.selecting import scored
from evalkit.metrics.selecting.chosen import Chosen, choose, everything
from evalkit.metrics.selecting.scored import Scored
from evalkit.metrics.summaries.outcomes import normalise
from evalkit.model.outcome import failed, place_of
from evalkit.model.results import Results
from evalkit.report.runs import fields

ERRORS = 250
"""Different errors that can be filtered for; the rest shares the last place."""
NO_ERROR = 255


@dataclass(slots=True)
class ScoreColumn:
    """One score over the runs listed; several of one run are averaged inside it."""

    name: str
    summary: ScoreSummary
    type: str
    """`bool`, `number` or `category`."""
    low: float | None
    """Values on the wrong side of it fail; None: passing is not defined."""
    values: list[float | None]
    """A number, or the place of the category in `categories`."""
    outcomes: bytes
    categories: list[str]
    counts: list[int]
    """Scored cells in each run: more than one for scores of steps, or where two people scored."""

    def fails(self, row: int) -> bool:
        """Return whether the score of the run in `row` does not pass."""
        value = self.values[row]
        if value is None or self.low is None:
            return False
        return value > self.low if self.summary.direction == "lower" else value < self.low


@dataclass(slots=True)
class Rows:
    """One entry a run, experiments one after the other."""

    experiments: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Of each run among those of its experiment."""
    run_ids: list[str] = field(default_factory=list)
    examples: list[int] = field(default_factory=list)
    example_ids: list[str] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    error_names: list[str] = field(default_factory=list)
    error_said: list[str] = field(default_factory=list)
    """What the first run of each name said: what may not leave is seen in it, not in its kind."""
    numbers: dict[str, list[float | None]] = field(default_factory=dict)
    """By key of the table of fields."""
    texts: dict[str, list[str | None]] = field(default_factory=dict)
    scores: list[ScoreColumn] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)
    """How many scores of each run do not pass."""

    def __len__(self) -> int:
        return len(self.run_ids)

    def error_kind(self, code: int, clean: Callable[[str], str]) -> str:
        """Return the name of a kind of error, of what its first run said and as it may be shown."""
        return normalise(clean(self.error_said[code]))


def read(
    results: Sequence[Results],
    summaries: Sequence[Summary],
    keys: Mapping[str, str] | None = None,
    *,
    most: int | None = None,
    regressed: Collection[str] = (),
    named: Collection[str] | None = None,
) -> tuple[Rows, Chosen]:
    """Choose runs of all experiments, see `choose`, and read the rows of those listed.

    `keys` gives the example of a run by its id, where runs were paired by something else than
    their example id.
    """
    every = everything(results, _keys(results, keys) if keys else None)
    scores = scored.read(results, summaries, every.sizes)
    every = replace(every, scored=scores)
    chosen = choose(every, results, most, regressed, named)
    rows = Rows(
        numbers={each.key: [] for each in fields.NUMBERS},
        texts={each.key: [] for each in fields.TEXTS},
    )
    reading = _Reading(rows, keys or {})
    starts = accumulate(every.sizes, initial=0)
    for number, (one, start) in enumerate(zip(results, starts, strict=False)):
        here = (chosen.listed >= start) & (chosen.listed < start + every.sizes[number])
        reading.add(number, one, chosen.listed[here] - start)
    rows.example_ids, rows.error_names = list(reading.places), list(reading.errors)
    rows.error_said = reading.said
    rows.scores = [_column(each, chosen) for each in scores]
    rows.failing = every.failing[chosen.listed].tolist()
    return rows, chosen


def _keys(results: Sequence[Results], keys: Mapping[str, str]) -> list[str]:
    """Return the example of every run, as runs were paired."""
    found = []
    for one in results:
        table = one.table("runs", ["run_id", "example_id"])
        pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
        found += [_key(run_id, example_id, keys) for run_id, example_id in pairs]
    return found


def _key(run_id: str, example_id: str | None, keys: Mapping[str, str]) -> str:
    return keys.get(run_id) or example_id or f"(run {run_id})"


class _Reading:
    """Reads the rows of one experiment after the other."""

    def __init__(self, rows: Rows, keys: Mapping[str, str]) -> None:
        self._rows, self._keys = rows, keys
        self.places: dict[str, int] = {}
        self.errors: dict[str, int] = {}
        self.said: list[str] = []

    def add(self, number: int, results: Results, places: Any) -> None:
        """Add the runs at some places, which go upwards."""
        more = [each.column for each in (*fields.NUMBERS, *fields.TEXTS)]
        names = ["run_id", "example_id", "outcome", "error", *more]
        self._rows.experiments += [number] * len(places)
        self._rows.places += places.tolist()
        for table in some_rows(results, names, places):
            self._take({name: table.column(name).to_pylist() for name in names})

    def _take(self, columns: Mapping[str, list[Any]]) -> None:
        rows, known = self._rows, self.places
        rows.run_ids += columns["run_id"]
        for run_id, example_id in zip(columns["run_id"], columns["example_id"], strict=True):
            key = _key(run_id, example_id, self._keys)
            rows.examples.append(known.setdefault(key, len(known)))
        for outcome, error in zip(columns["outcome"], columns["error"], strict=True):
            rows.outcomes.append(place_of(outcome))
            rows.errors.append(self._error(outcome, error))
        for each in fields.NUMBERS:
            rows.numbers[each.key] += columns[each.column]
        for each in fields.TEXTS:
            rows.texts[each.key] += columns[each.column]

    def _error(self, outcome: str, error: str | None) -> int:
        if not (failed(outcome) or error):
            return NO_ERROR
        said = error or f"({outcome}, nothing recorded)"
        text = normalise(error) if error else said
        if text not in self.errors and len(self.errors) >= ERRORS:
            text = said = "(other errors)"
        if text not in self.errors:
            self.said.append(said)
        return self.errors.setdefault(text, len(self.errors))


def _column(found: Scored, chosen: Chosen) -> ScoreColumn:
    """Return a score of the runs listed."""
    values, categories = found.of(chosen.listed)
    return ScoreColumn(
        found.name,
        found.summary,
        found.type,
        found.low,
        values,
        outcomes=found.outcomes[chosen.listed].tobytes(),
        categories=categories,
        counts=found.counts[chosen.listed].tolist(),
    )
