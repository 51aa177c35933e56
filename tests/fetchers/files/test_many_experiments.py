"""One table, many experiments: files apart, values of records apart, evaluations in a store."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from command_line import evalkit

from evalkit.pipeline.fetching import fetch as fetch_one
from evalkit.pipeline.fetching import open_fetcher
from evalkit.pipeline.servers.families import with_families
from evalkit.project.config import load

EVALS = "CREATE TABLE evals (id TEXT, created_at INT, description TEXT, results TEXT, prompts TEXT)"
RESULTS = (
    "CREATE TABLE eval_results (id TEXT, eval_id TEXT, prompt_idx INT, test_idx INT, "
    "test_case TEXT, prompt TEXT, provider TEXT, latency_ms INT, cost REAL, response TEXT, "
    "error TEXT, success INT, score REAL, grading_result TEXT, named_scores TEXT, "
    "failure_reason INT)"
)


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def result(number: int, evaluation: str, reason: int) -> tuple[Any, ...]:
    response = {"output": "miau", "tokenUsage": {"prompt": 4, "completion": 2, "total": 6}}
    return (
        f"r{number}", evaluation, 0, number, text({"vars": {"x": number % 2}}),
        text({"raw": "Say"}),
        text({"id": "mine", "label": ""}), 0 if reason == 2 else 40, 0.5, text(response),
        "broke" if reason else None, int(reason == 0), 0.5, text({"reason": "r"}),
        text({"len": 0.25}), reason,
    )  # fmt: skip


def store(path: Path) -> None:
    """Write a store with an evaluation of today, one that is short of a row, and an old one."""
    counts = {"testPassCount": 1, "testFailCount": 1, "testErrorCount": 1}
    old = {"results": [{"testIdx": 0, "promptIdx": 0, "vars": {"x": 1}, "success": True,
                        "score": 1, "provider": {"id": "old"}, "latencyMs": 7}]}  # fmt: skip
    with closing(sqlite3.connect(path)) as database:
        database.execute(EVALS)
        database.execute(RESULTS)
        rows = [("e1", 2, "today", "{}", text([{"metrics": counts}])),
                ("e2", 3, "short", "{}", text([{"metrics": counts}])),
                ("e0", 1, "long ago", text(old), None)]  # fmt: skip
        database.executemany("INSERT INTO evals VALUES (?, ?, ?, ?, ?)", rows)
        made = [result(n, "e1", n) for n in range(3)] + [result(n + 5, "e2", 0) for n in range(2)]
        marks = ", ".join("?" * len(made[0]))
        database.executemany(f"INSERT INTO eval_results VALUES ({marks})", made)
        database.commit()


def test_evaluations_of_promptfoos_store(tmp_path: Path, fetch: Any) -> None:
    store(tmp_path / "promptfoo.db")
    fetched = fetch(path="promptfoo.db", experiment="today")
    assert fetched.error is None
    assert [run.outcome for run in fetched.runs] == ["success", "success", "error"]
    assert [run.latency for run in fetched.runs] == [0.04, 0.04, None]
    assert [run.repetition for run in fetched.runs] == [0, 0, 1]
    assert {f.key: f.score for f in fetched.runs[0].feedback} == {
        "pass": True, "score": 0.5, "len": 0.25,
    }  # fmt: skip
    assert fetched.runs[0].usage.total_tokens == 6
    (run,) = fetch(path="promptfoo.db", experiment="e0").runs
    assert (run.inputs, run.latency) == ({"x": 1}, 0.007)
    assert "counts 3 results and stored 2" in str(fetch(path="promptfoo.db", experiment="e2").error)
    said = str(fetch(path="promptfoo.db").error)
    assert "3 evaluations" in said
    assert "e1 (today)" in said


def test_a_store_stands_for_its_evaluations(tmp_path: Path) -> None:
    store(tmp_path / "promptfoo.db")
    (tmp_path / "evalkit.toml").write_text(
        '[experiments.all]\nfetcher = "files"\npath = "promptfoo.db"\nexperiment = "e[01]*"\n'
    )
    ran = evalkit("fetch", cwd=tmp_path)
    assert ran.code == 0, ran.err
    listed = evalkit("list", "--json", cwd=tmp_path).document["experiments"]
    assert [each["name"] for each in listed] == ["e0", "e1"]


FIELDS = '[experiments.x.fields]\nexample_id = "q"\n"feedback.ok" = "ok"\n'


@pytest.mark.parametrize(
    ("path", "apart", "names"),
    [
        ("res/*.jsonl", "_filename", ["big", "small"]),
        ("res/*.jsonl", "_path", ["res/big", "res/small"]),
        ("res/*.jsonl", "split(_filename, '.')[0]", ["big", "small"]),
        ("res/*.jsonl", "model", ["m-0", "m-1"]),
        ("res/*.jsonl", "join('/', [split(_filename, '.')[0], model])",
         ["big/m-0", "big/m-1", "small/m-0", "small/m-1"]),
    ],
)  # fmt: skip
def test_experiments_from_a_glob(
    tmp_path: Path, write: Any, path: str, apart: str, names: list[str]
) -> None:
    for name in ("small", "big"):
        rows = [{"q": n, "ok": name == "big", "model": f"m-{n % 2}"} for n in range(4)]
        write(f"res/{name}.jsonl", rows)
    (tmp_path / "evalkit.toml").write_text(
        f'[experiments.x]\nfetcher = "records"\npath = "{path}"\nexperiments = "{apart}"\n{FIELDS}'
    )
    project = with_families(load(tmp_path), look=True)
    assert sorted(project.experiments) == names
    for name in names:
        assert fetch_one(project, name).manifest.received == 8 // len(names)
    assert sorted(with_families(load(tmp_path)).experiments) == names


def test_a_known_format_is_told_apart_by_its_files(tmp_path: Path, write: Any) -> None:
    for name in ("a", "b"):
        write(f"{name}.jsonl", [{"run_id": "r", "inputs": name, "outputs": 1}])
    (tmp_path / "evalkit.toml").write_text(
        '[experiments.x]\nfetcher = "files"\npath = "{a,b}.jsonl"\nexperiments = "_filename"\n'
    )
    project = with_families(load(tmp_path), look=True)
    runs = {name: list(open_fetcher(project, name).runs()) for name in project.experiments}
    assert {name: run.inputs for name, (run,) in runs.items()} == {"a": "a", "b": "b"}
    (tmp_path / "evalkit.toml").write_text(
        '[experiments.x]\nfetcher = "files"\npath = "{a,b}.jsonl"\nexperiments = "inputs"\n'
    )
    assert evalkit("fetch", cwd=tmp_path).code == 2


def test_files_of_one_name_in_several_folders_are_said(write: Any, fetch: Any) -> None:
    for folder, right in (("a", True), ("b", False)):
        write(f"{folder}/small.jsonl", [{"run_id": folder, "outputs": right}])
    options = {"path": "*/*.jsonl", "experiments": "_filename", "experiment": "small.jsonl"}
    fetched = fetch(**options)
    assert [run.run_id for run in fetched.runs] == ["a", "b"]
    said = "2 files of one name are one experiment; `_path` tells them apart (first: b/small.jsonl)"
    assert said in fetched.counts.notes
    one = fetch(**{**options, "experiments": "_path", "experiment": "a/small.jsonl"})
    assert [run.run_id for run in one.runs] == ["a"]
    assert one.counts.notes == []
