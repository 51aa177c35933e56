"""What the store lost is never a pass: its manifest, its list of evaluators, a part of scores."""

import json
from pathlib import Path

import pytest
from command_line import evalkit

EVALUATORS = """
from evalkit import evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["a"] >= 0


@evaluator
def fails(outputs) -> bool:
    raise ValueError("no")
"""
CONFIG = """
gates = ["error_rate <= 2%", "right >= 90%"]

[score]
max_errors = 100

[experiments.x]
fetcher = "records"
path = "runs.jsonl"

[experiments.x.fields]
run_id = "id"
inputs = "{q: q}"
outputs = "{a: a}"
"""


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "mine.py").write_text(EVALUATORS, "utf-8")
    (tmp_path / "evalkit.toml").write_text(CONFIG, "utf-8")
    lines = "".join(json.dumps({"id": f"r{n}", "a": n, "q": n}) + "\n" for n in range(12))
    (tmp_path / "runs.jsonl").write_text(lines, "utf-8")
    assert evalkit("run", cwd=tmp_path).code == 0
    assert evalkit("gate", cwd=tmp_path).code == 0
    return tmp_path


def folder(scored: Path) -> Path:
    return scored / ".evalkit" / "x"


def refused_everywhere(scored: Path, said: str) -> None:
    """No verb that shows figures goes on, and `verify` names what is wrong."""
    for verb in (("gate",), ("show", "x"), ("report",)):
        ended = evalkit(*verb, cwd=scored)
        assert (verb, ended.code) == (verb, 3)
        assert "error[store]" in ended.err
        assert said in ended.err
    assert evalkit("store", "verify", cwd=scored).code == 3


@pytest.mark.parametrize("text", ["[1]", "{}", "[]", "null", "7", '"x"', '{"rows": []}', "[", ""])
def test_a_list_of_evaluators_that_is_none_is_refused(scored: Path, text: str) -> None:
    path = folder(scored) / "scores" / "evaluators.json"
    path.write_text(text, "utf-8")
    refused_everywhere(scored, "Delete this file")
    path.unlink()
    assert evalkit("score", cwd=scored).code == 0
    assert evalkit("gate", cwd=scored).code == 0


def test_an_evaluator_taken_off_the_list_is_seen(scored: Path) -> None:
    path = folder(scored) / "scores" / "evaluators.json"
    document = json.loads(path.read_text("utf-8"))
    document["rows"] = [row for row in document["rows"] if row["name"] != "fails"]
    path.write_text(json.dumps(document), "utf-8")
    refused_everywhere(scored, "does not match its hash")


def test_a_list_that_is_gone_is_said_and_made_again(scored: Path) -> None:
    (folder(scored) / "scores" / "evaluators.json").unlink()
    refused_everywhere(scored, "the list of evaluators is gone")
    assert evalkit("score", cwd=scored).code == 0
    assert evalkit("gate", cwd=scored).code == 0


def test_scores_that_are_gone_altogether_are_said(scored: Path) -> None:
    for path in (folder(scored) / "scores").iterdir():
        path.unlink()
    refused_everywhere(scored, "the list of evaluators is gone")


def test_a_part_of_scores_that_is_gone_is_said_and_made_again(scored: Path) -> None:
    parts = sorted((folder(scored) / "scores").glob("part-*"))
    parts[0].unlink()
    refused_everywhere(scored, "the file is gone")
    assert evalkit("score", cwd=scored).code == 0
    assert evalkit("gate", cwd=scored).code == 0


def test_a_manifest_that_lost_parts_is_refused(scored: Path) -> None:
    path = folder(scored) / "manifest.json"
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document | {"complete": True, "parts": []}), "utf-8")
    refused = evalkit("gate", cwd=scored)
    assert (refused.code, "does not match its hash" in refused.err) == (3, True)


def test_gathering_parts_keeps_the_list_true(scored: Path) -> None:
    source = scored / "evaluators" / "mine.py"
    source.write_text(source.read_text("utf-8").replace(">= 0", ">= 1"), "utf-8")
    assert evalkit("score", cwd=scored).code == 0
    assert evalkit("store", "gc", cwd=scored).code == 0
    assert evalkit("store", "verify", cwd=scored).code == 0
    assert evalkit("gate", cwd=scored).code == 0


def test_a_project_that_drops_its_evaluators_goes_on(scored: Path) -> None:
    (scored / "evaluators" / "mine.py").unlink()
    config = (scored / "evalkit.toml").read_text("utf-8").replace(', "right >= 90%"', "")
    (scored / "evalkit.toml").write_text(config, "utf-8")
    assert evalkit("run", cwd=scored).code == 0
    assert evalkit("gate", cwd=scored).code == 0
