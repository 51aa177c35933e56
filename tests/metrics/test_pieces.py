"""Pieces: what is read a piece at a time gives the figures of the whole, to the bit."""

import json
import math
import random
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from metric_tables import Tables, cell, results, run

from evalkit.metrics.columns.exact import exact_sum, exact_sums, rounded
from evalkit.metrics.columns.few import some_rows
from evalkit.metrics.columns.grouped import Grouped
from evalkit.metrics.columns.packed import Packed
from evalkit.metrics.columns.settled import settled
from evalkit.metrics.columns.tallied import Tally
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.statistics.distribution import describe, describe_tally, quantiles_of
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.results import Results

untimed = settings(deadline=None)
few = settings(deadline=None, max_examples=12)
fewer = settings(deadline=None, max_examples=5)
FLOATS = st.floats(allow_nan=True, allow_infinity=False)
VALUES = st.one_of(
    st.lists(FLOATS, max_size=40),
    st.lists(st.sampled_from([0.0, -0.0, 1.0, 1 / 3, float("nan")]), max_size=700),
    st.tuples(FLOATS, st.integers(0, 50)).map(lambda each: [each[0]] * each[1]),
)
WHOLE = st.one_of(
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40),
    st.tuples(st.integers(-9, 9), st.integers(-3, 3), st.integers(0, 50)).map(
        lambda each: [each[0] + each[1] * n for n in range(each[2])]
    ),
)


@untimed
@given(st.lists(VALUES, max_size=5), st.data())
def test_packed_gives_back_every_bit(pieces, data):
    given = [np.array(piece, np.float64) for piece in pieces]
    held_against(Packed(np.float64), given, data)


@untimed
@given(st.lists(WHOLE, max_size=5), st.data())
def test_packed_whole_numbers_too(pieces, data):
    held_against(Packed(np.int32), [np.array(piece, np.int32) for piece in pieces], data)


def held_against(packed, pieces, data):
    for piece in pieces:
        packed.add(piece)
    plain = np.concatenate([np.empty(0, packed.dtype), *pieces])
    assert packed.whole().tobytes() == plain.tobytes()
    if len(plain):
        rows = np.array(data.draw(st.lists(st.integers(0, len(plain) - 1), max_size=60)), np.int32)
        assert packed[rows].tobytes() == plain[rows].tobytes()
        assert packed[np.sort(rows)].tobytes() == plain[np.sort(rows)].tobytes()
        assert packed[int(len(plain) - 1)].tobytes() == plain[-1].tobytes()
        assert (1 in packed) == bool((plain == 1).any())


def test_packed_takes_little_where_little_differs():
    packed = Packed(np.float64)
    for values in (np.zeros(4096), np.arange(4096) % 3 / 7, np.full(4096, np.nan)):
        packed.add(values)
    rows = Packed(np.int32)
    rows.add(np.arange(4096))
    assert (packed.nbytes, rows.nbytes) == (8 + 4096 + 3 * 8 + 8, 4)


@untimed
@given(st.lists(st.floats(-1e300, 1e300), max_size=60), st.data())
def test_sums_are_the_nearest_floats_however_they_are_divided(values, data):
    group = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    plain = [math.fsum([v for v, g in zip(values, group, strict=True) if g == n]) for n in range(4)]
    order = data.draw(st.permutations(range(len(values))))
    cut = data.draw(st.integers(0, len(values)))
    merged = [0] * 4
    for part in (order[:cut], order[cut:]):
        found = exact_sums(
            np.array([values[i] for i in part]), np.array([group[i] for i in part], int), 4
        )
        merged = [a + b for a, b in zip(merged, found, strict=True)]
    assert [rounded(each) for each in merged] == plain


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([], 0.0),
        ([1e16, 1.0, -1e16], 1.0),
        ([5e-324, 5e-324], 1e-323),
        ([1e308, 1e308], math.inf),
        ([-1e308, -1e308], -math.inf),
        ([1.0, math.nan], 1.0),  # not recorded
    ],
)
def test_sums_at_the_edges(values, total):
    assert exact_sum(np.array(values, np.float64)) == total


@untimed
@given(arrays.arrays(np.int64, st.integers(0, 60), elements=st.integers(0, 4)), st.integers(1, 7))
def test_grouped_keeps_each_group_in_order(group, size):
    values, units = np.arange(len(group)) / 7, np.arange(len(group)) // 2
    found = Grouped()
    for first in range(0, len(group), size):
        here = slice(first, first + size)
        found.add(group[here], values[here], units[here])
    for number in range(5):
        held, own = found.of(number)
        assert held.tolist() == values[group == number].tolist()
        assert own.tolist() == units[group == number].tolist()


