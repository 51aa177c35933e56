"""The examples of the metrics README run as printed."""

import doctest
from pathlib import Path

README = Path(__file__).parents[2] / "evalkit" / "metrics" / "README.md"


def test_examples_run_as_printed():
    found = doctest.testfile(str(README), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0
