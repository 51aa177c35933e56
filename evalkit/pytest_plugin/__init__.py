"""pytest plugin: gates as tests, and fixtures over runs that were already made and scored.

    pytest --evalkit reports/nightly          every gate of the report is a test
    pytest --evalkit . --evalkit-experiment nightly
    pytest --evalkit search --evalkit answers two projects in one session

    def test_no_apology_loops(evalkit_run, evalkit_scores):
        assert len(evalkit_run.find(kind="llm")) < 10
        assert evalkit_scores["correct"].score

`evalkit_run` is parametrised over the runs, named by example and repetition, so that `-k` and
xdist choose among them. Nothing is fetched or scored here.
"""

from evalkit.pytest_plugin.fixtures import (
    _evalkit_place,
    evalkit_example,
    evalkit_run,
    evalkit_scores,
    evalkit_summary,
    pytest_generate_tests,
)
from evalkit.pytest_plugin.gates import pytest_collection_modifyitems, pytest_report_header
from evalkit.pytest_plugin.options import pytest_addoption, pytest_configure

__all__ = [
    "_evalkit_place",
    "evalkit_example",
    "evalkit_run",
    "evalkit_scores",
    "evalkit_summary",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_report_header",
]
