"""Which runs an evaluator still has to be called for, held against a plain set of them."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.store.cells.missing import Missing


@st.composite
def runs_with_blocks(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    """Draw a number of runs, and blocks with the places of cells: some runs have several."""
    runs = draw(st.integers(1, 30))
    place = st.integers(0, runs - 1)
    ranges = st.tuples(place, place).map(lambda ends: [*range(min(ends), max(ends) + 1)])
    block = ranges | st.lists(place, min_size=1, max_size=9).map(sorted)
    return runs, draw(st.lists(block, max_size=4))


@settings(deadline=None)
@given(runs_with_blocks(), st.integers(1, 7))
def test_what_is_missing(drawn: tuple[int, list[list[int]]], rows: int) -> None:
    runs, blocks = drawn
    there = {place for block in blocks for place in block}
    missing = Missing([pa.array(block, pa.int32()) for block in blocks], runs)
    assert missing.count == runs - len(there)
    for start in range(0, runs, rows):
        some = range(start, min(start + rows, runs))
        plain = bytes(place not in there for place in some)
        assert missing.of(start, len(some)) == (plain if any(plain) else None)


def test_units_with_everything_to_do_share_one_mask() -> None:
    nothing, little = Missing([], 1000), Missing([pa.array([3], pa.int32())], 1000)
    masks = {
        id(each.of(start, 100)) for each in (nothing, little) for start in range(100, 900, 100)
    }
    assert len(masks) == 1
