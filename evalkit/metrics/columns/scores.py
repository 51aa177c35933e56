"""Score columns: the feedback cells of each score as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.deciding import (
    Decision,
    Evidence,
    decide_all,
    gather,
    remember,
)
from evalkit.metrics.columns.exact import rounded
from evalkit.metrics.columns.groups import score_names
from evalkit.metrics.columns.reading import CELL_OUTCOMES, MISSING, CellColumns, RunColumns
from evalkit.metrics.columns.settled import is_settled
from evalkit.metrics.documents.summary import ScoreSummary
from evalkit.model.scales.said import number_of
from evalkit.model.scales.scale import Scale
from evalkit.model.score import EvaluatorInfo

HELD = 500_000
"""Cells up to which the columns made of them are kept; of more, one is made at a time."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The cells of one score, before it is known what it is."""

    name: str
    place: tuple[str, str, str]
    info: EvaluatorInfo | None
    parts: tuple[int, ...]
    """Its cells: those of these groups, one after the other."""

    def rows(self, cells: CellColumns) -> Codes:
        """Return the rows of its cells, whatever their outcome."""
        parts = [cells.rows[place].whole() for place in self.parts]
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def spent(self, cells: CellColumns) -> float | None:
        """Return the seconds its calls took, None where no call says so."""
        told = [cells.spent[place] for place in self.parts]
        known = sum(n for n, _ in told)
        return rounded(sum(total for _, total in told)) / 1000 if known else None


class ScoreColumns(Sequence[ScoreColumn]):
    """The scores of an experiment, each made when it is asked for; small ones are kept."""

    def __init__(
        self,
        cells: CellColumns,
        runs: RunColumns,
        infos: Sequence[EvaluatorInfo],
        unrun: int,
        decisions: Mapping[str, Decision],
    ) -> None:
        self._groups = _groups(cells, infos)
        self._data, self._unrun, self._decisions = (cells, runs), unrun, decisions
        self._held: dict[int, ScoreColumn] = {}
        self._outcomes: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[ScoreColumn]:
        for place in range(len(self)):
            yield self[place]  # and no other is held here

    def rows(self, place: int) -> Codes:
        """Return the rows in the cells table of a score's cells, whatever their outcome."""
        return self._groups[place].rows(self._data[0])

    @property
    def names(self) -> list[str]:
        """The name of each score; no score is made to find out."""
        return [group.name for group in self._groups]

    @property
    def infos(self) -> list[EvaluatorInfo | None]:
        """The evaluator of each score; no score is made to find out."""
        return [group.info for group in self._groups]

    @overload
    def __getitem__(self, at: int) -> ScoreColumn: ...

    @overload
    def __getitem__(self, at: slice) -> list[ScoreColumn]: ...

    def __getitem__(self, at: int | slice) -> ScoreColumn | list[ScoreColumn]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = range(len(self))[at]
        return self._held.get(place) or self._made(place)

    def _made(self, place: int) -> ScoreColumn:
        group, (cells, runs) = self._groups[place], self._data
        if place not in self._outcomes:
            scope = group.info.scope if group.info else "run"
            self._outcomes[place] = _outcomes(cells, self.rows(place), runs, scope, self._unrun)
        scale = self._decisions.get(group.name) or Decision("none")
        column = _column(group, scale, self._data, self._outcomes[place])
        if cells.n <= HELD:
            self._held[place] = column
        return column


def score_columns(
    cells: CellColumns,
    runs: RunColumns,
    infos: Sequence[EvaluatorInfo],
    unrun_examples: int,
    decisions: Mapping[str, Decision] | None = None,
) -> ScoreColumns:
    """Split the cells into scores, in order of first appearance.

    `decisions` says what each score is; without them it is decided by these cells alone.
    """
    if decisions is None:
        decisions = decided([(cells, infos)], {})
    return ScoreColumns(cells, runs, infos, unrun_examples, decisions)


def decided(
    experiments: Iterable[tuple[CellColumns, Sequence[EvaluatorInfo]]],
    configured: Mapping[str, Scale],
    saved: Sequence[Mapping[str, ScoreSummary]] = (),
) -> dict[str, Decision]:
    """Decide what the scores of all experiments of a call are, by name; once for all of them.

    `saved` are the scores of summaries that the experiments are held against.
    """
    found: dict[str, Evidence] = {}
    for cells, infos in experiments:
        groups = _groups(cells, infos)
        gather(found, cells, ((g.name, _scored(cells, g.rows(cells)), g.info) for g in groups))
    for scores in saved:
        remember(found, scores)
    return decide_all(found, configured)


def _groups(cells: CellColumns, infos: Sequence[EvaluatorInfo]) -> list[_Group]:
    by_name = {info.name: info for info in infos}
    names = score_names(cells.groups)
    ghosts = _ghosts(cells)
    return [
        _Group(
            name=names[place],
            place=group,
            info=by_name.get(group[0]),
            parts=(place, *(ghost for ghost, heirs in ghosts.items() if place in heirs)),
        )
        for place, group in enumerate(cells.groups)
        if place not in ghosts
    ]


