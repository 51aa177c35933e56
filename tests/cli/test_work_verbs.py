"""run, fetch and score on a project as people have it: good, broken and hostile."""

import html
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import SCRIPT, evalkit
from jsonschema import Draft202012Validator

from evalkit.project.schemas import SCHEMAS

LINE = '{"run_id": "%s", "example_id": "%s", "outputs": {"answer": "a"}, "duration_s": 1.5}\n'


def project(folder: Path, evaluators: str = "", runs: str | None = None, config: str = "") -> Path:
    """Make a project of one experiment `one` over `runs.jsonl`."""
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "own.py").write_text("from evalkit import evaluator\n" + evaluators)
    rows = "".join(LINE % (n, n) for n in range(4)) if runs is None else runs
    (folder / "runs.jsonl").write_text(rows)
    text = config + '\n[experiments.one]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    (folder / "evalkit.toml").write_text(text)
    return folder


def scores(document: Any) -> dict[str, Any]:
    return {name: (s["n"], s["mean"], s["outcomes"]) for name, s in document["scores"].items()}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter")
    assert evalkit("init", "mine", cwd=folder).code == 0
    return folder / "mine"


def test_the_starter_runs_at_once_and_its_document_fits_the_schema(starter: Path) -> None:
    ended = evalkit("run", "--json", cwd=starter)
    assert ended.code == 0, ended.err
    Draft202012Validator(SCHEMAS["run"]()).validate(ended.document)
    names = [each["experiment"] for each in ended.document["experiments"]]
    assert names == ["baseline", "candidate"]
    assert ended.document["comparison"]["baseline"] == "baseline"
    page = starter / ended.document["report"]
    assert page.read_text("utf-8").startswith("<!doctype html>")
    for name in names:
        saved = json.loads((starter / "reports" / name / "summary.json").read_text())
        Draft202012Validator(SCHEMAS["summary"]()).validate(saved)


def test_a_new_evaluator_gets_its_column_and_nothing_else_runs_again(starter: Path) -> None:
    assert evalkit("run", cwd=starter).code == 0
    evalkit("new", "evaluator", "friendly", cwd=starter)
    ended = evalkit("score", "baseline", "--json", cwd=starter)
    work = {each["name"]: each["missing"] for each in ended.document["evaluators"]}
    assert work.pop("friendly") == 20
    assert set(work.values()) == {0}
    assert "friendly" in ended.document["summary"]["scores"]
    assert "friendly" in evalkit("run", cwd=starter).out


def test_one_experiment_prints_its_summary_with_the_promised_keys(starter: Path) -> None:
    document = evalkit("run", "baseline", "--json", cwd=starter).document
    promised = {"experiment", "counts", "scores", "latency", "usage", "reducers", "report"}
    assert promised <= set(document)
    assert document["counts"]["received"] == 20


def test_people_get_figures_on_stdout_and_stages_on_stderr(starter: Path) -> None:
    ended = evalkit("run", "baseline", cwd=starter)
    assert "correct" in ended.out
    assert "report: reports/baseline/report.html" in ended.out
    assert "\x1b" not in ended.out + ended.err
    assert ended.err.count("\n") <= 4
    assert evalkit("run", "baseline", "--quiet", cwd=starter).err == ""


@pytest.mark.parametrize(
    ("body", "mean", "outcomes"),
    [
        ("return True", 1.0, {"scored": 4}),
        ("return None", None, {"not_applicable": 4}),
        ("import numpy; return numpy.float32(0.5)", 0.5, {"scored": 4}),
        ("import numpy; return numpy.bool_(False)", 0.0, {"scored": 4}),
        ("return 0.25, 'a reason'", 0.25, {"scored": 4}),
        ("return 0.25, 0.5", None, {"evaluator_error": 4}),
        ("return float('nan')", None, {"evaluator_error": 4}),
        ("return 1 / 0", None, {"evaluator_error": 4}),
        ("raise SystemExit(9)", None, {"evaluator_error": 4}),
        ("print('x' * 10); return 1", 1.0, {"scored": 4}),
        ("import os; os.write(1, b'raw'); return 1", 1.0, {"scored": 4}),
    ],
)
def test_what_an_evaluator_does_costs_its_own_cells_only(
    tmp_path: Path, body: str, mean: float | None, outcomes: dict[str, int]
) -> None:
    text = f"@evaluator\ndef odd(run):\n    {body}\n@evaluator\ndef good(run):\n    return 1\n"
    ended = evalkit("run", "--json", cwd=project(tmp_path, text))
    failed = "evaluator_error" in outcomes
    assert ended.code == (4 if failed else 0), ended.err
    found = scores(ended.document)
    assert found["good"][:2] == (4, 1.0)
    n, value, counted = found["odd"]
    assert (n, value) == (outcomes.get("scored", 0), mean)
    assert {name: count for name, count in counted.items() if count} == outcomes


