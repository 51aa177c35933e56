"""Judges from the command line: told what they cost, held to a budget, asked once."""

import json
from pathlib import Path

import pytest
from command_line import Ended, evalkit
from judge_server import serving, verdict

from evalkit.model.schema.records import run_to_record
from evalkit.testing import make_run

JUDGE = """
from evalkit.evaluators.judge.judge import judge

helpful = judge(
    "helpful",
    model="small",
    prompt="Question: {{ inputs.q }} Answer: {{ outputs.answer }} Does it help?",
    price=[0.0, 10000.0],
    max_tokens=50,
)
"""
PRICE = 0.5
"""Of one answer: 50 tokens at 0.01."""
RUNS = 12


@pytest.fixture
def project(tmp_path: Path) -> Path:
    runs = [
        make_run(run_id=f"r{n}", inputs={"q": n}, outputs={"answer": f"answer {n}"})
        for n in range(RUNS)
    ]
    runs.append(make_run(run_id="failed", error="boom"))
    lines = [json.dumps(run_to_record(run)) + "\n" for run in runs]
    (tmp_path / "runs.jsonl").write_text("".join(lines))
    (tmp_path / "evalkit.toml").write_text(
        '[experiments.nightly]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    )
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "helpful.py").write_text(JUDGE)
    assert evalkit("fetch", "nightly", cwd=tmp_path).code == 0
    return tmp_path


def score(project: Path, url: str, *args: str) -> Ended:
    return evalkit(
        "score", "nightly", *args, cwd=project, OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-test"
    )


def outcomes(ended: Ended) -> dict[str, int]:
    found = ended.document["summary"]["scores"]["helpful"]["outcomes"]
    return {name: count for name, count in found.items() if count}


def test_an_estimate_asks_nothing(project: Path) -> None:
    with serving(verdict("pass", tokens=(30, 50))) as server:
        ended = score(project, server.url, "--estimate", "--json")
    assert ended.code == 0
    (told,) = ended.document["estimates"]
    assert (told["judge"], told["calls"], told["cached"]) == ("helpful", RUNS, 0)
    assert told["cost"] == pytest.approx(RUNS * PRICE)
    assert "helpful: 12 calls" in ended.err
    assert server.asked == []


def test_a_budget_stops_in_time_and_the_next_one_goes_on(project: Path) -> None:
    with serving(verdict("pass", tokens=(30, 50))) as server:
        ended = score(project, server.url, "--budget", "2.6", "--json")
        assert ended.code == 3
        assert outcomes(ended) == {"scored": 5, "missing": RUNS - 5, "run_failed": 1}
        assert f"{RUNS - 5} cells are missing" in ended.err
        assert len(server.asked) == 5
        assert "judges: 5 calls, 0 known before, 150 + 250 tokens, cost 2.5" in ended.err
        ended = score(project, server.url, "--budget", "100", "--json")
        assert ended.code == 0
        assert outcomes(ended) == {"scored": RUNS, "run_failed": 1}
        assert len(server.asked) == RUNS


def test_the_same_question_is_asked_once_also_when_everything_is_scored_again(
    project: Path,
) -> None:
    with serving(verdict("pass", tokens=(30, 50))) as server:
        assert score(project, server.url).code == 0
        file = project / "evaluators" / "helpful.py"
        file.write_text(JUDGE.replace("price=[0.0, 10000.0]", "price=[0.0, 20000.0]"))
        assert outcomes(score(project, server.url, "--json"))["scored"] == RUNS
        assert len(server.asked) == RUNS
        file.write_text(JUDGE.replace("Does it help?", "Is it polite?"))
        assert outcomes(score(project, server.url, "--json"))["scored"] == RUNS
        assert len(server.asked) == 2 * RUNS
        assert score(project, server.url, "--fresh").code == 0
        assert len(server.asked) == 3 * RUNS


def test_workers_share_the_budget(project: Path) -> None:
    with serving(verdict("pass", tokens=(30, 50))) as server:
        ended = score(project, server.url, "--budget", "2.6", "--workers", "2", "--json")
        assert outcomes(ended)["scored"] == 5
        assert len(server.asked) == 5


def test_the_key_is_nowhere(project: Path) -> None:
    with serving(verdict("pass")) as server:
        ended = score(project, server.url, "--json")
    kept = [path.read_bytes() for path in (project / ".evalkit").rglob("*") if path.is_file()]
    assert not any(b"sk-test" in content for content in kept)
    assert "sk-test" not in ended.out + ended.err


def test_a_judge_without_python(project: Path) -> None:
    (project / "evaluators" / "helpful.py").unlink()
    config = project / "evalkit.toml"
    config.write_text(
        config.read_text() + '\n[evaluators.helpful]\nuse = "model_judge"\nmodel = "small"\n'
        'prompt = "{{ outputs.answer }}?"\nscale = [1, 5]\n'
    )
    with serving(verdict(4)) as server:
        ended = score(project, server.url, "--json")
    assert ended.document["summary"]["scores"]["helpful"]["mean"] == 4
    assert len(server.asked) == RUNS