def _ghosts(cells: CellColumns) -> dict[int, list[int]]:
    """Find keys that only ever failed, of evaluators that otherwise give other keys.

    An evaluator that raises cannot say which keys it would have given, so its error stands under
    its own name; such cells belong to every key it does give.
    """
    scored = [bool((cells.outcome[rows.whole()] == 0).any()) for rows in cells.rows]
    ghosts: dict[int, list[int]] = {}
    for place, (evaluator, key, source) in enumerate(cells.groups):
        if scored[place] or key != evaluator:
            continue
        heirs = [
            other
            for other, (name, _, kind) in enumerate(cells.groups)
            if other != place and scored[other] and name == evaluator and kind == source
        ]
        if heirs:
            ghosts[place] = heirs
    return ghosts


def _scored(cells: CellColumns, rows: Codes) -> Codes:
    there = cells.outcome[rows] == 0
    scored: Codes = rows if there.all() else rows[there]
    return scored


def _column(
    group: _Group,
    scale: Decision,
    data: tuple[CellColumns, RunColumns],
    outcomes: dict[str, int],
) -> ScoreColumn:
    """Make a score; what it is made of is let go as soon as may be, for it can be millions."""
    cells, runs = data
    scored = _scored(cells, group.rows(cells))
    values = _read(scored, scale, cells)
    there = ~np.isnan(values)
    worded = scored[~there]
    if len(worded):
        scored, values = scored[there], values[there]
    del there
    held = [values, cells.run[scored]]
    del scored, values
    values, run, cluster = _settled(held, runs)
    evaluator, key, source = group.place
    return ScoreColumn(
        group.name,
        key,
        evaluator,
        source,
        info=group.info,
        scope=group.info.scope if group.info else "run",
        scale=scale,
        run=run,
        cluster=cluster,
        unit=None if runs.unit_of is None else runs.units(cluster),
        values=values,
        outcomes=outcomes,
        worded=worded,
        seconds=group.spent(cells),
        settled=is_settled(runs.n),
    )


def _settled(held: list[Any], runs: RunColumns) -> tuple[Floats, Codes, Codes]:
    """Take values and runs out of `held`; return them in their order, with their examples."""
    run, values = held.pop(), held.pop()
    if not is_settled(runs.n):
        return values, run, cell_clusters(run, runs)
    order = np.argsort(values)
    if (run < 0).any():  # a cell of no run is its own example, and has its code by its place
        return values[order], run[order], cell_clusters(run, runs)[order]
    values = values[order]  # one after the other: there are many
    run = run[order]
    del order
    return values, run, cell_clusters(run, runs)


def _read(scored: Codes, scale: Decision, cells: CellColumns) -> Floats:
    """Return the number of each scored cell, NaN for what is none of this score's."""
    if scale.kind in ("category", "none"):
        return np.full(len(scored), np.nan)
    values: Floats = cells.score[scored]
    silent = np.isnan(values)
    if silent.any():
        raw, words = cells.said.words
        table = np.array([*(_number(word, scale) for word in words), np.nan])
        values = np.where(silent, table[raw[scored]], values)
    if scale.range is not None:
        values[~scale.holds(values)] = np.nan
    if scale.kind == "share":
        np.clip(values, 0.0, 1.0, out=values)
    if _marks(scale) and (values == 1).any():
        values = np.where(cells.said.truths[scored], np.nan, values)
    return values


def _number(word: str, scale: Decision) -> float:
    number = number_of(word, letters=scale.letters)
    if number is None or (isinstance(number, bool) and _marks(scale)):
        return float("nan")
    return float(number)


def _marks(scale: Decision) -> bool:
    """Tell whether this is a number with a range of its own, of which true is no mark."""
    return scale.kind == "number" and scale.range is not None and scale.range != (0.0, 1.0)


def cell_clusters(run: Codes, runs: RunColumns) -> Codes:
    """Return the example code of each cell; cells of no run are each their own."""
    if (run >= 0).all():
        inner: Codes = runs.cluster[run]
        return inner
    outside: Codes = runs.clusters + np.arange(len(run), dtype=np.int64)
    inside = run >= 0
    outside[inside] = runs.cluster[run[inside]]
    return outside


def _outcomes(
    cells: CellColumns, rows: Codes, runs: RunColumns, scope: str, unrun_examples: int
) -> dict[str, int]:
    counts = np.bincount(np.maximum(cells.outcome[rows], 0), minlength=len(CELL_OUTCOMES))
    found = {name: int(counts[place]) for place, name in enumerate(CELL_OUTCOMES)}
    if scope == "run":
        seen = np.zeros(runs.n, bool)
        inside = cells.run[rows]
        seen[inside[inside >= 0]] = True
        silent = runs.n - int(seen.sum())
        noted = int(((cells.outcome[rows] == MISSING) & (inside < 0)).sum())
        found["missing"] += silent + max(0, unrun_examples - noted)
    return found
