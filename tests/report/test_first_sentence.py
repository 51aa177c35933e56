"""The first sentence, why nothing is paired, slices and rankings wherever a report is read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit

FIELDS = 'run_id = "id"\nexample_id = "ex"\ninputs = "{q: q}"\noutputs = "{a: a}"\n'
SCORES = '"feedback.first" = "f"\n"feedback.second" = "s"\n"feedback.tone" = "w"\n'


def rows(name: str, n: int = 12, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"{name}{i}", "ex": f"e{i}", "q": f"q{i}", "a": "x", "f": True, "s": i % 2 == 0,
         "w": "curt" if i % 3 else "kind", "model": f"m{i:02}", **more}
        for i in range(n)
    ]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Any:
    def make(config: str = "", **experiments: list[dict[str, Any]]) -> Path:
        (tmp_path / "evaluators").mkdir(exist_ok=True)
        text = config + "\n"
        for name, found in experiments.items():
            lines = "".join(json.dumps(row) + "\n" for row in found)
            (tmp_path / f"{name}.jsonl").write_text(lines, "utf-8")
            text += f'[experiments.{name}]\nfetcher = "records"\npath = "{name}.jsonl"\n'
            text += f'[experiments.{name}.fields]\n{FIELDS}{SCORES}"metadata.model" = "model"\n'
        (tmp_path / "evalkit.toml").write_text(text, "utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "x: first 100.0%"),
        ('headline = "second"', "x: second 50.0%"),
        ('headline = "tone"', "x: tone curt 66.7%"),
    ],
)
def test_the_sentence_is_about_the_score_that_is_meant(
    project: Any, config: str, said: str
) -> None:
    folder = project(f'{config}\ngates = ["error_rate <= 2%"]', x=rows("x"))
    shown = evalkit("run", cwd=folder)
    assert said in " ".join(shown.out.split())
    assert evalkit("gate", "--markdown", "c.md", cwd=folder).code == 0
    comment = (folder / "c.md").read_text("utf-8").replace("*", "")
    assert said in comment
    page = (folder / "reports" / "x" / "report.html").read_text("utf-8")
    assert said in page.replace("<b>", "").replace("</b>", "")


def test_a_headline_that_is_not_there_is_said(project: Any) -> None:
    shown = evalkit("run", cwd=project('headline = "secnd"', x=rows("x")))
    assert "headline 'secnd' is no score here. Did you mean 'second'?" in " ".join(
        shown.out.split()
    )
    assert "x: first 100.0%" in shown.out


def test_two_experiments_have_the_same_sentence(project: Any) -> None:
    worse = rows("b", s=False)
    folder = project('baseline = "a"\nheadline = "second"', a=rows("a"), b=worse)
    shown = " ".join(evalkit("run", cwd=folder).out.split())
    assert "second is surely worse by" in shown
    assert "second 50.0% → 0.0%" in shown


def test_without_a_baseline_the_first_is_one_and_it_is_said(project: Any) -> None:
    gates = 'gates = ["second not worse than baseline by 0.02"]'
    folder = project(gates, a=rows("a"), b=rows("b", s=False))
    ended = evalkit("run", cwd=folder)
    told = " ".join(ended.out.split())
    assert "No baseline is named: the others are compared with a, the first." in told
    assert "b against a" in told
    assert ended.code == 0  # the rule needs a baseline that somebody named


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"q": "other"}, "the inputs or references of 12 common examples differ"),
        ({"ex": "z", "q": "z"}, "no example is in both"),
    ],
)
def test_it_is_said_why_there_are_no_pairs(project: Any, changes: dict[str, Any], why: str) -> None:
    other = [
        {**row, **{k: f"{v}{i}" for k, v in changes.items()}} for i, row in enumerate(rows("b"))
    ]
    folder = project('baseline = "a"', a=rows("a"), b=other)
    assert evalkit("run", cwd=folder).code == 0
    shown = " ".join(evalkit("compare", "a", "b", cwd=folder).out.split())
    assert f"there are no pairs: {why}." in shown
    page = (folder / "reports" / "a-b" / "report.html").read_text("utf-8")
    assert why in page


def test_slices_stand_everywhere_and_none_is_cut(project: Any) -> None:
    folder = project('slices = ["metadata.model"]\ngates = ["runs >= 1"]', x=rows("x", 30))
    shown = evalkit("run", cwd=folder).out
    assert "Scores by model" in shown
    assert "12 of 30 are shown; the page and --json have all." in shown
    page = (folder / "reports" / "x" / "report.html").read_text("utf-8")
    assert all(re.search(rf"<th>(<a [^>]*>)?m{i:02}<", page) for i in range(30))
    assert "Show all 30" in page
    assert evalkit("gate", "--markdown", "c.md", cwd=folder).code == 0
    comment = (folder / "c.md").read_text("utf-8")
    assert len(re.findall(r"^\| m\d\d \|", comment, re.MULTILINE)) == 30


def test_few_slices_need_no_button(project: Any) -> None:
    folder = project('slices = ["metadata.model"]', x=rows("x", 4))
    shown = evalkit("run", cwd=folder).out
    assert "m03" in shown
    assert "are shown" not in shown
    assert "Show all 4" not in (folder / "reports" / "x" / "report.html").read_text("utf-8")


JUDGE = """
from evalkit import evaluator


@evaluator(scope="comparison")
def longer(outputs) -> list[float]:
    return [float(len(str(each))) for each in outputs]
"""


def test_comparative_results_stand_in_the_terminal(project: Any) -> None:
    folder = project('baseline = "a"', a=rows("a"), b=rows("b", a="a longer answer"))
    (folder / "evaluators" / "judge.py").write_text(JUDGE, "utf-8")
    shown = evalkit("run", cwd=folder).out
    assert "Ranking by longer" in shown
    assert "100.0%" in shown[shown.index("Ranking by longer") :]
