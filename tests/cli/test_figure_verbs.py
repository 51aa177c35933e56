"""The verbs that show, compare, follow and serve, on one starter project that has been scored."""

import json
import re
import signal
import subprocess
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from command_line import SCRIPT, Ended, evalkit
from jsonschema import Draft202012Validator

from evalkit.project.schemas import SCHEMAS


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    assert evalkit("init", "mine", cwd=folder).code == 0
    assert evalkit("run", "--quiet", cwd=folder / "mine").code == 0
    return folder / "mine"


def good(starter: Path, *argv: str) -> Ended:
    ended = evalkit(*argv, cwd=starter)
    assert ended.code == 0, ended.err
    return ended


def run_ids(starter: Path) -> list[str]:
    lines = (starter / "datasets" / "baseline.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["run_id"] for line in lines]


def test_show_says_what_json_says(starter: Path) -> None:
    summary = good(starter, "show", "baseline", "--json").document
    mean = summary["scores"]["correct"]["mean"]
    assert f"{mean:.1%}" in good(starter, "show", "baseline").out


def test_show_one_run_by_the_beginning_of_its_id(starter: Path) -> None:
    run_id = run_ids(starter)[0]
    said = good(starter, "show", "baseline", run_id[:23]).out
    assert run_id in said
    assert "retriever keyword_search" in said
    assert re.search(r"correct +(true|false) ", said)
    document = good(starter, "show", "baseline", run_id, "--json").document
    assert document["run_id"] == run_id
    assert {"correct", "found"} <= {each["key"] for each in document["scores"]}


def test_show_a_run_that_is_not_there(starter: Path) -> None:
    ended = evalkit("show", "baseline", "zzz", cwd=starter)
    assert (ended.code, ended.out) == (2, "")


def test_report_writes_where_it_is_told_and_shares_safely(starter: Path) -> None:
    files = {"--output": "page.html", "--to-csv": "runs.csv", "--to-json": "figures.json"}
    told = [word for option, name in files.items() for word in (option, f"out/{name}")]
    said = good(starter, "report", "baseline", "--share", *told).out
    assert said == "report: out/page.html\n"
    good(starter, "gate", "baseline", "--share", "--junit", "out/g.xml", "--markdown", "out/g.md")
    for name in [*files.values(), "g.xml", "g.md"]:
        text = (starter / "out" / name).read_text("utf-8")
        assert text
        assert not [run_id for run_id in run_ids(starter) if run_id in text], name


@pytest.mark.parametrize("size", ["much", "-1", "20 apples"])
def test_report_refuses_a_size_that_is_none(starter: Path, size: str) -> None:
    ended = evalkit("report", f"--max-size={size}", cwd=starter)
    assert ended.code == 2
    assert "is no size" in ended.err


@pytest.mark.parametrize("runs", ["many", "0", "-3", "1.5"])
def test_report_refuses_a_number_of_runs_that_is_none(starter: Path, runs: str) -> None:
    ended = evalkit("report", f"--runs={runs}", cwd=starter)
    assert ended.code == 2
    assert f"--runs '{runs}': is no number of runs" in ended.err


def test_what_a_page_leaves_out_by_rule_is_told_everywhere(starter: Path) -> None:
    told = good(starter, "report", "baseline", "--runs", "7")
    assert "runs 7 are whole in this page, by rule (seed " in told.err
    ended = good(starter, "report", "baseline", "--runs", "7", "--json")
    assert ended.document["left_out"][0] in told.err.replace("\n", " ")
    assert good(starter, "verify", "reports/baseline/report.html").code == 0
    config = starter / "evalkit.toml"
    text = config.read_text("utf-8")
    try:
        config.write_text(text + "\n[report]\nruns = 7\n")
        assert "runs 7 are whole" in good(starter, "report", "baseline").err
        assert "whole" not in good(starter, "report", "baseline", "--runs", "all").err
        assert "whole" not in good(starter, "report", "baseline", "--traces", "side").err
        config.write_text(text + "\n[report]\nruns = 0\n")
        refused = evalkit("report", "baseline", cwd=starter)
        assert (refused.code, "report.runs" in refused.err) == (2, True)
    finally:
        config.write_text(text)


def test_compare_takes_the_baseline_it_is_told(starter: Path) -> None:
    argv = ("compare", "baseline", "candidate", "--baseline", "candidate", "--json")
    comparison = good(starter, *argv).document["comparison"]
    Draft202012Validator(SCHEMAS["comparison"]()).validate(comparison)
    assert comparison["baseline"] == "candidate"
    assert comparison["candidates"][0]["experiment"] == "baseline"
    assert good(starter, "compare", "baseline", "candidate").out.count("correct") > 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["compare", "baseline"], "two or more"),
        (["compare", "baseline", "other"], "no experiment 'other'"),
        (["compare", "baseline", "candidate", "--baseline", "other"], "baseline 'other'"),
    ],
)
def test_compare_says_what_it_needs(starter: Path, argv: list[str], said: str) -> None:
    ended = evalkit(*argv, cwd=starter)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_gate_against_a_saved_summary(starter: Path) -> None:
    saved = "reports/baseline/summary.json"
    rule = "correct not worse than baseline by 0.9"
    said = good(starter, "gate", "candidate", "--baseline", saved, "--gate", rule).out
    assert f"pass  candidate: {rule}" in said
    assert "none" not in said


