"""Judges from the command line: told what they cost, held to a budget, asked once."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended, evalkit
from judge_server import Reply, fault, serving, verdict

from evalkit.model.schema.written import run_to_record
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
PNG_URL = "data:image/png;base64,"
PICTURES = Path(__file__).parents[1] / "evaluators" / "pictures.json"


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


def test_run_says_what_a_budget_left_as_score_does(project: Path) -> None:
    config = project / "evalkit.toml"
    config.write_text("[score]\nbudget = 2.6\n" + config.read_text())
    with serving(verdict("pass", tokens=(30, 50))) as server:
        for left in (RUNS - 5, RUNS - 10, 0):
            ended = evalkit("run", "--no-page", cwd=project, OPENAI_BASE_URL=server.url)
            assert ended.code == (3 if left else 0)
            assert (f"{left} cells are missing: the budget is spent" in ended.err) == bool(left)
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


def test_what_judges_did_not_see_is_summed_in_every_place(project: Path) -> None:
    file = project / "evaluators" / "helpful.py"
    file.write_text(JUDGE.replace("max_tokens=50", "max_tokens=50, max_field_chars=200"))
    png = json.loads((PICTURES).read_text())["png"]["data"]
    lines = [
        make_run(run_id="long", inputs={"q": 1}, outputs={"answer": "x" * 1_700}),
        make_run(run_id="longer", inputs={"q": 2}, outputs={"answer": "y" * 1_200}),
        make_run(run_id="seen", inputs={"q": 3}, outputs={"answer": "short"}),
        make_run(run_id="unseen", inputs={"q": 4}, outputs={"answer": PNG_URL + png}),
    ]
    records = [json.dumps(run_to_record(run)) + "\n" for run in lines]
    (project / "runs.jsonl").write_text("".join(records))
    assert evalkit("fetch", "nightly", cwd=project).code == 0
    sentence = (
        "helpful: in 3 judgements the judge did not see 2,500 characters (max_field_chars) and "
        "1 image."
    )

    def blind(body: dict[str, Any]) -> Reply:
        shown = isinstance(body["messages"][1]["content"], list)
        return fault(400, "Image input is not enabled") if shown else verdict("pass")

    with serving(blind) as server:
        told = score(project, server.url)
        assert sentence in told.out
        found = score(project, server.url, "--json").document["summary"]["quality"]
        assert found["unseen"] == {"helpful": {"cells": 3, "characters": 2_500, "images": 1}}
        assert sentence in found["notes"]
        ran = evalkit("run", "nightly", cwd=project, OPENAI_BASE_URL=server.url)
        assert " ".join(sentence.split()) in " ".join(ran.out.split())
    page = (project / "reports" / "nightly" / "report.html").read_text("utf-8")
    assert page.count(sentence) >= 1


PAIR = """
from evalkit.evaluators.judge.pairwise import pairwise

