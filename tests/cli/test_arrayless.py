"""Arrow without numpy: only where a command asked for it, and never a frame that would crash."""

import subprocess
import sys

import pytest

CODE = """
import sys
from evalkit.cli.call import arrayless
arrayless.stand_by()
arrayless.without_arrays(sys.argv[1:])
import pyarrow as pa
print("numpy" in sys.modules)
import numpy
try:
    frame = pa.table({"a": [1]}).to_pandas()
except ImportError as error:
    print(type(error).__name__)
else:
    print(frame["a"].tolist())
print(pa.array([1, None]).to_pylist())
"""


@pytest.mark.parametrize(
    ("fetchers", "said"),
    [
        (["files", "records"], ["False", "ModuleNotFoundError", "[1, None]"]),
        (["files", "somebodys"], ["True", "[1]", "[1, None]"]),
    ],
)
def test_arrow_does_without_for_readers_that_are_known(
    fetchers: list[str], said: list[str]
) -> None:
    command = [sys.executable, "-c", CODE, *fetchers]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == said


PARTS = """
import sys
from evalkit.cli.call import arrayless
arrayless.stand_by()
arrayless.without_arrays(sys.argv[1:])
import pyarrow.parquet
import cloudpickle
from evalkit.cli.call.arrayless import PARTS
print(*sorted(set(PARTS) & set(sys.modules)))
try:
    pyarrow.fs.S3FileSystem
except ImportError as error:
    print("not built" in str(error))
"""


def test_arrow_takes_no_file_systems_along_and_others_still_pickle_functions() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARTS, "files"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["cloudpickle", "True"]


IMPORTING = """
import sys
from evalkit.cli.call import arrayless
arrayless.stand_by()
arrayless.without_arrays(["files"])
import pyarrow
import pandas
"""


def test_pandas_is_refused_beside_an_arrow_that_it_would_crash() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: Arrow is here without pandas"