class Pieces(Tables):
    """A source that reads its tables in pieces, cut between runs at these rows."""

    def __init__(self, whole: Tables, cuts: list[int]) -> None:
        super().__init__(whole.manifest, whole.evaluators, **whole._tables)
        self._cuts = [0, *sorted(cuts), len(whole._tables["runs"])]

    def tables(self, name, columns):
        whole = self.table(name, columns)
        place = {"runs": range(len(whole))}.get(name) or self._rows(name)
        for first, last in zip(self._cuts, self._cuts[1:], strict=False):
            mine = [row for row, at in enumerate(place) if first <= (at or 0) < last]
            yield whole.take(pa.array(mine, pa.int64()))

    def _rows(self, name):
        return self._places(self._tables[name]["run_id"]).to_pylist()


def experiment(seed: int, n: int = 60) -> Results:
    """Runs of 20 examples with steps, scores of all kinds, and what is missing or broke."""
    rng = random.Random(seed)
    rows, cells, steps = [], [], []
    for i in range(n):
        outcome = rng.choice(["success"] * 5 + ["error", "timeout", "unknown"])
        took = {} if rng.random() < 0.1 else {"latency_s": rng.lognormvariate(1, 1)}
        more = {"total_tokens": rng.randint(1, 900), "total_cost": rng.random() / 7, **took}
        error = {"error": f"ValueError: item {i}"} if outcome == "error" else {}
        example = None if rng.random() < 0.1 else f"e{rng.randrange(20)}"
        rows.append(run(f"r{i}", example, outcome=outcome, **more, **error))
        broken = {"outcome": "evaluator_error", "error_message": f"KeyError: {i}"}
        cells += [
            cell(f"r{i}", rng.random() < 0.7, key="flag", duration_ms=rng.random()),
            cell(f"r{i}", rng.random(), key="part", duration_ms=rng.random() / 3),
            cell(f"r{i}", value=rng.choice("abc"), key="word"),
            cell(f"r{i}", key="odd", **broken)
            if rng.random() < 0.3
            else cell(f"r{i}", 3.0, key="odd"),
        ]
        for s in range(rng.randrange(5)):
            steps.append({
                "run_id": f"r{i}", "step_id": f"s{s}", "parent_id": f"s{s - 1}" if s % 2 else None,
                "kind": rng.choice(["llm", "tool"]), "name": rng.choice(["ask", "find"]),
                "started_at": 1_700_000_000_000_000 + i * 1000 + s, "latency_s": rng.random(),
                "total_cost": rng.random(), "error": "broke" if rng.random() < 0.1 else None,
            })  # fmt: skip
    cells.sort(key=lambda row: row["evaluator"])
    return results(
        rows, cells, steps, [{"example_id": f"e{n}"} for n in range(22)], name=f"v{seed}"
    )


def figures(found: Results) -> str:
    summary = summarise(found, reducers=["mean", "median", "pass^2", "any"])
    return json.dumps(summary.to_dict(), sort_keys=True)


@few
@given(st.integers(0, 50), st.lists(st.integers(0, 60), max_size=6))
def test_figures_do_not_depend_on_the_pieces(seed, cuts):
    whole = experiment(seed)
    assert figures(Results(Pieces(whole._source, cuts))) == figures(whole)


@fewer
@given(st.lists(st.integers(0, 60), max_size=6))
def test_comparisons_do_not_depend_on_the_pieces(cuts):
    both = [experiment(1), experiment(2)]
    pieces = [Results(Pieces(each._source, cuts)) for each in both]
    one, other = (compare(each, baseline=None).to_dict() for each in (both, pieces))
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def shuffled(found: Results, seed: int) -> Results:
    """The same experiment, as if its parts had been written in another order."""
    source = found._source
    ids = source._tables["runs"]["run_id"].to_pylist()
    turn = {run_id: at for at, run_id in enumerate(random.Random(seed).sample(ids, len(ids)))}
    tables = {}
    for name, whole in source._tables.items():
        if name == "examples":
            tables[name] = whole
            continue
        of = whole["run_id"].to_pylist()
        rows = sorted(range(len(of)), key=lambda row, of=of: turn[of[row]])
        tables[name] = whole.take(pa.array(rows, pa.int64()))
    return Results(Tables(source.manifest, source.evaluators, **tables))


@pytest.mark.parametrize("seed", range(6))
def test_very_many_runs_give_the_same_figures_in_any_order(seed, monkeypatch):
    found = experiment(seed)
    stored = figures(found)
    monkeypatch.setattr("evalkit.metrics.columns.settled.SETTLED", 0)
    settled = figures(found)
    assert settled == figures(shuffled(found, seed)) == figures(shuffled(found, seed + 1))
    assert figures(shuffled(found, seed)) == figures(
        Results(Pieces(shuffled(found, seed)._source, [5, 30, 31]))
    )
    mean = json.loads(stored)["scores"]["part"]["mean"]
    assert json.loads(settled)["scores"]["part"]["mean"] == pytest.approx(mean, rel=1e-14)


