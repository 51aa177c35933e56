"""Gates on the command line: what cannot be meant, what is not whole, what JUnit holds."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from command_line import evalkit

EVALUATOR = """
from evalkit import evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["a"] > 0


@evaluator(range=(1, 5))
def grade(outputs) -> int:
    return 3
"""


@pytest.fixture
def project(tmp_path: Path) -> Any:
    def make(*gates: str, rows: str = "", more: str = "") -> Path:
        (tmp_path / "evaluators").mkdir(exist_ok=True)
        (tmp_path / "evaluators" / "mine.py").write_text(EVALUATOR, "utf-8")
        good = [{"id": f"r{n}", "a": n, "q": n, "topic": "ab"[n % 2]} for n in range(20)]
        text = "".join(json.dumps(row) + "\n" for row in good) + rows
        (tmp_path / "runs.jsonl").write_text(text, "utf-8")
        (tmp_path / "evalkit.toml").write_text(
            f"gates = {json.dumps(gates)}\n{more}\n"
            '[experiments.x]\nfetcher = "records"\npath = "runs.jsonl"\n[experiments.x.fields]\n'
            'run_id = "id"\ninputs = "{q: q}"\noutputs = "{a: a}"\n"metadata.topic" = "topic"\n',
            "utf-8",
        )
        return tmp_path

    return make


WRONG = ["error_rate <= 2", "right >= 90", "grade >= 80%", "latency.p95 <= 8", "rigth >= 0.9",
         "right >= 0.5 where metadata.topic = a"]  # fmt: skip


@pytest.mark.parametrize("verb", [("check",), ("run",), ("gate",), ("run", "--offline")])
def test_rules_that_cannot_be_meant_stop_the_verb(project: Any, verb: tuple[str, ...]) -> None:
    folder = project(*WRONG)
    ended = evalkit(*verb, cwd=folder)
    assert ended.code == 2
    assert "6 gates that cannot be meant" in ended.err
    assert all(f"evalkit.toml:1: {rule}: " in ended.err for rule in WRONG)
    assert not (folder / ".evalkit").exists()  # nothing was fetched


def test_a_rule_of_the_command_line_is_held_to_the_same(project: Any) -> None:
    ended = evalkit("run", "--gate", "right >= 90", cwd=project())
    assert (ended.code, "--gate: right >= 90: " in ended.err) == (2, True)


def test_a_slice_that_no_run_is_in_is_missed(project: Any) -> None:
    more = 'slices = ["metadata.topic"]'
    ended = evalkit("run", cwd=project("right >= 0.5 where metadata.topic = c", more=more))
    assert (ended.code, "There is no slice metadata.topic = c" in ended.out) == (1, True)


BROKEN = '{"id": "cut off'


@pytest.mark.parametrize("verb", ["gate", "report", "run --offline"])
def test_an_incomplete_experiment_misses_every_gate(project: Any, verb: str) -> None:
    folder = project("error_rate <= 2%", "right >= 10%", rows=BROKEN)
    assert evalkit("fetch", cwd=folder).code == 3
    assert evalkit("score", "x", cwd=folder).code == 0
    ended = evalkit(*verb.split(), "--json", cwd=folder)
    gates = ended.document["gates"]
    assert ended.code == 3
    assert [gate["passed"] for gate in gates] == [False, False]
    assert all("The fetch is incomplete, 20 runs are there." in gate["why"] for gate in gates)
    allowed = evalkit(*verb.split(), "--allow-incomplete", "--json", cwd=folder)
    assert allowed.code == 0
    assert [gate["passed"] for gate in allowed.document["gates"]] == [True, True]


def test_without_gates_an_incomplete_experiment_is_shown(project: Any) -> None:
    folder = project(rows=BROKEN)
    assert evalkit("fetch", cwd=folder).code == 3
    assert evalkit("report", cwd=folder).code == 0


@pytest.mark.parametrize(
    "words", ["gate --junit .", "gate --markdown evaluators", "gate --junit evalkit.toml/x.xml"]
)
def test_an_output_that_cannot_be_written_is_named_after_the_verdict(
    project: Any, words: str
) -> None:
    folder = project("right >= 90%")
    assert evalkit("run", cwd=folder).code == 0
    ended = evalkit(*words.split(), cwd=folder)
    assert (ended.code, "right >= 90%" in ended.out) == (2, True)
    assert f"{words.split()[-1]}: cannot be written" in ended.err


def test_junit_holds_gates_and_runs_only_when_asked(project: Any) -> None:
    folder = project("error_rate <= 2%", "right >= 99%")
    assert evalkit("run", cwd=folder).code == 1
    assert evalkit("gate", "--junit", "gates.xml", cwd=folder).code == 1
    root = ElementTree.parse(folder / "gates.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert evalkit("gate", "--junit", "all.xml", "--junit-runs", cwd=folder).code == 1
    root = ElementTree.parse(folder / "all.xml").getroot()
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("gates", "2"),
        ("x", "20"),
    ]
