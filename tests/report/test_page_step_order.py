"""Steps are drawn whatever their parents: in circles, in themselves, or written before them."""

import pytest
from report_world import make_content

from evalkit import Experiment, Run, score_runs
from evalkit.model.step import Step
from evalkit.report.page.write import write_report

pytestmark = pytest.mark.browser
PARENTS = {
    "circle": ({"a": "b", "b": "a"}, [0, 1]),
    "tail": ({"t": "a", "a": "b", "b": "a"}, [1, 0, 1]),
    "itself": ({"a": "a", "b": "a"}, [0, 1]),
    "later": ({"c": "b", "b": "a", "a": None}, [2, 1, 0]),
}


def ok(outputs):
    """It ran."""
    return True


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    runs = [
        Run(run_id=name, outputs={}, steps=[Step(step_id=i, parent_id=p, name=i)
                                           for i, p in parents.items()])
        for name, (parents, _) in PARENTS.items()
    ]  # fmt: skip
    target = tmp_path_factory.mktemp("order") / "report.html"
    write_report(make_content([score_runs(Experiment("x", runs), [ok])]), target)
    return target


@pytest.mark.parametrize("name", PARENTS)
def test_every_step_is_drawn_where_it_lies(opened, page_path, name):
    parents, depths = PARENTS[name]
    page = opened.go(page_path, f"#/run/{name}")
    opened.until("document.querySelector('#v-run [role=option]')")
    drawn = page.locator("#v-run [role=option]")
    assert drawn.count() == len(parents)
    indents = page.locator("#v-run [role=option] .nm").evaluate_all(
        "names => names.map((name) => parseInt(name.style.paddingLeft) / 12)"
    )
    assert indents == depths