@untimed
@given(st.lists(st.tuples(st.sampled_from([0.5, 1.5, -0.0, 0.0]), st.integers(0, 3)), max_size=30))
def test_values_are_settled_as_a_sort_by_all_keys_settles_them(pairs):
    values = np.array([value for value, _ in pairs] + [float(n) + 2 for n in range(90)])
    cluster = np.array([code for _, code in pairs] + [5] * 90)
    beside = np.arange(len(values)) % 2
    order = np.lexsort([beside, cluster, values])
    found = settled(cluster, values, beside)
    for one, other in zip(found, (cluster, values, beside), strict=True):
        assert one.tobytes() == other[order].tobytes()


@untimed
@given(st.sets(st.integers(0, 59)), st.lists(st.integers(0, 59), max_size=4))
def test_some_rows_are_those_of_the_whole(wanted, cuts):
    whole = experiment(1)
    places = sorted(place for place in wanted if place < whole.table("runs").num_rows)
    read = [*some_rows(Results(Pieces(whole._source, sorted(cuts))), ["run_id", "error"], places)]
    rows = [row for table in read for row in table.to_pylist()]
    assert rows == whole.table("runs", ["run_id", "error"]).take(pa.array(places, "i8")).to_pylist()


def test_very_many_runs_compare_the_same_in_any_order(monkeypatch):
    monkeypatch.setattr("evalkit.metrics.columns.settled.SETTLED", 0)
    both = [experiment(3), experiment(4)]
    mixed = [shuffled(each, 7) for each in both]
    one, other = (compare(each).to_dict() for each in (both, mixed))
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@untimed
@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=80),
    st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]),
)
def test_a_log_histogram_is_within_what_it_says(values, share):
    tally, rank = Tally(), int(share * (len(values) - 1))
    tally.add(np.array(values), np.zeros(len(values), np.int64))
    true = sorted(values)[rank]
    assert tally.value(rank) == pytest.approx(true, rel=0.002, abs=1e-300)
    low, high = tally.histogram.around(rank)
    assert low <= true <= high


@untimed
@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60), st.data())
def test_tallies_are_the_same_however_they_are_divided(values, data):
    units = np.arange(len(values)) % 7
    order = np.array(data.draw(st.permutations(range(len(values)))))
    cut = data.draw(st.integers(1, len(values) - 1))
    given_ = np.array(values)
    whole, parts = Tally(), Tally()
    whole.add(given_, units)
    for part in (order[:cut], order[cut:]):
        parts.add(given_[part], units[part])
    for each in (whole, parts):
        each.count_below(quantiles_of(each), given_, units)
    assert [a.tolist() for a in whole.by_unit()] == [a.tolist() for a in parts.by_unit()]
    assert asdict(describe_tally(whole)) == asdict(describe_tally(parts))


def test_a_tally_says_what_the_values_say():
    rng = np.random.default_rng(4)
    units = rng.integers(0, 40, 5000)
    values = rng.lognormal(0, 1, 5000) * (1 + units / 10)
    tally = Tally()
    tally.add(values, units)
    tally.count_below(quantiles_of(tally), values, units)
    found, plain = describe_tally(tally, unit="s"), describe(values, None, units, unit="s")
    for name in ("n", "total", "mean", "sd", "min", "max", "se", "clusters"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-10)
    assert found.intervals["mean"] == pytest.approx(plain.intervals["mean"], rel=1e-9)
    for name in ("p50", "p90", "p95", "p99"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=0.004)
        held = plain.intervals[name]
        assert found.intervals[name] == (held and pytest.approx(held, rel=0.02))
        assert "within 0.2 %" in found.methods[name]
    assert found.methods["mean"] == plain.methods["mean"]


@pytest.mark.parametrize("seed", range(3))
def test_more_steps_than_are_kept_give_the_same_figures_in_any_order(seed, monkeypatch):
    found = experiment(seed)
    exact = summarise(found)
    monkeypatch.setattr("evalkit.metrics.columns.grouped.EXACT", 20)
    monkeypatch.setattr("evalkit.metrics.columns.settled.SETTLED", 0)
    tallied = summarise(found)
    assert figures(found) == figures(shuffled(found, seed))
    assert figures(found) == figures(Results(Pieces(shuffled(found, 9)._source, [8, 31])))
    assert any("within 0.2 %" in note for note in tallied.quality.notes)
    for one, other in zip(exact.steps, tallied.steps, strict=True):
        assert (one.name, one.calls, one.self_seconds) == (
            other.name, other.calls, pytest.approx(other.self_seconds)
        )  # fmt: skip
        assert other.latency.p50 == pytest.approx(one.latency.p50, rel=0.25)  # few: no neighbour
        assert other.latency.mean == pytest.approx(one.latency.mean)
