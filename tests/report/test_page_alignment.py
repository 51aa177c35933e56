"""What an evaluator of trajectories found is drawn beside its score, whatever it holds."""

import pytest
from report_world import make_content

from evalkit import Experiment, Run, Score, score_runs
from evalkit.report.page.write import write_report

pytestmark = pytest.mark.browser
ENTRIES = [
    {"op": "match", "expected": "search(q='x')", "actual": "search(q='x')"},
    {"op": "delete", "expected": "<script>alert(1)</script>", "actual": None},
    {"op": "insert", "expected": None, "actual": "refund()"},
    {"op": "a word of tomorrow", "expected": "hidden", "actual": "hidden"},
    "no entry",
]


def path(outputs):
    """The path was kept."""
    return Score(score=1 / 3, comment="step 2 is missing", metadata={"alignment": ENTRIES})


def odd(outputs):
    """Its alignment is none."""
    return Score(score=1.0, metadata={"alignment": {"op": "match"}})


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    results = score_runs(Experiment("a", [Run(run_id="r", outputs={})]), [path, odd])
    target = tmp_path_factory.mktemp("alignment") / "report.html"
    write_report(make_content([results]), target)
    return target


def test_the_alignment_is_a_table_of_texts(opened, page_path):
    page = opened.go(page_path, "#/run/r")
    table = page.locator(".alignment")
    table.wait_for()
    assert table.locator("summary").inner_text() == "Trajectory: 2 of 3 steps differ"
    rows = table.locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[1] for row in rows] == [
        "✓ as expected",
        "✕ did not happen",
        "✕ not expected",
    ]
    assert "<script>alert(1)</script>" in rows[1]
    assert "hidden" not in table.inner_text()
    assert opened.problems == []
