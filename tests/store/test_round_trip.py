"""What is stored comes back: as objects, as tables, whatever it was."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import StoreError
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.schema.content import dumps
from evalkit.model.schema.row_values import content_hash
from evalkit.model.score import Feedback
from evalkit.model.step import STEP_FIELDS
from evalkit.store.care import verify_stored
from evalkit.store.disk.encode import examples_part
from evalkit.store.results import read_results
from evalkit.store.store import Store, folder_of
from evalkit.store.writing import open_writer


def same(one: Any, two: Any) -> bool:
    return all(getattr(one, name) == getattr(two, name) for name in RUN_FIELDS if name != "steps")


def test_a_run_comes_back_as_it_was(stored: Any, a_run: Any) -> None:
    results = read_results(stored(20))
    for number, found in enumerate(results.runs()):
        wanted = a_run(number)
        assert same(found, wanted)
        assert (found.latency, found.outcome) == (wanted.latency, wanted.outcome)
        assert len(found.steps) == len(wanted.steps)
        for one, two in zip(found.steps, wanted.steps, strict=True):
            assert all(getattr(one, name) == getattr(two, name) for name in STEP_FIELDS)
        assert [step.children for step in found.steps][:1] == [found.steps[1:]][: len(found.steps)]


def test_steps_are_the_same_objects_however_they_are_asked_for(stored: Any) -> None:
    run = read_results(stored(3)).run("run-00002")
    found = run.find(kind="tool") + run.find(name="", kind="llm")
    assert [step is other for step, other in zip(found, run.steps, strict=True)] == [True, True]
    assert run.find(kind="llm")[0] is run.steps[1]
    assert run.find(name="sea*") == [run.steps[0]]
    assert run.find(kind="tool", where=lambda step: step.name == "other") == []
    assert found[1].parent is found[0]


def test_tables_have_the_documented_columns(stored: Any) -> None:
    results = read_results(stored(10))
    assert results.table("runs").num_rows == 10
    assert results.table("steps", ["run_id", "name", "model"]).to_pylist()[0] == {
        "run_id": "run-00001",
        "name": "search",
        "model": "m",
    }
    assert results.table("steps").num_rows == sum(n % 3 for n in range(10))
    assert results.table("examples", ["example_id", "split"]).num_rows == 7
    with pytest.raises(StoreError, match="no column 'latency' in runs"):
        results.table("runs", ["latency"])
    with pytest.raises(StoreError, match="no table 'run'"):
        results.table("run")


def test_examples_decode_when_touched_and_compare(stored: Any) -> None:
    examples = read_results(stored(1)).examples()
    assert examples["ex-3"].reference_outputs == {"answer": 3}
    assert examples["ex-3"].split == "test"
    assert examples["ex-0"].split is None
    assert examples["ex-3"].attachments == {}
    assert examples["ex-3"] == read_results(stored(1, name="other")).examples()["ex-3"]
    assert examples.get("ex-99") is None
    assert len(examples) == 7


def test_recorded_scores_are_cells(stored: Any, a_run: Any) -> None:
    feedback = [
        Feedback(key="reward", score=True, evaluator="env", source="recorded"),
        Feedback(key="mood", value="good", evaluator="env", source="recorded"),
    ]
    results = read_results(stored([a_run(0, feedback=feedback), a_run(1)]))
    rows = results.table("cells").to_pylist()
    assert [(r["key"], r["score"], r["score_type"], r["value"]) for r in rows] == [
        ("reward", 1.0, "bool", None),
        ("mood", None, "category", '"good"'),
    ]
    assert {r["source"] for r in rows} == {"recorded"}
    assert [f.score for f in results.feedback("run-00000")] == [True, None]
    assert [f.key for f in results.run("run-00000").feedback] == ["reward", "mood"]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"a": float("nan")}, b'{"a":"NaN"}'),
        ([float("inf"), -float("inf"), None], b'["Infinity","-Infinity",null]'),
        ("\ud800x", '"\ufffdx"'.encode()),
        ({"big": 2**70}, b'{"big":"1180591620717411303424"}'),
        ({1: {2, 3}, "t": (1,)}, b'{"1":[2,3],"t":[1]}'),
        (b"raw", b'"raw"'),
    ],
)
def test_what_json_cannot_hold_is_written_as_the_nearest_thing(payload: Any, text: bytes) -> None:
    assert dumps(payload) == text


def test_what_was_changed_is_counted_in_the_manifest(stored: Any, a_run: Any) -> None:
    runs = [a_run(0, outputs=float("nan")), a_run(1, outputs="\udc00"), a_run(2, error="a\ud800")]
    experiment = stored(runs)
    notes = " ".join(experiment.manifest.notes)
    assert "lone surrogates replaced: 2" in notes
    assert "NaN" in notes
    assert read_results(experiment).run("run-00002").error == "a\ufffd"


def test_a_payload_without_a_bottom_is_cut(stored: Any, a_run: Any) -> None:
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]
    found = read_results(stored([a_run(0, outputs=deep)])).run("run-00000").outputs
    depth = 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert (found, 100 < depth < 200) == ("(nested too deeply)", True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(inputs=JSON, outputs=JSON, error=st.none() | st.text(), tags=st.lists(st.text(), max_size=3))
def test_any_payload_can_be_stored(
    tmp_path_factory: Any, inputs: Any, outputs: Any, error: Any, tags: Any
) -> None:
    experiment = Store(tmp_path_factory.mktemp("any")).experiment("any")
    run = Run(run_id="r", inputs=inputs, outputs=outputs, error=error, tags=tags)
    with open_writer(experiment) as writer:
        writer.add(run)
        writer.finish()
    found = read_results(experiment).run("r")
    assert dumps(found.inputs) == dumps(inputs)
    assert dumps(found.outputs) == dumps(outputs)
    assert content_hash(found) == content_hash(run)


def test_the_content_hash_sees_content_and_not_updated_at(a_run: Any) -> None:
    one = content_hash(a_run(1))
    assert one == content_hash(a_run(1, updated_at=a_run(1).started_at))
    changes = [
        {"outputs": {"answer": 2}},
        {"steps": []},
        {"tags": []},
        {"metadata": {}},
        {"ended_at": a_run(1).ended_at + timedelta(microseconds=1)},
    ]
    assert len({one, *(content_hash(a_run(1, **change)) for change in changes)}) == 6


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "ä ö", "a\\b:c*", "con.", "x" * 60])
def test_any_name_of_an_experiment_is_one_folder(stored: Any, tmp_path: Any, name: str) -> None:
    stored(1, name=name)
    assert Store(tmp_path / "store").names() == [name]
    assert "/" not in folder_of(name)
    assert not folder_of(name).startswith(".")


def test_the_store_lies_behind_a_url_too(a_run: Any) -> None:
    store = Store("memory://somewhere/store")
    experiment = store.experiment("far")
    with open_writer(experiment, source="test") as writer:
        for number in range(3):
            writer.add(a_run(number))
        writer.finish()
    assert store.names() == ["far"]
    assert [run.outputs["answer"] for run in read_results(experiment).runs()] == [0, 1, 2]
    assert all(finding.ok for finding in verify_stored(experiment))


def test_a_run_of_the_wrong_type_is_refused_by_name(stored: Any, a_run: Any) -> None:
    with pytest.raises(StoreError, match="run 'run-00000'"):
        stored([a_run(0, duration_s="soon")])


def test_the_last_of_an_example_wins_where_the_first_stood() -> None:
    made = [Example(example_id=f"e{n % 700}", inputs={"n": n}) for n in range(1_100)]
    data, count = examples_part(made, Counter())
    rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    assert count == len(rows) == 700
    assert [row["example_id"] for row in rows] == [f"e{n}" for n in range(700)]
    assert json.loads(rows[0]["inputs"]) == {"n": 700}
    assert json.loads(rows[699]["inputs"]) == {"n": 699}
