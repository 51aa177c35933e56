"""In a notebook, results, summaries and comparisons are tables whose content is text."""

import subprocess
import sys

import pytest

from evalkit import Experiment, Run, compare, score_runs, summarise


def scored(name, answer):
    runs = [Run(run_id=f"{n}", example_id=f"e{n}", outputs={"a": answer}) for n in range(12)]

    def hostile(outputs):
        return {"<script>alert(1)</script>": outputs["a"]}

    return score_runs(Experiment(name, runs), [hostile])


@pytest.fixture(scope="module")
def drawn():
    __import__("evalkit.pipeline.notebook")
    base, other = scored("<b>base", 0.5), scored("other", 1.0)
    return {"results": base, "summary": summarise(other), "comparison": compare([base, other])}


@pytest.mark.parametrize("kind", ["results", "summary", "comparison"])
def test_the_table_shows_figures_and_escapes_content(drawn, kind):
    html = drawn[kind]._repr_html_()
    assert "<table>" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<b>base" not in html


def test_outside_a_notebook_nothing_is_drawn_or_imported():
    code = (
        "from evalkit import summarise\nimport sys\n"
        "assert 'jinja2' not in sys.modules and 'evalkit.report' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_inside_a_notebook_the_face_is_enough():
    code = (
        "import sys, types\nsys.modules['IPython'] = types.ModuleType('IPython')\n"
        "from evalkit import Run, score_runs\n"
        "results = score_runs([Run(run_id='r', outputs={})], [lambda run: True])\n"
        "assert '<table>' in results._repr_html_()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
