"""Judges from the command line: told what they cost, held to a budget, asked once."""

import json
from pathlib import Path

import pytest
from command_line import Ended, evalkit
from judge_server import fault, serving, verdict

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


def judge(project: Path, url: str, *args: str) -> Ended:
    return evalkit("judge", *args, cwd=project, OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-test")


def openai_answer(question: dict[str, object], said: str = "pass") -> dict[str, object]:
    body = json.loads(verdict(said, tokens=(30, 50))[2])
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": question["custom_id"], "response": response, "error": None}


def test_a_batch_is_written_answered_in_parts_and_paid_at_its_price(project: Path) -> None:
    nobody = "http://127.0.0.1:9/v1"
    ended = judge(project, nobody, "nightly", "--batch", "out.jsonl", "--json")
    assert (ended.code, ended.document["questions"]) == (0, RUNS)
    questions = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
    assert {each["url"] for each in questions} == {"/v1/chat/completions"}
    assert questions[0]["body"]["response_format"]["type"] == "json_schema"
    expired = {"custom_id": questions[5]["custom_id"], "response": None}
    lines = [*map(openai_answer, questions[:5])]
    lines.append({**expired, "error": {"code": "batch_expired", "message": "too late"}})
    lines.append({"custom_id": "another-batch", "response": None, "error": {"message": "x"}})
    (project / "answers.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    for kept, known in ((5, 0), (0, 5)):  # collected twice, paid once
        told = judge(project, nobody, "nightly", "--collect", "answers.jsonl", "--json").document
        assert (told["kept"], told["known"], told["unknown"]) == (kept, known, 1)
        assert (told["failed"], told["open"]) == ({"too late": 1}, RUNS - 5)
    accounts = judge(project, nobody, "--json").document
    assert accounts["cost"] == pytest.approx(5 * PRICE / 2)
    ended = judge(project, nobody, "nightly", "--batch", "rest.jsonl")
    assert f"{RUNS - 5} questions, 5 are known" in ended.out
    with serving(verdict("pass", tokens=(30, 50))) as server:  # the address is part of a question
        judge(project, server.url, "nightly", "--batch", "out.jsonl")
        lines = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
        answers = "".join(json.dumps(openai_answer(each, "fail")) + "\n" for each in lines[:8])
        (project / "answers.jsonl").write_text(answers)
        judge(project, server.url, "nightly", "--collect", "answers.jsonl")
        assert outcomes(score(project, server.url, "--json"))["scored"] == RUNS
        assert len(server.asked) == RUNS - 8


def test_a_batch_in_anthropics_form(project: Path) -> None:
    nobody = "http://127.0.0.1:9/v1"
    judge(project, nobody, "nightly", "--batch", "out.jsonl", "--form", "anthropic")
    questions = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
    params = questions[0]["params"]
    assert (params["model"], params["max_tokens"]) == ("small", 50)
    assert "You judge" in params["system"]
    assert [each["role"] for each in params["messages"]] == ["user"]
    text = json.dumps({"reasoning": "r", "verdict": "fail"})
    message = {
        "model": "claude",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 50},
    }
    lines = [
        {"custom_id": each["custom_id"], "result": {"type": "succeeded", "message": message}}
        for each in questions[1:]
    ]
    lines.append({"custom_id": questions[0]["custom_id"], "result": {"type": "expired"}})
    (project / "answers.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    told = judge(project, nobody, "nightly", "--collect", "answers.jsonl", "--json").document
    assert (told["kept"], told["failed"], told["open"]) == (RUNS - 1, {"expired": 1}, 1)
    assert told["cost"] == pytest.approx((RUNS - 1) * PRICE / 2)


def test_a_file_that_holds_no_answers_is_named(project: Path) -> None:
    nobody = "http://127.0.0.1:9/v1"
    (project / "answers.jsonl").write_text('\n{"id": 1}\n')
    ended = judge(project, nobody, "nightly", "--collect", "answers.jsonl")
    assert (ended.code, "answers.jsonl:2: no answer of a batch" in ended.err) == (2, True)
    assert judge(project, nobody, "nightly", "--collect", "none.jsonl").code == 2
    assert judge(project, nobody, "nightly", "--batch", ".").code == 2
    assert judge(project, nobody, "--batch", "x.jsonl").code == 2
    assert judge(project, nobody, "nightly", "--batch", "a", "--collect", "b").code == 2


def test_doctor_tries_a_judge_with_one_call(project: Path) -> None:
    with serving(verdict("pass", tokens=(30, 50))) as server:
        ended = evalkit(
            "doctor", "nightly", cwd=project, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="k"
        )
        assert (ended.code, len(server.asked)) == (0, 1)
        assert "ok    judge helpful: served-model answered in the form, 80 tokens" in ended.out
    with serving(fault(401, "no such key")) as server:
        ended = evalkit(
            "doctor", "nightly", cwd=project, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="k"
        )
        assert (ended.code, len(server.asked)) == (3, 1)
        assert "FAIL  judge helpful: judge small: HTTP 401 (no such key)" in ended.out


def test_what_was_in_flight_when_a_command_was_killed_is_said(project: Path) -> None:
    ledger = project / ".evalkit" / ".judges"
    ledger.mkdir(parents=True, exist_ok=True)
    dead = ["reserve", "0123", "", 0.5, [2**22 + 1, ""], 10, "small"]
    (ledger / "ledger.log").write_text('["journal",0]'.ljust(23) + "\n" + json.dumps(dead) + "\n")
    with serving(verdict("pass", tokens=(30, 50))) as server:
        ended = score(project, server.url)
    assert "in flight when an earlier command was killed: 1 calls" in ended.err
    assert "1 answers were lost and may be billed, up to 0.5 more" in ended.err
