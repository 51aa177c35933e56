"""Flat records become trees: order, orphans, circles, duplicates."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.fetchers.assemble import Flat, assemble


def flat(spec: str) -> Flat[str]:
    """`root/a/b@3`: the record b under root and a, third in order."""
    path, _, order = spec.partition("@")
    *ancestors, own = path.split("/")
    return Flat(own, ancestors, int(order or 0), own)


def shape(specs: list[str]) -> list[tuple[str, str | None]]:
    return [(p.record, p.parent_id) for p in assemble("root", map(flat, specs)).placed]


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["root/a"], [("a", None)], id="one"),
        pytest.param(["a"], [("a", None)], id="no ancestors named"),
        pytest.param(
            ["root/b@2", "root/a/c@9", "root/a@1"],
            [("a", None), ("c", "a"), ("b", None)],
            id="pre-order, whatever came first",
        ),
        pytest.param(
            ["root/x@1", "root/y@1", "root/z@1"],
            [("x", None), ("y", None), ("z", None)],
            id="equal order keeps input order",
        ),
        pytest.param(
            ["root/a@1", "root/a/gone/c@2"], [("a", None), ("c", "a")], id="orphan to grandparent"
        ),
        pytest.param(["elsewhere/c"], [("c", None)], id="orphan under the run"),
        pytest.param(
            ["x/y@1", "y/x@2"], [("y", None), ("x", "y")], id="a circle opens at its first"
        ),
        pytest.param(["x/x"], [("x", None)], id="its own parent"),
    ],
)
def test_order(specs: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert shape(specs) == expected


def test_orphans_and_duplicates_are_named() -> None:
    tree = assemble(
        "root", map(flat, ["root/a", "root/a/gone/c", "gone/d", "root/a", "x/y", "y/x"])
    )
    assert sorted(tree.orphans) == ["c", "d", "y"]
    assert tree.duplicates == ["a"]


def test_the_last_of_two_records_counts() -> None:
    tree = assemble("root", [Flat("a", ["root"], 1, "early"), Flat("a", ["root"], 1, "late")])
    assert [p.record for p in tree.placed] == ["late"]


def test_a_very_deep_tree() -> None:
    ids = [f"s{i}" for i in range(20_000)]
    pairs = zip(["root", *ids[:-1]], ids, strict=True)
    flats = [Flat(own, [above], i, own) for i, (above, own) in enumerate(pairs)]
    assert [p.record for p in assemble("root", reversed(flats)).placed] == ids


@given(st.lists(st.integers(0, 30), max_size=30), st.randoms(use_true_random=False))
def test_any_tree_comes_back(parents: list[int], dice: random.Random) -> None:
    """Every record is placed once, after its parent, under it; siblings keep their order."""
    above = [min(parent, index) for index, parent in enumerate(parents)]
    paths = {0: ["root"]}
    flats = []
    for index, parent in enumerate(above, start=1):
        paths[index] = [*paths[parent], str(index)] if parent else ["root", str(index)]
        flats.append(Flat(str(index), paths[index][:-1], index, index))
    expected = {index: (str(parent) if parent else None) for index, parent in enumerate(above, 1)}
    dice.shuffle(flats)
    placed = assemble("root", flats).placed
    assert {p.record: p.parent_id for p in placed} == expected
    at = {str(p.record): i for i, p in enumerate(placed)}
    assert all(p.parent_id is None or at[p.parent_id] < at[str(p.record)] for p in placed)
    assert [p.record for p in placed if p.parent_id is None] == sorted(
        index for index, parent in expected.items() if parent is None
    )


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=25))
def test_nothing_is_lost_in_hostile_graphs(edges: list[tuple[int, int]]) -> None:
    flats = [Flat(str(own), [str(parent)], own, own) for own, parent in edges]
    placed = assemble("0", [each for each in flats if each.id != "0"]).placed
    assert sorted(p.record for p in placed) == sorted({own for own, _ in edges if own != 0})
