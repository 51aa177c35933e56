"""Files that are broken, empty or odd, as people meet them: through `evalkit run`."""

from pathlib import Path

import pytest
from command_line import Ended, evalkit

CONFIG = """
[experiments.trial]
fetcher = "records"
path = "{name}"

[experiments.trial.fields]
run_id = "id"
inputs = "{{q: q}}"
outputs = "{{a: a}}"
"feedback.good" = "good"
"""
EVALUATOR = """
from evalkit import evaluator


@evaluator
def answered(outputs) -> bool:
    "There is an answer."
    return bool(outputs["a"])
"""
LINE = '{"id": "r%d", "q": "=1+1", "a": "x", "good": 1}\n'


def run(folder: Path, name: str, content: str, *more: str) -> Ended:
    (folder / "evalkit.toml").write_text(CONFIG.format(name=name))
    (folder / "evaluators").mkdir(exist_ok=True)
    (folder / "evaluators" / "answers.py").write_text(EVALUATOR)
    (folder / name).write_text(content)
    return evalkit("run", "trial", "--json", *more, cwd=folder)


def test_a_truncated_line_is_an_incomplete_fetch_that_keeps_the_rows_before_it(tmp_path):
    ended = run(tmp_path, "log.jsonl", LINE % 1 + LINE % 2 + (LINE % 3)[:20])
    assert ended.code == 3
    assert "log.jsonl:3: the last line is cut off" in ended.err
    assert "Traceback" not in ended.err
    kept = evalkit("show", "trial", "r2", cwd=tmp_path)
    assert kept.code == 0
    (tmp_path / "log.jsonl").write_text(LINE % 1 + LINE % 2 + LINE % 3)
    again = evalkit("run", "trial", "--json", cwd=tmp_path)
    assert (again.code, again.document["counts"]["received"]) == (0, 3)


@pytest.mark.parametrize(
    ("name", "content"), [("log.jsonl", ""), ("log.json", "[]"), ("log.csv", "id,q,a,good\n")]
)
def test_nothing_to_evaluate_is_not_success(tmp_path, name, content):
    ended = run(tmp_path, name, content)
    assert ended.code == 5
    assert name in ended.err


def test_a_formula_in_a_csv_is_text_like_any_other(tmp_path):
    ended = run(tmp_path, "log.csv", "id,q,a,good\nr1,\"=cmd|' /C calc'!A0\",@SUM(A1),0.5\n")
    assert ended.code == 0
    assert ended.document["scores"]["good"]["mean"] == 0.5
    shown = evalkit("show", "trial", "r1", cwd=tmp_path)
    assert "=cmd|' /C calc'!A0" in shown.out


def test_one_run_is_an_experiment(tmp_path):
    ended = run(tmp_path, "log.jsonl", LINE % 1)
    assert ended.code == 0
    answered = ended.document["scores"]["answered"]
    assert (answered["n"], answered["mean"]) == (1, 1.0)


def test_a_typo_in_the_mapping_never_becomes_a_column_of_nothing(tmp_path):
    ended = run(tmp_path, "log.jsonl", '{"id": "r1", "q": 1, "anser": "x", "good": 1}\n')
    assert ended.code == 2
    assert "outputs = '{a: a}': no record has 'a'" in ended.err


def test_a_bad_expression_is_told_before_anything_is_read_with_the_line_of_the_config(tmp_path):
    (tmp_path / "evalkit.toml").write_text(CONFIG.format(name="no.jsonl").replace("q: q", "q: q["))
    ended = evalkit("check", cwd=tmp_path)
    assert ended.code == 2
    assert "evalkit.toml:8" in ended.err
    assert "not a JMESPath expression at column" in ended.err


def test_a_second_fetch_writes_nothing_new(tmp_path):
    assert run(tmp_path, "log.jsonl", LINE % 1 + LINE % 2).code == 0
    again = evalkit("fetch", "trial", "--json", cwd=tmp_path)
    assert again.code == 0
    assert (again.document["new"], again.document["unchanged"]) == (0, 2)
