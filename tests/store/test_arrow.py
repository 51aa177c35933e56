"""Writing the store does not import pandas, and asking for a frame still does."""

import subprocess
import sys

CODE = """
import sys
from evalkit.store.disk.schema import to_array
import pyarrow as pa
to_array([1, None], pa.int64(), "n_steps"), to_array([], pa.string(), "name")
assert "pandas" not in sys.modules
frame = pa.table({"a": to_array([0], pa.timestamp("us", tz="UTC"), "created_at")}).to_pandas()
assert str(frame["a"][0]) == "1970-01-01 00:00:00+00:00"
import pandas
assert pa.array(pandas.Series([1.5])).to_pylist() == [1.5]
"""


def test_pandas_comes_with_the_first_frame() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
