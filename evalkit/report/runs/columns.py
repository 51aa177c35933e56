"""Rows: what the page's tables, filters and charts know of every run, read column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.metrics.summaries.outcomes import normalise
from evalkit.model.outcome import failed, place_of
from evalkit.model.results import Results
from evalkit.model.scales.said import are_grades, number_of, plainly
from evalkit.model.score import CELL_OUTCOMES
from evalkit.report.runs import fields

ERRORS = 250
"""Different errors that can be filtered for; the rest shares the last place."""
NO_ERROR = 255
NEAR = 1e-6
"""Room beside a range, as a share of its width: rounding is no impossible score."""
MISSING = CELL_OUTCOMES.index("missing")


@dataclass(slots=True)
class ScoreColumn:
    """One score over all runs of all experiments; step scores are averaged inside their run."""

    name: str
    summary: ScoreSummary
    type: str
    """`bool`, `number` or `category`."""
    low: float | None
    """Values on the wrong side of it fail; None: passing is not defined."""
    values: list[float | None]
    """A number, or the place of the category in `categories`."""
    outcomes: bytearray
    categories: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    """Scored cells in each run: more than one for scores of steps."""

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
    run_ids: list[str] = field(default_factory=list)
    examples: list[int] = field(default_factory=list)
    example_ids: list[str] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    error_names: list[str] = field(default_factory=list)
    numbers: dict[str, list[float | None]] = field(default_factory=dict)
    """By key of the table of fields."""
    texts: dict[str, list[str | None]] = field(default_factory=dict)
    scores: list[ScoreColumn] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.run_ids)

    @property
    def failing(self) -> list[int]:
        """How many scores of each run do not pass."""
        return [sum(column.fails(row) for column in self.scores) for row in range(len(self))]


def read(
    results: Sequence[Results], summaries: Sequence[Summary], keys: Mapping[str, str] | None = None
) -> Rows:
    """Read the rows of every experiment.

    `keys` gives the example of a run by its id, where runs were paired by something else than
    their example id.
    """
    rows = Rows(
        numbers={each.key: [] for each in fields.NUMBERS},
        texts={each.key: [] for each in fields.TEXTS},
    )
    places: dict[str, int] = {}
    errors: dict[str, int] = {}
    for number, one in enumerate(results):
        _read_runs(rows, number, one, places, errors, keys or {})
    rows.example_ids = list(places)
    rows.error_names = list(errors)
    rows.scores = _score_columns(rows, results, summaries)
    return rows


def _read_runs(
    rows: Rows,
    number: int,
    results: Results,
    places: dict[str, int],
    errors: dict[str, int],
    keys: Mapping[str, str],
) -> None:
    more = [each.column for each in (*fields.NUMBERS, *fields.TEXTS)]
    names = ["run_id", "example_id", "outcome", "error", *more]
    table = results.table("runs", names)
    columns = {name: table.column(name).to_pylist() for name in names}
    rows.experiments += [number] * table.num_rows
    rows.run_ids += columns["run_id"]
    for run_id, example_id in zip(columns["run_id"], columns["example_id"], strict=True):
        key = keys.get(run_id) or example_id or f"(run {run_id})"
        rows.examples.append(places.setdefault(key, len(places)))
    for outcome, error in zip(columns["outcome"], columns["error"], strict=True):
        rows.outcomes.append(place_of(outcome))
        rows.errors.append(_error(outcome, error, errors))
    for each in fields.NUMBERS:
        rows.numbers[each.key] += columns[each.column]
    for each in fields.TEXTS:
        rows.texts[each.key] += columns[each.column]


def _error(outcome: str, error: str | None, errors: dict[str, int]) -> int:
    if not (failed(outcome) or error):
        return NO_ERROR
    text = normalise(error) if error else f"({outcome}, nothing recorded)"
    if text not in errors and len(errors) >= ERRORS:
        text = "(other errors)"
    return errors.setdefault(text, len(errors))


def _score_columns(
    rows: Rows, results: Sequence[Results], summaries: Sequence[Summary]
) -> list[ScoreColumn]:
    columns: dict[str, ScoreColumn] = {}
    for summary in summaries:
        for name, score in summary.scores.items():
            known = columns.get(name)
            if score.scope in ("run", "step") and (known is None or known.summary.type == "none"):
                columns[name] = ScoreColumn(name, score, "", None, [], bytearray())
    place = {run_id: row for row, run_id in _addresses(rows)}
    sums = {name: _Sums(len(rows), column.summary) for name, column in columns.items()}
    for number, (one, summary) in enumerate(zip(results, summaries, strict=True)):
        owners = Owners(summary)
        for cell in _cells(one):
            row = place.get((number, cell[0]))
            for name in owners.names(cell[1], cell[2]) if row is not None else ():
                if row is not None and name in sums:
                    sums[name].add(row, cell)
    for name, column in columns.items():
        sums[name].fill(column)
        _limit(column)
    return list(columns.values())


def _addresses(rows: Rows) -> Iterable[tuple[int, tuple[int, str]]]:
    yield from enumerate(zip(rows.experiments, rows.run_ids, strict=True))


def _cells(results: Results) -> Iterable[tuple[Any, ...]]:
    names = ["run_id", "evaluator", "key", "outcome", "score", "score_type", "value"]
    table = results.table("cells", names)
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


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


class _Sums:
    """Gathers the cells of one score by run, read as its figures read them."""

    def __init__(self, n: int, score: ScoreSummary) -> None:
        self.worded = score.type == "category"
        self.range = score.range
        self.marks = score.type == "number" and score.range not in (None, (0.0, 1.0))
        self.outcomes = bytearray([MISSING] * n)
        self.sums: list[float] = [0.0] * n
        self.counts = [0] * n
        self.words: list[str | None] = [None] * n
        self.texts: list[tuple[int, str]] = []

    def add(self, row: int, cell: tuple[Any, ...]) -> None:
        _, _, _, outcome, score, score_type, value = cell
        code = CELL_OUTCOMES.index(outcome) if outcome in CELL_OUTCOMES else MISSING
        if code == 0 or self.outcomes[row] == MISSING:
            self.outcomes[row] = code
        if code != 0:
            return
        truth = score_type == "bool"
        if self.worded:
            self.words[row] = word_of(value) if score is None else _written(score, truth)
        elif score is not None:
            self._count(row, score, truth)
        elif value is not None:
            self.texts.append((row, word_of(value)))

    def _count(self, row: int, number: float, truth: bool) -> None:
        """Take a number in, unless it cannot be one of this score."""
        if self.range is not None:
            room = NEAR * (self.range[1] - self.range[0])
            possible = self.range[0] - room <= number <= self.range[1] + room
            if not possible or (truth and self.marks):
                return
        self.sums[row] += number
        self.counts[row] += 1

    def fill(self, column: ScoreColumn) -> None:
        letters = are_grades(word for _, word in self.texts)
        for row, word in self.texts:
            number = number_of(word, letters=letters)
            if number is not None:
                self._count(row, float(number), isinstance(number, bool))
        column.outcomes = self.outcomes
        column.counts = self.counts
        if self.worded:
            column.type = "category"
            places: dict[str, int] = {}
            column.values = [
                None if word is None else float(places.setdefault(word, len(places)))
                for word in self.words
            ]
            column.categories = list(places)
            return
        pairs = zip(self.sums, self.counts, strict=True)
        column.values = [total / n if n else None for total, n in pairs]
        plain = column.summary.type == "rate" and not column.summary.graded
        column.type = "bool" if plain else "number"


def _written(number: float, truth: bool) -> str:
    return ("true" if number else "false") if truth else plainly(number)


def word_of(value: Any) -> str:
    """Return a category as people read it: JSON text of a string without its quotes."""
    try:
        parsed = orjson.loads(value) if isinstance(value, str | bytes) else value
    except orjson.JSONDecodeError:
        return str(value)
    return parsed if isinstance(parsed, str) else orjson.dumps(parsed).decode()


def _limit(column: ScoreColumn) -> None:
    """Set the value at which the score passes, where that is defined."""
    if column.type == "category" or column.summary.direction is None:
        return
    column.low = column.summary.threshold
    if column.type == "bool":
        column.low = 0.0 if column.summary.direction == "lower" else 1.0
