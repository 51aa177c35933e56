"""Score columns: the feedback cells of each score as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.reading import CELL_OUTCOMES, CellColumns, RunColumns
from evalkit.model.score import EvaluatorInfo


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """One score as arrays: what slices, reducers and comparisons start from."""

    name: str
    key: str
    evaluator: str
    source: str
    info: EvaluatorInfo | None
    scope: str
    type: str
    run: Codes
    """Row of the run of each scored cell; -1 outside runs."""
    cluster: Codes
    values: Floats
    """Numbers of the scored cells."""
    rows: Codes
    """Rows in the cells table of all of the score's cells, whatever their outcome."""
    outcomes: dict[str, int]
    unit: Codes | None = None
    """Independent unit of each value, when it is coarser than the example."""

    @property
    def units(self) -> Codes:
        """Independent unit of each value."""
        return self.cluster if self.unit is None else self.unit

    @property
    def direction(self) -> str | None:
        """Whether higher or lower is better."""
        return self.info.direction if self.info else "higher"

    @property
    def threshold(self) -> float | None:
        """What counts as a pass, for numbers; true or false needs none."""
        return self.info.threshold if self.info else None


def score_columns(
    cells: CellColumns, runs: RunColumns, infos: Sequence[EvaluatorInfo], unrun_examples: int
) -> list[ScoreColumn]:
    """Split the cells into scores, in order of first appearance."""
    by_name = {info.name: info for info in infos}
    names = score_names(cells.groups)
    order = np.argsort(cells.group, kind="stable").astype(np.int32)
    ends = np.cumsum(np.bincount(cells.group, minlength=len(cells.groups)))
    rows_of_group = np.split(order, ends[:-1]) if len(cells.groups) else []
    ghosts = _ghosts(cells, rows_of_group)
    found = []
    for place, (evaluator, key, source) in enumerate(cells.groups):
        if place in ghosts:
            continue
        extra = [rows_of_group[g] for g, heirs in ghosts.items() if place in heirs]
        rows = np.concatenate([rows_of_group[place], *extra])
        info = by_name.get(evaluator)
        scope = info.scope if info else "run"
        counted = _outcomes(cells, rows, runs, scope, unrun_examples)
        found.append(
            _column(
                (names[place], key, evaluator, source),
                info,
                scope,
                _scored(cells, rows),
                (cells, runs),
                (rows, counted),
            )
        )
    return found


def score_names(groups: Sequence[tuple[str, str, str]]) -> list[str]:
    """Name each (evaluator, key, source): the key when only one has it, else with its evaluator.

    An evaluator named like its key keeps the plain name; the others say whose they are.
    """
    holders: dict[str, int] = {}
    for _, key, _ in groups:
        holders[key] = holders.get(key, 0) + 1
    names: list[str] = []
    for evaluator, key, source in groups:
        own = holders[key] == 1 or (evaluator == key and source == "evaluator")
        name = key if own else f"{evaluator}.{key}"
        names.append(f"{source}.{key}" if name in names else name)
    return names


def _ghosts(cells: CellColumns, rows: Sequence[Codes]) -> dict[int, list[int]]:
    """Find keys that only ever failed, of evaluators that otherwise give other keys.

    An evaluator that raises cannot say which keys it would have given, so its error stands under
    its own name; such cells belong to every key it does give.
    """
    scored = [bool((cells.outcome[r] == 0).any()) for r in rows]
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
    scored: Codes = rows[cells.outcome[rows] == 0]
    return scored


def _column(
    names: tuple[str, str, str, str],
    info: EvaluatorInfo | None,
    scope: str,
    scored: Codes,
    data: tuple[CellColumns, RunColumns],
    counted: tuple[Codes, dict[str, int]],
) -> ScoreColumn:
    cells, runs = data
    numeric = scored[~np.isnan(cells.score[scored])]
    run = cells.run[numeric]
    values = cells.score[numeric]
    cluster = cell_clusters(run, runs)
    return ScoreColumn(
        *names,
        info=info,
        scope=scope,
        type=_type(values, len(scored)),
        run=run,
        cluster=cluster,
        unit=None if runs.unit_of is None else runs.units(cluster),
        values=values,
        rows=counted[0],
        outcomes=counted[1],
    )


def cell_clusters(run: Codes, runs: RunColumns) -> Codes:
    """Return the example code of each cell; cells of no run are each their own."""
    if (run >= 0).all():
        inner: Codes = runs.cluster[run]
        return inner
    outside: Codes = runs.clusters + np.arange(len(run), dtype=np.int64)
    inside = run >= 0
    outside[inside] = runs.cluster[run[inside]]
    return outside


def _type(values: Floats, scored: int) -> str:
    """Return rate, number, category or none; recorded 0 and 1 are true and false."""
    if scored == 0:
        return "none"
    if len(values) == 0:
        return "category"
    return "rate" if bool(np.all((values == 0) | (values == 1))) else "number"


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
        noted = int(((cells.outcome[rows] == 4) & (inside < 0)).sum())
        found["missing"] += silent + max(0, unrun_examples - noted)
    return found


def by_run(column: ScoreColumn) -> tuple[Floats, Floats | None, Codes]:
    """Return value, pass and example of each run: steps averaged, a pass when all of them pass."""
    passes = pass_values(column)
    inside = column.run >= 0
    counts = np.bincount(column.run[inside], minlength=1)
    if counts.max() <= 1:
        return column.values, passes, column.cluster
    there = np.flatnonzero(counts)
    totals = np.bincount(column.run[inside], weights=column.values[inside])[there]
    cluster = np.zeros(len(counts), np.int64)
    cluster[column.run[inside]] = column.cluster[inside]
    if passes is not None:
        won = np.bincount(column.run[inside], weights=passes[inside])[there]
        passes = (won == counts[there]).astype(np.float64)
    return totals / counts[there], passes, cluster[there]


def pass_values(column: ScoreColumn) -> Floats | None:
    """Return 1 for each passing cell and 0 for the others; None: passing is not defined."""
    lower = column.direction == "lower"
    if column.type == "rate":
        return 1.0 - column.values if lower else column.values
    if column.type != "number" or column.threshold is None:
        return None
    hit = column.values <= column.threshold if lower else column.values >= column.threshold
    return hit.astype(np.float64)
