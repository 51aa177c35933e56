"""A mapping that writes itself: ten shapes of logs, each read right without an edit."""

import csv
import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit as run_evalkit

from evalkit.errors import ConfigError, DatasetError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.proposal.propose import propose
from evalkit.fetchers.files.proposal.written import table_of
from evalkit.project.scaffold import add_experiment, experiment_named


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def cells(*rows: list[Any], mark: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows(rows)
    return text.getvalue()


def usage(given: int, taken: int) -> dict[str, int]:
    return {"prompt_tokens": given, "completion_tokens": taken}


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


ASK = [{"role": "user", "content": "Which way?"}]
SHAPES = {
    "calls.jsonl": lines(
        [
            {"id": f"c{n}", "session_id": f"s{n // 2}", "latency_ms": ms, "created": 1767225600 + n,
             "request": {"model": "m-1", "messages": ASK},
             "response": {**said(f"left {n}"), "usage": usage(*took)}}
            for n, (ms, took) in enumerate([(500, (50, 10)), (800, (92, 12)), (100, (5, 1))])
        ]
    ),
    "milliseconds.csv": cells(
        ["id", "question", "answer", "expected", "latency_ms", "prompt_tokens",
         "completion_tokens", "is_correct"],
        ["a", "1+1", "2", "2", "1500", "10", "5", "true"],
        ["b", "1+2", "4", "3", "500", "20", "5", "false"],
    ),
    "agent.json": json.dumps(
        {
            "suite": "s",
            "results": [
                {"run_id": f"r{n}", "task": {"task_id": f"t{n % 2}", "goal": f"find {n % 2}"},
                 "trial": n // 2, "final": {"answer": str(n), "status": "done" if n else "failed"},
                 "timing": {"start_time": "2026-01-01T00:00:00Z",
                            "end_time": "2026-01-01T00:00:02Z"},
                 "trajectory": [{"tool": "search", "args": {"q": n}, "result": "x", "took_ms": 9},
                                {"type": "llm", "output": "y", "tokens": usage(100, 20)}],
                 "scores": {"reward": n % 2}}
                for n in range(4)
            ],
        }
    ),
    "chats.jsonl": lines(
        [
            {"conversation_id": f"c{n}", "rating": n,
             "messages": [*ASK, {"role": "assistant", "content": f"right {n}"}]}
            for n in range(3)
        ]
    ),
    "turns.jsonl": lines(
        [
            {"conversation_id": f"c{n}", "role": role, "content": f"{role} {n}",
             "timestamp": f"2026-01-01T00:0{n}:0{at}Z"}
            for n in range(2)
            for at, role in enumerate(("user", "assistant"))
        ]
    ),
    "langfuse.csv": cells(
        ["id", "timestamp", "name", "sessionId", "input", "output", "latency", "inputTokens",
         "outputTokens", "totalCost", "tags"],
        *(
            [f"t{n}", f"2026-01-01T00:0{n}:00Z", "chat", "s", json.dumps({"messages": ASK}),
             json.dumps({"content": f"up {n}"}), 1.5, 100, 20, 0.003, '["prod"]']
            for n in range(3)
        ),
    ),
    "bfcl.json": lines(
        [
            {"id": f"simple_{n}", "result": [{"f": "{}"}], "input_token_count": 100,
             "output_token_count": 20, "latency": 1.25}
            for n in range(3)
        ]
    ),
    "judgments.jsonl": lines(
        [
            {"question_id": 81 + n // 2, "model": "ab"[n % 2], "judge": ["j", "single"],
             "user_prompt": "Act as a judge.", "judgment": f"Rating: [[{n}]]", "score": n + 1,
             "turn": 1, "tstamp": 1686286924.5 + n}
            for n in range(4)
        ]
    ),
    "spans.csv": cells(
        ["trace_id", "span_id", "parent_id", "name", "kind", "start_time", "end_time", "input",
         "output", "prompt_tokens", "completion_tokens", "model"],
        *(
            row
            for t in range(2)
            for row in (
                [f"t{t}", f"{t}a", "", "agent", "agent", "2026-01-01T00:00:00Z",
                 "2026-01-01T00:00:05Z", f"ask {t}", f"say {t}", "", "", ""],
                [f"t{t}", f"{t}b", f"{t}a", "chat", "llm", "2026-01-01T00:00:01Z",
                 "2026-01-01T00:00:02Z", "p", "r", "100", "20", "m-1"],
            )
        ),
    ),
    "excel.csv": "\ufeffsep=;\n" + cells(
        ["Nr", "Frage", "Antwort", "Erwartet", "Antwortzeit (ms)", "Bewertung"],
        ["1", "Wie?", "So", "So", "1200", "0,75"],
        ["2", "Wo?", "Da", "Dort", "800", "0,25"],
        mark=";",
    ),
}  # fmt: skip
FACTS: dict[str, dict[str, Any]] = {
    "calls.jsonl": {"runs": 2, "tokens": [164, 6], "latency": [1.3, 0.1], "steps": [2, 1]},
    "milliseconds.csv": {"runs": 2, "tokens": [15, 25], "latency": [1.5, 0.5],
                         "scores": [{"is_correct": True}, {"is_correct": False}]},
    "agent.json": {"runs": 4, "tokens": [120] * 4, "latency": [2.0] * 4, "steps": [2] * 4,
                   "scores": [{"reward": n % 2} for n in range(4)]},
    "chats.jsonl": {"runs": 3, "steps": [1] * 3, "scores": [{"rating": n} for n in range(3)]},
    "turns.jsonl": {"runs": 2, "steps": [1, 1]},
    "langfuse.csv": {"runs": 3, "tokens": [120] * 3, "latency": [1.5] * 3, "cost": [0.003] * 3},
    "bfcl.json": {"runs": 3, "tokens": [120] * 3, "latency": [1.25] * 3},
    "judgments.jsonl": {"runs": 4, "scores": [{"score": n + 1} for n in range(4)]},
    "spans.csv": {"runs": 2, "tokens": [120] * 2, "latency": [5.0] * 2, "steps": [2] * 2},
    "excel.csv": {"runs": 2, "latency": [1.2, 0.8],
                  "scores": [{"Bewertung": 0.75}, {"Bewertung": 0.25}]},
}  # fmt: skip


def by_the_table(name: str, folder: Path) -> list[Any]:
    """Read the file by the table as it would stand in the configuration."""
    tried = propose(name, folder)
    table = tomllib.loads(table_of("x", tried))["experiments"]["x"]
    assert table.pop("fetcher") == "records"
    return list(RecordsFetcher(table, FetchContext(experiment="x", base=folder)).runs())


@pytest.mark.parametrize("name", SHAPES)
def test_ten_shapes_are_read_right(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(SHAPES[name])
    runs, facts = by_the_table(name, tmp_path), FACTS[name]
    assert len(runs) == facts["runs"]
    assert all(run.outcome == "success" for run in runs) or name == "agent.json"
    assert all(run.inputs for run in runs) or name == "bfcl.json"
    assert all(run.outputs for run in runs)
    assert all(run.example_id for run in runs)
    if "tokens" in facts:
        assert [run.usage.total_tokens for run in runs] == facts["tokens"]
    if "cost" in facts:
        assert [run.usage.total_cost for run in runs] == facts["cost"]
    if "latency" in facts:
        assert [run.latency for run in runs] == pytest.approx(facts["latency"])
    if "steps" in facts:
        assert [len(run.steps) for run in runs] == facts["steps"]
    if "scores" in facts:
        found = [{item.key: item.score for item in run.feedback} for run in runs]
        assert found == facts["scores"]


OTHERS: dict[str, tuple[str, dict[str, str]]] = {
    "by_key.json": (
        json.dumps({f"q{n}": {"question": f"w{n}", "prediction": "x", "em": n} for n in range(2)}),
        {"example_id": "_key", "inputs": "{input: question}", "feedback.em": "em"},
    ),
    "words.csv": (
        cells(["Question ID", "User Input", "Model Response", "Response Time", "Cost", "Pass"],
              ["A1", "hi", "yo", "2.3s", "$0.02", "yes"], ["A2", "ho", "ya", "450 ms", "$1", "no"]),
        {"outputs": '{output: "Model Response"}', "duration_s": 'seconds("Response Time")',
         "feedback.Pass": "Pass"},
    ),
    "flat.jsonl": (
        lines([{"trace_id": f"t{n // 2}", "model": "m", "prompt": f"p{n}", "completion": "c",
                "input_tokens": 100, "cache_read_input_tokens": 300, "output_tokens": 10,
                "success": True} for n in range(4)]),
        {"status": "success", "inputs": "{input: prompt}"},
    ),
    "answers.jsonl": (
        lines([{"id": f"r{n}", "input": "hi", "usage": {"input_tokens": 1, "output_tokens": 2},
                "output": [{"type": "message", "role": "assistant", "content": "yo"}]}
               for n in range(2)]),
        {"inputs": "{input: input}", "messages": "output", "usage": "usage"},
    ),
    "shared.json": (
        json.dumps([{"id": n, "conversations": [{"from": "human", "value": f"hi {n}"},
                                                {"from": "gpt", "value": "yo"}]}
                    for n in range(2)]),
        {"run_id": "id", "messages": "conversations"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_shapes(name: str, tmp_path: Path) -> None:
    text, wanted = OTHERS[name]
    (tmp_path / name).write_text(text)
    fields = propose(name, tmp_path).proposal.fields
    assert {key: fields.get(key) for key in wanted} == wanted
    runs = by_the_table(name, tmp_path)
    assert len(runs) == 2
    assert all(run.inputs and run.outputs for run in runs)
    if name == "flat.jsonl":
        assert [run.usage.input_tokens for run in runs] == [800, 800]
    if name == "words.csv":
        assert [(run.usage.total_cost, run.usage.currency) for run in runs] == [
            (0.02, "USD"), (1.0, "USD"),
        ]  # fmt: skip


def test_what_was_assumed_or_left_is_said(tmp_path: Path) -> None:
    rows = [{"id": n, "question": f"q{n}", "answer": "x", "latency": 900 + n, "blob": [n],
             "zz": f"{n} {'y' * 90}"} for n in range(4)]  # fmt: skip
    (tmp_path / "log.jsonl").write_text(lines(rows))
    text = table_of("log", propose("log.jsonl", tmp_path))
    assert 'duration_s = "latency / 1000"  # no unit is written: taken for milliseconds' in text
    assert "# not placed: zz" in text


@pytest.mark.parametrize(
    ("name", "took", "expression", "seconds"),
    [
        ("latency_ms", [350, "1.2 s", "20 ms"], "seconds(latency_ms, 'ms')", [0.35, 1.2, 0.02]),
        ("latency", ["350 ms", "1.2 s", "0:02"], "seconds(latency)", [0.35, 1.2, 2]),
        ("latency", [350, 900, "1.2 s"], "seconds(latency, 'ms')", [0.35, 0.9, 1.2]),
        ("elapsed_s", [3, "700 ms", 1], "seconds(elapsed_s)", [3, 0.7, 1]),
    ],
)
def test_durations_in_several_units(
    name: str, took: list[Any], expression: str, seconds: list[float], tmp_path: Path
) -> None:
    rows = [{"id": f"r{n}", "question": f"q{n}", "answer": "x", name: each}
            for n, each in enumerate(took)]  # fmt: skip
    (tmp_path / "log.jsonl").write_text(lines(rows))
    tried = propose("log.jsonl", tmp_path)
    assert tried.proposal.fields["duration_s"] == expression
    assert [run.latency for run in tried.runs] == pytest.approx(seconds)


def test_columns_with_odd_names_are_quoted(tmp_path: Path) -> None:
    rows = [["the id", 'a "b"', "time taken (s)"], ["1", "x", "2"], ["2", "y", "3"]]
    (tmp_path / "log.csv").write_text(cells(*rows))
    text = table_of("my log", propose("log.csv", tmp_path))
    assert text.startswith('[experiments."my log"]')
    assert "duration_s = '\"time taken (s)\"'" in text


def test_a_known_format_needs_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text('{"kind": "run", "run_id": "a", "steps": []}\n')
    tried = propose("runs.jsonl", tmp_path)
    assert (tried.fetcher, tried.proposal.fields) == ("files", {})


@pytest.mark.parametrize("text", ["[1, 2]\n", '{"zz": [[1]]}\n{"zz": [[2]]}\n'])
def test_a_file_nobody_can_place_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(DatasetError, match=r"log\.jsonl: no "):
        propose("log.jsonl", tmp_path)


def test_names_of_experiments() -> None:
    for file, name in (("a/b c.jsonl", "b-c"), ("*.csv", "runs"), ("x.json.gz", "x")):
        assert experiment_named(file) == name


def test_a_table_is_added_and_never_replaced(tmp_path: Path) -> None:
    config = tmp_path / "evalkit.toml"
    add_experiment(config, "a", '[experiments.a]\npath = "x"\n')
    add_experiment(config, "b", '[experiments.b]\npath = "y"\n')
    assert list(tomllib.loads(config.read_text())["experiments"]) == ["a", "b"]
    with pytest.raises(ConfigError, match="has an experiment 'a' already"):
        add_experiment(config, "a", "")
    with pytest.raises(ConfigError, match="paste the table"):
        add_experiment(tmp_path / "pyproject.toml", "c", "")


def test_as_a_new_user_would(tmp_path: Path) -> None:
    (tmp_path / "milliseconds.csv").write_text(SHAPES["milliseconds.csv"])
    shown = run_evalkit("map", "milliseconds.csv", "--check", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert 'duration_s = "latency_ms / 1000"' in shown.out
    assert "latency     1.50 s" in shown.out
    assert not (tmp_path / "evalkit.toml").exists()
    written = run_evalkit("map", "milliseconds.csv", "--write", cwd=tmp_path)
    assert written.code == 0, written.err
    ran = run_evalkit("run", "milliseconds", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "is_correct" in ran.out
    assert (tmp_path / "reports" / "milliseconds" / "report.html").exists()
    assert run_evalkit("map", "milliseconds.csv", "--write", cwd=tmp_path).code == 2
    assert run_evalkit("map", "nothing.csv", cwd=tmp_path).code == 3


def other_spans() -> str:
    head = ["TraceId", "SpanId", "ParentSpanId", "SpanName", "Timestamp", "Duration", "StatusCode"]
    return cells(
        head,
        *(
            row
            for t in range(2)
            for row in (
                [f"t{t}", f"{t}a", "", "agent", "2026-01-01T00:00:00Z", 5_000_000_000,
                 "STATUS_CODE_UNSET"],
                [f"t{t}", f"{t}b", f"{t}a", "chat", "2026-01-01T00:00:01Z", 1_000_000_000,
                 "STATUS_CODE_OK"],
            )
        ),
    )  # fmt: skip


MEMBERS = {
    "responses.jsonl": (
        lines(
            [{"request_id": f"q{n}", "conversation_id": f"k{n // 2}", "duration": ms / 1000,
              "model": "m", "input": ASK, "usage": {"input_tokens": 50, "output_tokens": 32},
              "output": [{"type": "message", "role": "assistant", "content": f"yes {n}"}]}
             for n, ms in enumerate([500, 800, 100])]
        ), 2, 1.3, 164, {},
    ),
    "names.csv": (
        cells(["nr", "query", "reply", "gold", "elapsed (ms)", "tokens_in", "tokens_out", "ok"],
              [1, "1+1", "2", "2", "1500", 10, 5, 1], [2, "1+2", "4", "3", "500", 20, 5, 0]),
        2, 1.5, 15, {},
    ),
    "episodes.json": (
        json.dumps({"episodes": [
            {"episode_id": f"e{n}", "task": {"id": f"t{n % 2}", "instruction": f"do {n % 2}"},
             "result": {"output": f"o{n}", "reward": n / 4},
             "metrics": {"duration_ms": 2000, "total_tokens": 100, "cost_usd": 0.01},
             "tool_calls": [{"name": "f", "args": {"x": n}, "result": "r"}]} for n in range(4)]}),
        4, 2.0, 100, {"reward": 0.0},
    ),
    "langfuse-export.csv": (
        cells(["id", "timestamp", "input", "output", "latency", "usage.input", "usage.output",
               "usage.total", "calculatedTotalCost"],
              *([f"t{n}", "2026-01-01T00:00:00Z", '{"question": "q"}', f'"a{n}"', 1.25, 100, 20,
                 120, 0.003] for n in range(3))),
        3, 1.25, 120, {},
    ),
    "multi-turn.json": (
        lines([{"id": f"multi_{n}", "result": [["f()"], ["g()"]],
                "input_token_count": [[100], [50]],
                "output_token_count": [[20], [10]], "latency": [[1.25], [0.75]]}
               for n in range(3)]),
        3, 2.0, 180, {},
    ),
    "pairs.jsonl": (
        lines([{"question_id": 80 + n, "model_1": "a", "model_2": "b", "g1_winner": "model_1",
                "judge": ["j", "pair-v2"], "g1_judgment": f"A {n}", "turn": 1} for n in range(4)]),
        4, None, None, {"g1_winner": "model_1"},
    ),
    "clickhouse.csv": (other_spans(), 2, 5.0, None, {}),
    "german.csv": (
        "\ufeff" + cells(["Nr", "Frage", "Antwort", "Erwartet", "Dauer (s)", "Tokens Eingabe",
                          "Tokens Ausgabe", "Richtig"],
                         [1, "1+1", "2", "2", "1,5", 10, 5, "WAHR"],
                         [2, "1+2", "4", "3", "0,5", 20, 5, "FALSCH"], mark=";"),
        2, 1.5, 15, {"Richtig": True},
    ),
    "thousands.csv": (
        "\ufeffsep=;\r\n" + cells(["ID", "Question", "Answer", "Latency (ms)", "Prompt tokens",
                                   "Completion tokens", "Score"],
                                  ["a", "1+1", "2", "1.500,5", 10, 5, "0,75"],
                                  ["b", "1+2", "4", "500,0", 20, 5, "0,25"], mark=";"),
        2, 1.5005, 15, {"Score": 0.75},
    ),
}  # fmt: skip
"""Other members of the shapes: text, runs, and of the first run latency, tokens, a score."""


@pytest.mark.parametrize("name", MEMBERS)
def test_other_members_of_the_shapes(name: str, tmp_path: Path) -> None:
    text, count, latency, tokens, score = MEMBERS[name]
    (tmp_path / name).write_text(text, "utf-8")
    tried = propose(name, tmp_path)
    run = tried.runs[0]
    assert tried.count == count
    assert run.latency == (None if latency is None else pytest.approx(latency))
    assert run.total_tokens == tokens
    said = {f.key: f.score if f.score is not None else f.value for f in run.feedback}
    assert said.items() >= score.items()
    assert run.outcome == "success"
    assert not tried.proposal.unplaced


QUESTIONS = [
    {"question_id": 81 + n, "category": "ab"[n % 2], "turns": [f"Write {n}", "Again"],
     **({"reference": [f"r{n}"]} if n % 2 else {})}
    for n in range(6)
]  # fmt: skip
PAIRS = [
    {"question_id": 81 + n, "model_1": "a", "model_2": other, "g1_winner": "model_1", "turn": 1,
     "judge": ["j", "pair-v2"], "g1_user_prompt": f"[User Question] {n}", "g1_judgment": f"A {n}"}
    for n in range(6) for other in "bc"
]  # fmt: skip


@pytest.mark.parametrize("folder", ["", "model_judgment/"])
@pytest.mark.parametrize("rows", [PAIRS, [{k: v for k, v in row.items() if "prompt" not in k}
                                          for row in PAIRS]])  # fmt: skip
def test_questions_are_found_in_the_file_beside(
    rows: list[Any], folder: str, tmp_path: Path
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "others.jsonl").write_text(lines([{"question_id": n, "turns": []} for n in (1, 2)]))
    (tmp_path / "question.jsonl").write_text(lines(QUESTIONS))
    (tmp_path / folder / "pair.jsonl").write_text(lines(rows))
    runs = by_the_table(f"{folder}pair.jsonl", tmp_path)
    assert len(runs) == 12
    assert {run.example_id: run.inputs for run in runs} == {
        str(row["question_id"]): {"turns": row["turns"]} for row in QUESTIONS
    }


def test_questions_that_are_nowhere_are_said_to_be_missing(tmp_path: Path) -> None:
    bare = [{k: v for k, v in row.items() if "prompt" not in k} for row in PAIRS]
    (tmp_path / "pair.jsonl").write_text(lines(bare))
    text = table_of("x", propose("pair.jsonl", tmp_path))
    assert "# no column says what was asked, and no file beside this one knows its question" in text
    assert 'dataset = "FILE"' in text


def test_a_rating_that_a_judge_did_not_give_is_missing(tmp_path: Path) -> None:
    rows = [{"question_id": n, "model": "ab"[n % 2], "judge": ["j"], "user_prompt": f"p{n}",
             "judgment": f"Rating {n}", "score": -1 if n == 2 else n}
            for n in range(6)]  # fmt: skip
    (tmp_path / "single.jsonl").write_text(lines(rows))
    runs = by_the_table("single.jsonl", tmp_path)
    assert [[f.score for f in run.feedback] for run in runs] == [[0], [1], [], [3], [4], [5]]
    text = table_of("x", propose("single.jsonl", tmp_path))
    assert '# 2 values of model: experiments = "model" makes an experiment of each' in text


AZURE = [
    {"inputs.query": f"q{n}", "inputs.ground_truth": "x", "inputs.response": f"a{n}",
     "outputs.f1.f1_score": None if n == 2 else n / 4, "outputs.f1.f1_score_score": n / 4,
     "outputs.f1.f1_score_passed": n > 1, "outputs.f1.f1_score_result": "pass",
     "outputs.f1.f1_score_reason": None, "outputs.f1.f1_score_status": "completed",
     "outputs.f1.f1_score_threshold": 0.5, "outputs.f1.f1_score_properties": None,
     "outputs.own.length": 5.0 + n, "outputs.own.length_result": "pass",
     "outputs.rel.relevance": 4, "outputs.rel.relevance_reason": f"since {n}",
     "outputs.rel.relevance_prompt_tokens": 900, "outputs.rel.relevance_completion_tokens": 90}
    for n in range(4)
]  # fmt: skip


def test_rows_of_azure_evaluation(tmp_path: Path) -> None:
    text = json.dumps({"rows": AZURE, "metrics": {"f1.f1_score": 0.25}, "studio_url": None})
    (tmp_path / "azure.json").write_text(text.replace("null", "NaN"))
    runs = by_the_table("azure.json", tmp_path)
    assert [(run.inputs, run.outputs) for run in runs] == [
        ({"query": f"q{n}"}, {"response": f"a{n}"}) for n in range(4)
    ]
    found = {f.key: f.score if f.score is not None else f.value for f in runs[3].feedback}
    assert found == {"f1.f1_score": 0.75, "f1.f1_score_passed": True, "own.length": 8.0,
                     "own.length_result": "pass", "rel.relevance": 4}  # fmt: skip
    assert "f1.f1_score" not in {f.key for f in runs[2].feedback}
    assert [f.comment for f in runs[0].feedback if f.key == "rel.relevance"] == ["since 0"]
    assert all(run.usage is None for run in runs)  # the tokens are the judge's
    tried = propose("azure.json", tmp_path)
    assert '"outputs.rel.relevance_prompt_tokens"' in tried.proposal.unplaced


def test_other_columns_whose_names_hold_dots(tmp_path: Path) -> None:
    rows = [{"id": f"r{n}", "input.question": f"q{n}", "input.response": "draft",
             "output.answer.text": f"a{n}", "reference.answer": "x", "metadata.lang": "de",
             "scores.exact": n, "usage.total_tokens": 7, "timing.latency_ms": 500}
            for n in range(4)]  # fmt: skip
    (tmp_path / "flat.csv").write_text(cells(list(rows[0]), *(list(row.values()) for row in rows)))
    runs = by_the_table("flat.csv", tmp_path)
    assert [(run.inputs, run.outputs) for run in runs] == [
        ({"question": f"q{n}", "response": "draft"}, {"answer.text": f"a{n}"}) for n in range(4)
    ]
    assert [(run.metadata, run.latency, run.total_tokens) for run in runs] == [
        ({"lang": "de"}, 0.5, 7)
    ] * 4
    assert [[(f.key, f.score) for f in run.feedback] for run in runs] == [
        [("exact", n)] for n in range(4)
    ]


AT = "2026-05-01T10:0{}:00Z"


def odd_calls() -> list[dict[str, Any]]:
    """A log of calls: one belongs to nothing, one failed and was tried again, one failed."""
    taken = {"created": 1777629600, "usage": usage(100, 10)}
    return [
        {"ts": AT.format(n), "request_id": f"r{n}", "session_id": session, "latency_ms": 500 + n,
         "request": {"model": "m-1", "messages": ASK}, "status_code": 500 if failed else 200,
         "error": {"message": "overloaded"} if failed else None,
         "response": None if failed else {**said("left"), **taken}}
        for n, (session, failed) in enumerate([
            ("a", False), ("a", False), (None, False), ("b", True), ("b", False), ("c", True)])
    ] + [{"ts": AT.format(6), "request_id": "r6", "session_id": "a", "latency_ms": 100,
          "request": {"model": "m-1", "messages": ASK}, "status_code": 200, "error": None,
          "response": {**said("right"), **taken}}]  # fmt: skip


AGENTS: list[dict[str, Any]] = [
    {"id": f"ep-{n}", "task": {"name": f"task-{n % 2}", "instruction": "go"}, "attempt": n // 2,
     "agent": {"name": "planner", "model": "m"}, "outcome": "crashed" if n == 3 else "completed",
     "error": {"type": "ToolError", "message": "boom"} if n == 3 else None,
     "result": None if n == 3 else {"answer": "ok"}, "tokens_used": 50,
     "steps": [{"type": "tool_call", "tool": "book", "duration_ms": 250}], "total_ms": 1200}
    for n in range(4)
]  # fmt: skip
SPANS: list[list[Any]] = [
    ["trace_id", "span_id", "parent_span_id", "span_name", "span_type", "start_time_unix_nano",
     "duration_ms", "status", "input", "output", "tokens_in", "tokens_out"],
    *([f"t{t}", f"{t}{k}", parent, k, kind, 1777629600000000000, took, "error" if bad else "ok",
       given, "x", *tokens]
      for t in range(3)
      for k, parent, kind, took, given, tokens, bad in (
          ("b", f"{t}a", "llm", 800, "free text", (100, 20), False),
          ("a", "", "agent", 5000, "ask", ("", ""), t == 1),
          ("c", f"{t}a", "tool", 100, '{"q": 1}', ("", ""), False))),
]  # fmt: skip
LEVELS: list[list[Any]] = [
    ["id", "timestamp", "name", "sessionId", "level", "latency", "totalTokens", "input", "output"],
    *([f"t{n}", AT.format(n), "rag", "s", "ERROR" if n == 1 else "DEFAULT", 1.5, 120, f"q{n}",
       "" if n == 1 else f"a{n}"] for n in range(4)),
]  # fmt: skip
ANSI = "Testfall;Frage;Antwort;Erwartete Antwort;Antwortzeit (s);Kosten (€);Korrekt\r\n" + "".join(
    f"{n};Wie groß {n}?;{n} m;{n} Meter;1,{n};0,00{n};{'WAHR' if n else 'FALSCH'}\r\n"
    for n in range(4)
)
ODD: dict[str, tuple[str | bytes, list[Any]]] = {
    "odd-calls.jsonl": (lines(odd_calls()), [
        ("a", "success", 1.101, 330, 3), ("b", "success", 1.007, 110, 2),
        ("c", "error", 0.505, None, 1)]),
    "agents.json": (json.dumps({"run": {"v": 1}, "episodes": AGENTS}), [
        ("ep-0", "success", 1.2, 50, 1), ("ep-1", "success", 1.2, 50, 1),
        ("ep-2", "success", 1.2, 50, 1), ("ep-3", "error", 1.2, 50, 1)]),
    "odd-spans.csv": (cells(*SPANS), [
        ("t0", "success", 5.0, 120, 3), ("t1", "error", 5.0, 120, 3),
        ("t2", "success", 5.0, 120, 3)]),
    "levels.csv": (cells(*LEVELS), [
        (f"t{n}", "error" if n == 1 else "success", 1.5, 120, 0) for n in range(4)]),
    "ansi.csv": (ANSI.encode("cp1252"), [
        (None, "success", 1 + n / 10, None, 0) for n in range(4)]),
    "BFCL_x_result.json": (lines([
        {"id": f"b{n}", "result": "Error during inference: 429" if n == 2 else "[f()]",
         "input_token_count": 0 if n == 2 else 100, "output_token_count": 0 if n == 2 else 20,
         "latency": 0 if n == 2 else 1.25} for n in range(4)]), [
        (f"b{n}", "error" if n == 2 else "success", None if n == 2 else 1.25,
         None if n == 2 else 120, 0) for n in range(4)]),
    "first-token.csv": (cells(
        ["test_id", "prompt", "completion", "response_ms", "ttft_ms", "status", "error_str"],
        *([f"x{n}", "p", "" if n == 1 else "c", 1200, 100, "timeout" if n == 1 else "ok",
           "too slow" if n == 1 else ""] for n in range(3))), [
        (None, "timeout" if n == 1 else "success", 1.2, None, 0) for n in range(3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_ones_among_the_shapes(name: str, tmp_path: Path) -> None:
    text, wanted = ODD[name]
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    runs = by_the_table(name, tmp_path)
    assert len(runs) == len(wanted)
    for run, (run_id, outcome, latency, tokens, steps) in zip(runs, wanted, strict=True):
        assert run_id in (None, run.run_id)
        assert (run.outcome, run.total_tokens, len(run.steps)) == (outcome, tokens, steps)
        assert run.latency == (None if latency is None else pytest.approx(latency))
    if name == "ansi.csv":
        assert [(r.example_id, r.inputs, r.usage.total_cost) for r in runs[:2]] == [
            ("0", {"input": "Wie groß 0?"}, 0.0), ("1", {"input": "Wie groß 1?"}, 0.001),
        ]  # fmt: skip
        assert [[f.score for f in run.feedback] for run in runs] == [[False], *[[True]] * 3]
    if name == "agents.json":
        assert [(r.example_id, r.repetition) for r in runs] == [
            ("task-0", 0), ("task-1", 0), ("task-0", 1), ("task-1", 1),
        ]  # fmt: skip
    if name == "first-token.csv":
        assert [run.time_to_first_token for run in runs] == [0.1] * 3
