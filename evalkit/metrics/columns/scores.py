"""Score columns: the feedback cells of each score as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from evalkit.metrics.columns.reading import CELL_OUTCOMES, MISSING, CellColumns, RunColumns
from evalkit.metrics.documents.summary import ScoreSummary
from evalkit.model.scales.said import number_of
from evalkit.model.scales.scale import Scale
from evalkit.model.score import EvaluatorInfo


@dataclass(frozen=True, slots=True)
class _Group:
    """The cells of one score, before it is known what it is."""

    name: str
    place: tuple[str, str, str]
    info: EvaluatorInfo | None
    rows: Codes
    scored: Codes


def score_columns(
    cells: CellColumns,
    runs: RunColumns,
    infos: Sequence[EvaluatorInfo],
    unrun_examples: int,
    decisions: Mapping[str, Decision] | None = None,
) -> list[ScoreColumn]:
    """Split the cells into scores, in order of first appearance.

    `decisions` says what each score is; without them it is decided by these cells alone.
    """
    groups = _groups(cells, infos)
    if decisions is None:
        decisions = decided([(cells, infos)], {})
    found = []
    for group in groups:
        scope = group.info.scope if group.info else "run"
        counted = _outcomes(cells, group.rows, runs, scope, unrun_examples)
        scale = decisions.get(group.name) or Decision("none")
        found.append(_column(group, scope, scale, (cells, runs), counted))
    return found


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
        gather(found, cells, [(g.name, g.scored, g.info) for g in _groups(cells, infos)])
    for scores in saved:
        remember(found, scores)
    return decide_all(found, configured)


def _groups(cells: CellColumns, infos: Sequence[EvaluatorInfo]) -> list[_Group]:
    by_name = {info.name: info for info in infos}
    names = score_names(cells.groups)
    order = np.argsort(cells.group, kind="stable").astype(np.int32)
    ends = np.cumsum(np.bincount(cells.group, minlength=len(cells.groups)))
    rows_of_group = np.split(order, ends[:-1]) if len(cells.groups) else []
    ghosts = _ghosts(cells, rows_of_group)
    found = []
    for place, group in enumerate(cells.groups):
        if place in ghosts:
            continue
        extra = [rows_of_group[g] for g, heirs in ghosts.items() if place in heirs]
        rows = np.concatenate([rows_of_group[place], *extra])
        info = by_name.get(group[0])
        found.append(_Group(names[place], group, info, rows, _scored(cells, rows)))
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
    group: _Group,
    scope: str,
    scale: Decision,
    data: tuple[CellColumns, RunColumns],
    outcomes: dict[str, int],
) -> ScoreColumn:
    cells, runs = data
    values = _read(group.scored, scale, cells)
    there = ~np.isnan(values)
    whole = bool(there.all())
    run = cells.run[group.scored if whole else group.scored[there]]
    cluster = cell_clusters(run, runs)
    evaluator, key, source = group.place
    return ScoreColumn(
        group.name,
        key,
        evaluator,
        source,
        info=group.info,
        scope=scope,
        scale=scale,
        run=run,
        cluster=cluster,
        unit=None if runs.unit_of is None else runs.units(cluster),
        values=values if whole else values[there],
        rows=group.rows,
        outcomes=outcomes,
        worded=group.scored[:0] if whole else group.scored[~there],
    )


def _read(scored: Codes, scale: Decision, cells: CellColumns) -> Floats:
    """Return the number of each scored cell, NaN for what is none of this score's."""
    values: Floats = cells.score[scored]
    if scale.kind in ("category", "none"):
        return np.full(len(scored), np.nan)
    silent = np.isnan(values)
    if silent.any():
        raw, words = cells.said.words
        table = np.array([*(_number(word, scale) for word in words), np.nan])
        values = np.where(silent, table[raw[scored]], values)
    if scale.range is not None:
        values = np.where(scale.holds(values), values, np.nan)
    if scale.kind == "share":
        values = np.clip(values, 0.0, 1.0)
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