def test_errors_of_an_earlier_scoring_still_count(tmp_path: Path) -> None:
    folder = project(tmp_path, "@evaluator\ndef odd(run):\n    return 1 / 0\n")
    assert [evalkit("run", cwd=folder).code for _ in range(2)] == [4, 4]
    assert evalkit("run", "--max-errors", "4", cwd=folder).code == 0


@pytest.mark.parametrize(
    ("runs", "code", "said"),
    [
        (LINE % (1, 1) + '{"run_id": "2", "outp', 3, "runs.jsonl:2"),
        ("", 5, "runs.jsonl"),
        (LINE % (1, 1), 0, "report:"),
        ('{"kind": "example", "example_id": "1", "inputs": {}}\n', 5, "no run in"),
        ('{"hello": 1}\n', 3, "runs.jsonl:1"),
    ],
)
def test_files_as_they_come(tmp_path: Path, runs: str, code: int, said: str) -> None:
    ended = evalkit("run", cwd=project(tmp_path, "", runs))
    assert ended.code == code, ended.err
    assert said in ended.out + ended.err


def test_a_missing_file_is_a_source_that_failed(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "runs.jsonl").unlink()
    ended = evalkit("run", cwd=folder)
    assert ended.code in (2, 3)
    assert "runs.jsonl" in ended.err


def test_a_formula_in_a_csv_stays_text(tmp_path: Path) -> None:
    folder = project(tmp_path, "@evaluator\ndef said(outputs):\n    return outputs['answer']\n")
    (folder / "runs.csv").write_text('id,answer\n1,"=HYPERLINK(""http://x"")"\n2,+1\n')
    config = '[experiments.one]\nfetcher = "records"\npath = "runs.csv"\n[experiments.one.fields]\n'
    (folder / "evalkit.toml").write_text(config + 'run_id = "id"\noutputs = "{answer: answer}"\n')
    ended = evalkit("run", "--json", cwd=folder)
    assert ended.code == 0, ended.err
    categories = ended.document["scores"]["said"]["categories"]
    assert categories == {'=HYPERLINK("http://x")': 1, "+1": 1}


@pytest.mark.parametrize(("rule", "code"), [("error_rate <= 2%", 0), ("latency.p95 <= 1s", 1)])
def test_gates_decide_the_exit_code(tmp_path: Path, rule: str, code: int) -> None:
    folder = project(tmp_path, config=f'gates = ["{rule}"]\n')
    assert evalkit("run", cwd=folder).code == code
    ended = evalkit("gate", "--junit", "out/j.xml", "--markdown", "out/c.md", cwd=folder)
    assert ended.code == code
    comment = html.unescape((folder / "out" / "c.md").read_text("utf-8"))
    assert rule in comment.replace("\\", "")
    assert (folder / "out" / "j.xml").read_text("utf-8").count("<testsuite ") == 1


def test_one_experiment_that_fails_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with (folder / "evalkit.toml").open("a") as out:
        out.write('[experiments.two]\nfetcher = "evalkit"\npath = "absent.jsonl"\n')
    ended = evalkit("run", "--json", cwd=folder)
    assert ended.code in (2, 3)
    assert [each["experiment"] for each in ended.document["experiments"]] == ["one"]
    assert "absent.jsonl" in ended.document["failures"]["two"]


