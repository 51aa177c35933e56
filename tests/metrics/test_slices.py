"""Slices: who belongs where, and which parts are worse than the rest."""

import numpy as np
import pytest
from metric_tables import cell, results, run

from evalkit.errors import ConfigError
from evalkit.metrics.columns.reading import read_runs
from evalkit.metrics.slicing.labels import label_of
from evalkit.metrics.slicing.slicing import slicing
from evalkit.metrics.summaries.summarise import summarise

ROWS = [
    run("r0", "a", metadata={"topic": "tax", "n": 1}, tags=["x", "y"], inputs={"q": "hello"}),
    run("r1", "b", metadata={"topic": "law", "n": 2}, tags=["x"], inputs={"q": "hi"}),
    run("r2", "a", metadata={"topic": None, "n": 3.5}, tags=None, inputs={"q": 7}),
    run("r3", None, metadata={"deep": {"er": [True, "z"]}}, name="bot"),
]
EXAMPLES = [
    {"example_id": "a", "split": ["dev", "hard"], "metadata": {"topic": "from example"}},
    {"example_id": "b", "split": ["test"], "reference_outputs": {"kind": "long"}},
]
STEPS = [
    {"run_id": "r0", "step_id": "1", "kind": "llm", "name": "m", "model": "m1"},
    {"run_id": "r0", "step_id": "2", "kind": "llm", "name": "m", "model": "m2"},
]


def members(by):
    given = results(ROWS, examples=EXAMPLES, steps=STEPS)
    found = slicing(given, read_runs(given), by).members
    return {label: [f"r{row}" for row in rows] for label, rows in found.items()}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("metadata.topic", {"tax": ["r0"], "law": ["r1"], "from example": ["r2"]}),
        ("metadata.n", {"1": ["r0"], "2": ["r1"], "3.5": ["r2"]}),
        ("metadata.deep.er", {"true": ["r3"], "z": ["r3"]}),
        ("tags", {"x": ["r0", "r1"], "y": ["r0"]}),
        ("split", {"dev": ["r0", "r2"], "hard": ["r0", "r2"], "test": ["r1"]}),
        ("inputs.length(q)", {"5": ["r0"], "2": ["r1"]}),
        ("reference_outputs.kind", {"long": ["r1"]}),
        ("example.topic", {"from example": ["r0", "r2"]}),
        ("name", {"bot": ["r3"]}),
        ("model", {"m1": ["r0"], "m2": ["r0"]}),
        ("metadata.n in 2 bins", {"1 to under 2": ["r0"], "2 to 3.5": ["r1", "r2"]}),
    ],
)
def test_members(by, expected):
    found = members(by)
    without = {f"r{n}" for n in range(4)} - {row for rows in expected.values() for row in rows}
    assert set(found.pop("(no value)", [])) == without
    assert found == expected


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("topic", "starts with none of"),
        ("metadata.[", "no JMESPath"),
        ("metadata.n in 1 bins", "less than 2"),
    ],
)
def test_mistakes_are_named(by, says):
    with pytest.raises(ConfigError, match=says):
        members(by)


def test_many_numbers_are_cut_into_quarters():
    rows = [run(f"r{i}", f"e{i}", metadata={"n": i}) for i in range(100)]
    given = results(rows)
    found = slicing(given, read_runs(given), "metadata.n").members
    assert [len(each) for each in found.values()] == [25, 25, 25, 25]


def noisy(bad_topic=None, n=600, seed=1):
    rng = np.random.default_rng(seed)
    topics = rng.choice(list("abcdefgh"), n)
    good = rng.random(n) < np.where(topics == bad_topic, 0.4, 0.85)
    rows = [run(f"r{i}", f"e{i}", metadata={"topic": str(t)}) for i, t in enumerate(topics)]
    return results(rows, [cell(f"r{i}", bool(g)) for i, g in enumerate(good)])


def test_a_bad_slice_is_flagged_first_with_its_figures():
    found = summarise(noisy("c"), slices=["metadata.topic"])
    search = found.slices[0]
    assert (search.score, search.tested) == ("ok", 8)
    assert [(each.by, each.value) for each in search.found] == [("metadata.topic", "c")]
    worst = search.found[0]
    assert worst.difference < -0.2
    assert worst.interval[0] < worst.mean < worst.interval[1]
    assert worst.p_adjusted >= worst.p


def test_where_nothing_is_wrong_nothing_is_flagged():
    found = summarise(noisy(seed=2), slices=["metadata.topic"])
    assert found.slices[0].found == []
    assert sum(each.n for each in found.scores["ok"].slices) == 600


