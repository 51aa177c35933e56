"""Quantiles and distinct values are numpy's, bit for bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.order import distinct, quantiles

NUMBERS = st.one_of(
    st.floats(-1e12, 1e12, allow_nan=False), st.sampled_from([0.0, 0.1, 0.5, 1.0, 1e-300])
)
SHARES = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=5)


@given(st.lists(NUMBERS, min_size=1, max_size=60), SHARES)
def test_quantiles_are_those_of_numpy(values: list[float], shares: list[float]) -> None:
    found = quantiles(np.sort(np.array(values)), shares)
    assert found.tolist() == np.quantile(np.array(values), shares).tolist()


@given(st.lists(st.one_of(NUMBERS, st.integers(0, 3).map(float)), max_size=60))
def test_distinct_values_are_those_of_numpy(values: list[float]) -> None:
    found, counts = distinct(np.sort(np.array(values, float)))
    expected, times = np.unique(np.array(values, float), return_counts=True)
    assert (found.tolist(), counts.tolist()) == (expected.tolist(), times.tolist())