def test_an_interrupted_scoring_goes_on_where_it_stopped(tmp_path: Path) -> None:
    text = (
        "import pathlib, time\n@evaluator\ndef slow(run):\n"
        "    with open('called', 'a') as out:\n        out.write(run.run_id + ' ')\n"
        "    time.sleep(0.2)\n    return 1\n"
    )
    folder = project(tmp_path, text, "".join(LINE % (n, n) for n in range(12)))
    assert evalkit("fetch", cwd=folder).code == 0
    argv = [str(SCRIPT), "score", "one", "--workers", "0"]
    started = subprocess.Popen(argv, cwd=folder, stderr=subprocess.PIPE, text=True)
    called = folder / "called"
    while not called.exists() or len(called.read_text().split()) < 3:
        assert started.poll() is None
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "error[interrupted]" in err
    before = len(called.read_text().split())
    assert before < 12
    ended = evalkit("score", "one", "--json", cwd=folder)
    assert ended.code == 0
    assert scores(ended.document["summary"])["slow"][:2] == (12, 1.0)
    assert len(called.read_text().split()) <= 13


def test_a_reader_that_goes_away_is_no_crash(starter: Path) -> None:
    argv = f"{SCRIPT} schema run | head -1"
    ended = subprocess.run(argv, shell=True, cwd=starter, capture_output=True, text=True)
    assert ended.stdout == "{\n"
    assert ended.stderr == ""


def test_a_read_only_project_says_so(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / ".evalkit").write_text("a file where a folder should be")
    ended = evalkit("fetch", cwd=folder)
    assert ended.code == 3, ended.err
    assert ended.err.startswith("error[store]")
    assert os.fspath(folder) in ended.err or ".evalkit" in ended.err


def test_openevals_and_agentevals_run_unmodified_on_stored_runs(tmp_path: Path) -> None:
    pytest.importorskip("openevals")
    pytest.importorskip("agentevals")
    text = (
        "from agentevals.trajectory.match import create_trajectory_match_evaluator\n"
        'strict = evaluator(name="strict")(create_trajectory_match_evaluator('
        'trajectory_match_mode="strict"))\n'
    )
    call = [{"function": {"name": "search", "arguments": "{}"}}]
    said = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "", "tool_calls": call},
    ]
    runs = [
        {"kind": "example", "example_id": "e", "reference_outputs": said},
        {"run_id": "same", "example_id": "e", "outputs": said},
        {"run_id": "other", "example_id": "e", "outputs": said[:1]},
    ]
    use = '[evaluators.exact]\nuse = "openevals.exact:exact_match"\n'
    folder = project(tmp_path, text, "".join(json.dumps(row) + "\n" for row in runs), use)
    ended = evalkit("run", "--json", cwd=folder)
    assert ended.code == 0, ended.err
    found = scores(ended.document)
    assert {name: n_and_mean[:2] for name, n_and_mean in found.items()} == {
        "trajectory_strict_match": (2, 0.5),
        "exact_match": (2, 0.5),
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_fetch_is_stopped_while_the_server_says_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        config = f'[experiments.one]\nfetcher = "langgraph"\nurl = "{url}"\n'
        (tmp_path / "evalkit.toml").write_text(config)
        argv = [str(SCRIPT), "fetch", "one"]
        started = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            started.send_signal(number)
            _, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "error[interrupted]" in err


def test_without_a_page_all_else_is_there(tmp_path: Path) -> None:
    folder = project(tmp_path, '@evaluator\ndef fine(outputs): return outputs["answer"] == "a"\n')
    ended = evalkit("run", "--no-page", "--gate", "score.fine >= 2", "--json", cwd=folder)
    assert (ended.code, ended.document["report"]) == (1, None)
    saved = json.loads((folder / "reports" / "one" / "summary.json").read_text())
    assert (saved["scores"]["fine"]["mean"], len(saved["gates"])) == (1.0, 1)
    assert not list(folder.rglob("*.html"))
    refused = evalkit("run", "--no-page", "--open", cwd=folder)
    assert refused.code == 2
    assert "--no-page writes none" in refused.err
