"""Frames, dumped rows and bulk exports of LangSmith: made by the real SDK where it makes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fetchers.langsmith_server.fixtures import experiment_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

from evalkit.fetchers.files.formats.langsmith.runs import LangSmithFiles


def row(n: int, **fields: Any) -> dict[str, Any]:
    """A row of a bulk export; what is an object there is JSON text."""
    return {
        "id": f"00000000-0000-4000-8000-{n:012d}", "session_id": "s1", "name": "Target",
        "run_type": "chain", "start_time": "2026-03-01T08:00:00", "end_time": "2026-03-01T08:00:02",
        "status": "success", "trace_id": f"00000000-0000-4000-8000-{n:012d}",
        "reference_example_id": f"e{n}", "inputs": json.dumps({"q": n}),
        "outputs": json.dumps({"a": n}), "extra": json.dumps({"metadata": {"k": n}}),
        "events": "[]", "feedback_stats": json.dumps({"ok": {"n": 1, "avg": 1.0}}), **fields,
    }  # fmt: skip


@pytest.mark.parametrize("gone", ["inputs", "outputs", "extra", "events", "feedback_stats"])
def test_a_row_of_a_bulk_export_may_lack_any_json(write: Any, fetch: Any, gone: str) -> None:
    path = write("bulk/a.parquet", b"")
    pq.write_table(pa.Table.from_pylist([row(1), row(2, **{gone: None}), row(3)]), path)
    fetched = fetch(path=str(path), format="langsmith")
    assert fetched.error is None
    assert [run.status for run in fetched.runs] == ["success"] * 3
    empty = fetched.runs[1]
    assert empty.inputs == (None if gone == "inputs" else {"q": 2})
    assert empty.outputs == (None if gone == "outputs" else {"a": 2})
    assert empty.metadata == ({} if gone == "extra" else {"k": 2})
    assert len(empty.feedback) == (0 if gone == "feedback_stats" else 1)


def test_two_experiments_under_one_path_are_never_mixed(write: Any, fetch: Any) -> None:
    path = write("both.jsonl", [row(1), row(2, session_id="s2")])
    assert "session s1, s2" in str(fetch(path=str(path)).error)
    one = fetch(LangSmithFiles, path=str(path), session="s2")
    assert [run.example_id for run in one.runs] == ["e2"]
    assert one.error is None


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An experiment scored by the SDK on a test server: its results, and its stored frame."""
    langsmith = pytest.importorskip("langsmith", reason="the LangSmith SDK makes the frames")

    def exact(outputs: dict[str, Any]) -> dict[str, Any]:
        return {"key": "exact", "score": 0.5, "comment": "half"}

    def tone(outputs: dict[str, Any]) -> dict[str, Any]:
        return {"key": "tone", "value": "kind"}

    with LangSmithServer(generated_world(8, examples=4)) as server:
        client = langsmith.Client(api_url=server.url, api_key="k")
        results = langsmith.evaluate(
            experiment_of(server.world),
            client=client,
            max_concurrency=0,
            disable_evaluator_tracing=True,
            evaluators=[exact, tone],
        )
        client.flush()
        stored = client.get_test_results(project_name=experiment_of(server.world))
        yield list(results), results.to_pandas(), stored


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, default_handler=str)
    else:
        frame.map(lambda v: json.dumps(v) if isinstance(v, dict | list) else v).astype(
            {"id": str}
        ).astype({c: str for c in frame.columns if c == "example_id"}).to_parquet(path)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_to_pandas(evaluated: Any, fetch: Any, tmp_path: Path, suffix: str) -> None:
    rows, frame, _ = evaluated
    fetched = fetch(path=str(save(frame, tmp_path / f"frame{suffix}")))
    assert fetched.error is None
    theirs = {str(each["run"].id): each for each in rows}
    assert {run.run_id for run in fetched.runs} == set(theirs)
    for run in fetched.runs:
        right = theirs[run.run_id]
        took = (right["run"].end_time - right["run"].start_time).total_seconds()
        assert run.latency == pytest.approx(took)
        assert run.example_id == str(right["example"].id)
        assert bool(run.error) == bool(right["run"].error)
        assert {f.key: f.score if f.score is not None else f.value for f in run.feedback} == {
            "exact": 0.5, "tone": "kind",
        }  # fmt: skip
    assert sorted(run.repetition for run in fetched.runs) == [0, 0, 0, 0, 1, 1, 1, 1]
    answered = next(run for run in fetched.runs if not run.error)
    right = theirs[answered.run_id]
    assert set(answered.outputs) == {k for k, v in right["run"].outputs.items() if v is not None}


@pytest.mark.filterwarnings("ignore")
def test_get_test_results(evaluated: Any, fetch: Any, tmp_path: Path) -> None:
    _, _, frame = evaluated
    fetched = fetch(path=str(save(frame, tmp_path / "stored.csv")))
    assert fetched.error is None
    assert len(fetched.runs) == len(frame)
    assert {run.run_id for run in fetched.runs} == set(frame["id"].astype(str))
    scores = {f.score for run in fetched.runs for f in run.feedback if f.key == "exact"}
    assert scores == {0.5}


@pytest.mark.filterwarnings("ignore")
def test_dumped_rows_of_results(evaluated: Any, fetch: Any, write: Any) -> None:
    rows, _, _ = evaluated
    dumped = [
        {
            "run": json.loads(each["run"].model_dump_json()),
            "example": json.loads(each["example"].model_dump_json()),
            "evaluation_results": {
                "results": [json.loads(r.json()) for r in each["evaluation_results"]["results"]]
            },
        }
        for each in rows
    ]
    fetched = fetch(path=str(write("rows.jsonl", dumped)))
    assert fetched.error is None
    assert {run.run_id for run in fetched.runs} == {str(each["run"].id) for each in rows}
    for run in fetched.runs:
        assert {(f.key, f.score, f.value, f.comment) for f in run.feedback} == {
            ("exact", 0.5, None, "half"), ("tone", None, "kind", None),
        }  # fmt: skip
        assert fetched.examples[run.example_id].reference_outputs is not None
