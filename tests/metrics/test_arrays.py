"""What is asked of arrays without numpy's own detours is what numpy says."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype

from evalkit.metrics.columns.arrays import Floats, quantiles_at, unique

FINITE = st.floats(-1e300, 1e300) | st.floats(-2, 2, width=16) | st.sampled_from([1.0, 0.1, 1e-310])
VALUES = st.lists(FINITE.map(lambda each: each + 0.0), min_size=1, max_size=30).map(np.array)
SHARES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.05, 0.25, 0.5, 1.0]), max_size=4)


@settings(deadline=None)
@given(values=VALUES, shares=SHARES)
def test_quantiles_are_those_of_numpy_to_the_last_bit(values: Floats, shares: list[float]) -> None:
    found = quantiles_at(values, shares)
    assert found.tolist() == np.quantile(values, shares).tolist()


def test_a_value_that_is_none_makes_all_quantiles_none() -> None:
    values = np.array([1.0, np.nan, 2.0])
    assert np.isnan(quantiles_at(values, [0.0, 0.5])).all()
    assert np.isnan(np.quantile(values, [0.0, 0.5])).all()


@settings(deadline=None)
@given(
    st.sampled_from(["i1", "i4", "i8", "f8", "U2"]).flatmap(
        lambda kind: arrays(kind, st.integers(0, 9), elements=from_dtype(np.dtype(kind)))
    )
)
def test_different_values_are_those_of_numpy(values: Floats) -> None:
    np.testing.assert_array_equal(unique(values), np.unique(values))