best = pairwise(
    "best",
    model="small",
    prompt="{% for each in outputs %}{{ loop.index }}: {{ each.answer }} {% endfor %}Which?",
    price=[0.0, 10000.0],
    max_tokens=50,
)
"""


def test_a_pairwise_judge_that_stops_at_the_budget_leaves_the_rest_missing(tmp_path: Path) -> None:
    examples = 4
    for name in ("a", "b"):
        runs = [
            make_run(run_id=f"{name}{n}", example_id=f"e{n}", outputs={"answer": f"{name} {n}"})
            for n in range(examples)
        ]
        lines = [json.dumps(run_to_record(run)) + "\n" for run in runs]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "best.py").write_text(PAIR)
    config = (
        "[score]\nbudget = BUDGET\n[experiments.a]\nfetcher = 'evalkit'\npath = 'a.jsonl'\n"
        "[experiments.b]\nfetcher = 'evalkit'\npath = 'b.jsonl'\n"
    )

    def compare(budget: str, url: str) -> tuple[Ended, dict[str, int]]:
        (tmp_path / "evalkit.toml").write_text(config.replace("BUDGET", budget))
        ended = evalkit("compare", "a", "b", "--json", cwd=tmp_path, OPENAI_BASE_URL=url)
        (told,) = ended.document["comparison"]["preferences"]
        return ended, {name: n for name, n in told["outcomes"].items() if n}

    (tmp_path / "evalkit.toml").write_text(config.replace("BUDGET", "9"))
    assert evalkit("fetch", "a", "b", cwd=tmp_path).code == 0
    with serving(verdict("1", tokens=(30, 50))) as server:
        ended, outcomes = compare("1.6", server.url)
        assert outcomes == {"scored": 3, "missing": 2 * examples - 3}
        assert ended.code == 3
        assert "5 comparisons are missing: the budget is spent. Ask again" in ended.err
        assert len(server.asked) == 3
        ended, outcomes = compare("1.6", server.url)  # what is known costs nothing again
        assert outcomes == {"scored": 6, "missing": 2}
        ended, outcomes = compare("1.6", server.url)
        assert (ended.code, outcomes) == (0, {"scored": 2 * examples})
        assert len(server.asked) == 2 * examples


def test_what_a_pairwise_judge_did_not_see_is_said_below_its_ranking(tmp_path: Path) -> None:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "best.py").write_text(
        PAIR.replace("50,", "50, max_field_chars=200,")
    )
    for name in ("a", "b"):
        run = make_run(run_id=name, example_id="e", outputs={"answer": name * 1_000})
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(run_to_record(run)) + "\n")
    (tmp_path / "evalkit.toml").write_text(
        "[experiments.a]\nfetcher = 'evalkit'\npath = 'a.jsonl'\n"
        "[experiments.b]\nfetcher = 'evalkit'\npath = 'b.jsonl'\n"
    )
    assert evalkit("fetch", "a", "b", cwd=tmp_path).code == 0
    with serving(verdict("1", tokens=(30, 50))) as server:
        ended = evalkit("compare", "a", "b", cwd=tmp_path, OPENAI_BASE_URL=server.url)
        assert "best: in 2 judgements the judge did not see 3," in " ".join(ended.out.split())
        ended = evalkit("compare", "a", "b", "--json", cwd=tmp_path, OPENAI_BASE_URL=server.url)
    (told,) = ended.document["comparison"]["preferences"]
    assert told["unseen"]["cells"] == 2
    assert told["unseen"]["characters"] > 3_000


def test_the_commands_of_the_readme_do_what_it_says(project: Path) -> None:
    readme = (Path(__file__).parents[2] / "evaluators" / "README.md").read_text("utf-8")
    told = readme.partition("### 9. A language model as judge")[2].partition("\n### ")[0]
    block = re.findall(r"\n```\n(evalkit judge.*?)```", told, re.DOTALL)[0]
    commands = [shlex.split(line.partition("#")[0])[1:] for line in block.splitlines()]
    commands += [shlex.split(each)[1:] for each in re.findall(r"`(evalkit [^`]+)`", told)]
    assert len(commands) >= 6
    names = {"NAME": "nightly", "helpful": "helpful"}
    with serving(verdict("pass", tokens=(30, 50))) as server:
        asked = {"cwd": project, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k"}
        for each in commands:
            words = [names.get(word, word) for word in each]
            if words[0] in ("label", "agree"):
                continue  # a page that is served, and labels nobody gave here
            if words[0] == "score" and not {"nightly"} & set(words):
                words.insert(1, "nightly")
            before = len(server.asked)
            ended = evalkit(*words, **asked)
            assert ended.code == 0, (words, ended.err)
            if "--batch" in words:
                lines = (project / "out.jsonl").read_text().splitlines()
                answers = [json.dumps(openai_answer(json.loads(line))) for line in lines[:-2]]
                (project / "answers.jsonl").write_text("\n".join(answers))
            if words == ["score", "nightly"]:
                assert len(server.asked) - before == 2  # what the batch left open
            if "--estimate" in words:
                assert len(server.asked) == before