def test_a_slice_of_a_few_examples_is_shown_and_not_tested():
    rows = [run(f"r{i}", f"e{i}", tags=["rare"] if i < 5 else None) for i in range(100)]
    given = results(rows, [cell(f"r{i}", i >= 5) for i in range(100)])
    found = summarise(given, slices=["tags"])
    (figure,) = [each for each in found.scores["ok"].slices if each.value == "rare"]
    assert (figure.n, figure.mean, figure.p, figure.flagged) == (5, 0.0, None, False)
    assert found.slices[0].tested == 0


def test_two_expressions_cross():
    assert members("metadata.n & tags") == {
        "1 & x": ["r0"],
        "1 & y": ["r0"],
        "2 & x": ["r1"],
        "3.5 & (no value)": ["r2"],
        "(no value) & (no value)": ["r3"],
    }


def test_auto_finds_what_splits_the_runs_and_a_bad_part_of_it():
    rng = np.random.default_rng(4)
    city = rng.choice(["Rome", "Oslo", "Lima"], 300)
    good = rng.random(300) < np.where(city == "Oslo", 0.4, 0.9)
    rows = [
        run(
            f"r{i}",
            f"e{i}",
            metadata={
                "city": str(c),
                "id": f"id-{i}",
                "turns": i % 40,
                "same": 1,
                "deep": {"x": 1},
            },
            inputs={"lang": "en" if i % 2 else "it", "question": f"q{i}"},
            tags=["blue"] if i % 3 else ["red"],
        )
        for i, c in enumerate(city)
    ]
    given = results(rows, [cell(f"r{i}", bool(g)) for i, g in enumerate(good)])
    found = summarise(given, slices=["auto"])
    by = {figure.by for figure in found.scores["ok"].slices}
    assert by == {"tags", "metadata.city", "metadata.turns", "inputs.lang"}
    assert [(f.by, f.value) for f in found.slices[0].found] == [("metadata.city", "Oslo")]


def test_auto_beside_a_named_slice_tests_nothing_twice():
    rows = [run(f"r{i}", f"e{i}", metadata={"k": "ab"[i % 2]}) for i in range(40)]
    given = results(rows, [cell(f"r{i}", True) for i in range(40)])
    found = summarise(given, slices=["metadata.k", "auto"]).scores["ok"].slices
    assert [f.by for f in found] == ["metadata.k", "metadata.k"]


def test_columns_and_lists_split_and_what_has_no_value_is_a_slice():
    rows = [run(f"r{n}", "a", thread_id=["t1", "t2", None][n % 3]) for n in range(6)]
    given = results(rows)
    found = slicing(given, read_runs(given), "thread_id").members
    assert {k: v.tolist() for k, v in found.items()} == {
        "t1": [0, 3], "t2": [1, 4], "(no value)": [2, 5],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1, "1"], {"1", '"1"'}),
        ([True, "true", 1], {"true", '"true"', "1"}),
        ([1, 1.0, 2.5], {"1", "2.5"}),
        (["a  b", "a b"], {'"a  b"', '"a b"'}),
        (["(no value)", None], {'"(no value)"', "(no value)"}),
        ([{"k": 1}, {"k": 2}], {'{"k":1}', '{"k":2}'}),
        ([0.1234567, 0.1234568], {"0.1234567", "0.1234568"}),
    ],
)
def test_values_make_slices_and_labels_tell_them_apart(values, labels):
    rows = [run(f"r{n}", f"e{n}", metadata={"v": value}) for n, value in enumerate(values)]
    given = results(rows)
    assert set(slicing(given, read_runs(given), "metadata.v").members) == labels


def test_long_values_that_differ_anywhere_are_different_slices():
    long = ["x" * 200 + str(n) + "y" * 200 for n in range(5)]
    rows = [run(f"r{n}", f"e{n}", metadata={"v": value}) for n, value in enumerate(long)]
    given = results(rows)
    found = slicing(given, read_runs(given), "metadata.v").members
    assert [len(rows) for rows in found.values()] == [1] * 5
    assert set(found) == {label_of(value) for value in long}


@pytest.mark.parametrize(
    "numbers",
    [
        range(1764000000, 1764000040),
        [1e9 + n / 100 for n in range(40)],
        [n * 1e-9 for n in range(40)],
    ],
)
def test_bins_of_any_numbers_are_all_there(numbers):
    rows = [run(f"r{n}", f"e{n}", metadata={"v": value}) for n, value in enumerate(numbers)]
    rows.append(run("none", "none"))
    given = results(rows)
    found = slicing(given, read_runs(given), "metadata.v in 4 bins").members
    assert [len(rows) for rows in found.values()] == [10, 10, 10, 10, 1]
    assert list(found)[-1] == "(no value)"
