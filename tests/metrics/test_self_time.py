"""Self time: what nobody inside a step covers, whatever overlaps, against a clock that ticks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.summaries.alone import self_time

NAN = float("nan")


def found(rows):
    """Return self times of (start, latency, parent) rows, and how many are outside."""
    start, latency, parent = (np.array(each, float) for each in zip(*rows, strict=True))
    made = self_time(latency, start, parent.astype(np.int64))
    return [None if np.isnan(s) else round(float(s), 6) for s in made.seconds], made.outside


@pytest.mark.parametrize(
    ("rows", "alone", "outside"),
    [
        # planner 10 s, three tools at once from 5 to 9
        ([(0, 10, -1), (5, 4, 0), (5, 4, 0), (5, 4, 0)], [6, 4, 4, 4], 0),
        ([(0, 10, -1), (1, 3, 0), (2, 4, 0), (8, 1, 0)], [4, 3, 4, 1], 0),  # overlaps
        ([(0, 10, -1), (2, 6, 0), (3, 1, 0)], [4, 6, 1], 0),  # one within another
        ([(0, 10, -1), (0, 4, 0), (4, 6, 0)], [0, 4, 6], 0),
        ([(0, 10, -1), (0, 8, 0), (1, 4, 1)], [2, 4, 4], 0),  # a grandchild counts once
        ([(0, 10, -1), (-5, 7, 0), (9, 4, 0)], [7, 7, 4], 2),  # clocks that differ
        ([(0, 10, -1), (20, 4, 0)], [10, 4], 1),
        ([(0, 10, -1), (NAN, 3, 0), (NAN, 4, 0)], [3, 3, 4], 0),  # no times: latencies add up
        ([(NAN, 10, -1), (5, 30, 0)], [0, 30], 0),  # never below zero
        ([(0, -1, -1), (0, 4, -1)], [None, 4], 0),
        ([(0, 10, -1), (0, NAN, 0)], [10, None], 0),
        ([(0, 5, -1), (1, 1, 0), (100, 5, -1), (101, 2, 2), (102, 2, 2)], [4, 1, 2, 2, 2], 0),
    ],
)
def test_self_time_is_the_time_that_is_not_covered(rows, alone, outside):
    assert found(rows) == (alone, outside)


@given(
    st.lists(st.tuples(st.integers(-3, 14), st.integers(0, 9)), max_size=6),
    st.lists(st.tuples(st.integers(-3, 14), st.integers(0, 9)), max_size=6),
)
def test_self_time_counts_whole_seconds_as_a_clock_does(first, second):
    rows = [(0, 10, -1), (50, 10, -1)]
    rows += [(start, length, 0) for start, length in first]
    rows += [(50 + start, length, 1) for start, length in second]
    alone, _ = found(rows)
    for at, children in ((0, first), (1, second)):
        ticks = [t for t in range(10) if not any(s <= t < s + length for s, length in children)]
        assert alone[at] == len(ticks)