def test_gate_speaks_to_github(starter: Path) -> None:
    steps = starter / "steps.md"
    argv = ("gate", "--gate", "correct >= 0.99", "--github")
    ended = evalkit(*argv, cwd=starter, GITHUB_STEP_SUMMARY=str(steps))
    assert ended.code == 1
    annotations = [line for line in ended.out.splitlines() if line.startswith("::error ")]
    assert len(annotations) == 2
    assert "correct" in steps.read_text("utf-8")


def test_gate_says_where_a_configured_rule_stands(starter: Path) -> None:
    document = evalkit("gate", "--json", cwd=starter).document
    gates = [gate for each in document["experiments"] for gate in each["gates"]]
    lines = (starter / "evalkit.toml").read_text().splitlines()
    assert all(gate["rule"] in lines[gate["line"] - 1] for gate in gates)


def test_a_gate_that_cannot_be_read_points_at_its_place(starter: Path) -> None:
    ended = evalkit("gate", "--gate", "correct >> 0.9", cwd=starter)
    assert (ended.code, ended.out) == (2, "")


def test_history_has_a_strip_per_metric(starter: Path) -> None:
    document = good(starter, "history", "baseline", "--json").document
    assert {"correct", "latency.p95"} <= {strip["metric"] for strip in document["strips"]}
    assert "correct" in good(starter, "history").out


def test_metrics_speaks_langsmiths_names(starter: Path) -> None:
    document = good(starter, "metrics", "baseline", "--json").document
    assert document["run_count"] == 20
    assert {"latency_p50", "first_token_p99", "error_rate", "feedback_stats"} <= set(document)
    assert "run_count" in good(starter, "metrics", "baseline").out


def test_try_shows_scores_and_reasons_and_keeps_nothing(starter: Path) -> None:
    before = good(starter, "score", "baseline", "--json").document["evaluators"]
    document = good(
        starter, "try", "correct", "--on", "baseline", "--sample", "4", "--json"
    ).document
    assert len(document["rows"]) == 4
    assert document["means"]["correct"]["n"] == 4
    text = good(starter, "try", "correct", "--on", "baseline", "--sample", "4").out
    assert "expected '" in text
    assert good(starter, "score", "baseline", "--json").document["evaluators"] == before


def test_try_with_an_evaluator_that_breaks(starter: Path) -> None:
    broken = starter / "evaluators" / "broken.py"
    broken.write_text(
        "from evalkit import evaluator\n@evaluator\ndef bad(run):\n    return {}['x']\n"
    )
    try:
        ended = evalkit("try", "bad", "--on", "baseline", "--sample", "2", cwd=starter)
    finally:
        broken.unlink()
    assert ended.code == 4
    assert ended.out.count("KeyError: 'x'") == 2


def test_agree_calibrates(starter: Path) -> None:
    labels = [{"run_id": run_id, "label": n % 2 == 0} for n, run_id in enumerate(run_ids(starter))]
    (starter / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    argv = ("agree", "baseline", "--human", "labels.jsonl", "--metric", "correct")
    document = good(starter, *argv, "--json").document
    assert document["n"] == 20
    assert sum(map(sum, document["confusion"])) == 20
    assert (starter / "reports" / "agreement" / "correct.json").is_file()
    assert "Cohen's kappa" in good(starter, *argv).out


def test_view_serves_the_page_to_who_has_the_address(starter: Path) -> None:
    argv = [str(SCRIPT), "view", "baseline"]
    with subprocess.Popen(argv, cwd=starter, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with urllib.request.urlopen(url) as answer:
            assert b"<!doctype html>" in answer.read(100)
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(url.rsplit("/", 2)[0] + "/guess/")
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0


@pytest.mark.parametrize(
    "verb",
    [
        ("receive", "--to", "traces", "--port", "0"),
        ("view", "baseline"),
        ("label", "baseline", "--metric", "correct", "--rater", "ann", "--sample", "3"),
    ],
    ids=lambda verb: verb[0],
)
def test_what_serves_may_be_stopped_at_once(starter: Path, verb: tuple[str, ...]) -> None:
    """The first line is out before anybody waits for requests."""
    for _ in range(4):
        with subprocess.Popen([str(SCRIPT), *verb], cwd=starter, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline()
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=60) == 0


def test_push_is_for_stores(starter: Path) -> None:
    ended = evalkit("push", "baseline", "--dry-run", cwd=starter)
    assert ended.code == 2
    assert "writes back to langsmith, mlflow, phoenix only" in ended.err


def test_doctor_looks_without_fetching(starter: Path) -> None:
    assert good(starter, "doctor", "baseline").out.startswith(("ok", "note"))
    checks = good(starter, "doctor", "baseline", "--json").document["checks"]
    assert all(each["ok"] is not False for each in checks)
