"""Arrow without its help: the functions are the same, and the scraper is there for who asks."""

import subprocess
import sys

CODE = """
import sys
from evalkit.cli.call.helpless import SCRAPER, without_help
without_help()
import pyarrow as pa, pyarrow.compute as pc
print("pydoc" in sys.modules, pc.is_in(pa.array([1, 2]), value_set=pa.array([2])).to_pylist())
print(pc.take(pa.array([7, 8]), [1]).to_pylist(), pa.array([3, 1]).sort().to_pylist())
print("Arrow" in (pc.is_in.__doc__ or "") or bool(pc.is_in.__doc__))
from importlib.util import find_spec
from pyarrow.vendored import docscrape
said = docscrape.NumpyDocString("What it does.")["Summary"]
print(find_spec(SCRAPER).name == SCRAPER, said)
print(docscrape.Reader("a\\nb").read(), docscrape is sys.modules[SCRAPER])
"""

SAID = "True ['What it does.']"


def test_arrow_computes_without_its_help() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "False [False, True]",
        "[8] [1, 3]",
        "True",
        SAID,
        "a False",
    ]
