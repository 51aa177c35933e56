"""Scores of very many runs: made one at a time, in little memory, with any others' figures."""

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.metrics.columns.arrays import PIECE, tallied
from evalkit.metrics.columns.column import ScoreColumn, by_run
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.columns.packed import Packed
from evalkit.metrics.columns.reading import CellColumns, RunColumns
from evalkit.metrics.columns.scores import _settled, cell_clusters, score_columns
from evalkit.metrics.columns.settled import SETTLED
from evalkit.metrics.summaries.reducers import Reducing
from evalkit.metrics.summaries.scores import summarise_scores

RUNS = 3 * SETTLED // 2
MOST = 31
"""Bytes a run that a score may take while its figures are made."""
untimed = settings(deadline=None)
ROWS = st.lists(st.tuples(st.integers(-1, 5), st.sampled_from([0.0, 0.25, 1.0])), max_size=12)


def packed(values, dtype):
    found = Packed(dtype)
    for first in range(0, len(values), 4096):
        found.add(np.asarray(values[first : first + 4096], dtype))
    return found


def runs_of(n, cluster):
    cluster = np.asarray(cluster, np.int32)
    known = int(cluster.max()) + 1
    return RunColumns(
        n=n,
        outcome=np.zeros(len(cluster), np.int8),
        cluster=cluster,
        clusters=known,
        example_ids=[str(code) for code in range(known)],
        numbers={},
        results=None,
        steps_recorded=0,
        created=None,
    )


def cells_of(*scores):
    n = len(scores[0])
    return CellColumns(
        n=n * len(scores),
        run=packed(np.tile(np.arange(n), len(scores)), np.int32),
        groups=[(f"e{place}", f"e{place}", "evaluator") for place in range(len(scores))],
        rows=[packed(np.arange(n) + n * place, np.int32) for place in range(len(scores))],
        outcome=packed(np.zeros(n * len(scores)), np.int8),
        score=packed(np.concatenate(scores), np.float64),
        spent=[(0, 0)] * len(scores),
    )


def test_scores_are_made_one_at_a_time_in_little_memory() -> None:
    draw = np.random.default_rng(7)
    cells = cells_of(*(draw.random(RUNS) for _ in range(3)))
    runs = runs_of(RUNS, draw.integers(0, 5000, RUNS))
    warm = cells_of(draw.random(9))
    alone = runs_of(9, np.arange(9))
    summarise_scores(None, warm, alone, score_columns(warm, alone, [], 0), 0.95)  # loads modules
    columns = score_columns(cells, runs, [], 0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        reducing = Reducing(["mean"], 0.95)
        found = summarise_scores(None, cells, runs, reducing.over(columns), 0.95)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak / RUNS < MOST
    assert [each.n for each in found.values()] == [RUNS] * 3
    assert {name: len(each) for name, each in reducing.figures.items()} == {"mean": 3}


@untimed
@given(st.integers(0, 3 * PIECE), st.integers(1, 9), st.integers(0, 99))
def test_tallies_have_the_bits_of_numpys(size: int, kinds: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, kinds, size).astype(np.int32)
    weights = draw.normal(size=size) * 10.0 ** draw.integers(-9, 9, size)
    assert tallied(codes).tolist() == np.bincount(codes).tolist()
    assert tallied(codes, weights).tobytes() == np.bincount(codes, weights).tobytes()


@untimed
@given(ROWS)
def test_settled_ones_have_the_examples_they_had(rows: list[tuple[int, float]]) -> None:
    run = np.array([each for each, _ in rows], np.int32)
    values = np.array([each for _, each in rows])
    runs = runs_of(SETTLED + 1, [3, 1, 1, 0, 2, 3])
    order = np.argsort(values)
    plain = (values[order], run[order], cell_clusters(run, runs)[order])
    made = _settled([values, run], runs)
    assert [each.tolist() for each in made] == [each.tolist() for each in plain]


@untimed
@given(ROWS)
def test_runs_with_one_value_each_are_known_however_many(rows: list[tuple[int, float]]) -> None:
    run = np.array([each for each, _ in rows], np.int32)
    column = ScoreColumn(
        *("s", "s", "s", "evaluator", None, "step"),
        scale=Decision("share", graded=True),
        run=run,
        cluster=np.maximum(run, 0),
        values=np.array([each for _, each in rows]),
        outcomes={},
        worded=run[:0],
    )
    values, passes, cluster = by_run(column)
    inside = run[run >= 0].tolist()
    if len(set(inside)) == len(inside):
        assert values is column.values
        assert cluster is column.cluster
    else:
        means = {each: [v for r, v in rows if r == each] for each in sorted(set(inside))}
        assert values.tolist() == [sum(found) / len(found) for found in means.values()]
        assert cluster.tolist() == list(means)
        assert passes is not None
        assert passes.tolist() == [float(min(found) == 1) for found in means.values()]
