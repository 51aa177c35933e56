"""Records: what evalkit writes it reads back, and what does not fit is named."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import RecordError
from evalkit.model.example import Example
from evalkit.model.outcome import STATUSES
from evalkit.model.schema.records import read_record, record_to_run
from evalkit.model.schema.written import example_to_record, run_to_record
from evalkit.model.step import KINDS

texts = st.text(max_size=8)
ids = st.text(min_size=1, max_size=8)
payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
times = st.none() | st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.just(UTC),
).map(datetime.isoformat)
usages = st.none() | st.fixed_dictionaries(
    {}, optional={"input_tokens": st.integers(0, 99), "total_cost": st.floats(0, 1)}
)
steps = st.fixed_dictionaries(
    {"step_id": ids, "kind": st.sampled_from(KINDS), "name": texts},
    optional={"inputs": payloads, "outputs": payloads, "started_at": times, "usage": usages},
)
runs = st.fixed_dictionaries(
    {"run_id": ids, "status": st.sampled_from(STATUSES)},
    optional={
        "inputs": payloads,
        "outputs": payloads,
        "metadata": st.none() | st.dictionaries(texts, payloads, max_size=2),
        "started_at": times,
        "ended_at": times,
        "usage": usages,
        "tags": st.lists(texts, max_size=2),
        "steps": st.none() | st.lists(steps, max_size=3),
        "repetition": st.none() | st.integers(0, 9),
        "feedback": st.lists(
            st.fixed_dictionaries({"key": ids, "score": st.none() | st.booleans()}), max_size=2
        ),
        "tomorrow": payloads,
    },
)


@given(runs)
def test_a_run_survives_the_round_trip(record):
    once = run_to_record(record_to_run(record))
    assert run_to_record(record_to_run(once)) == once
    for name in ("inputs", "outputs"):
        assert once.get(name) == record.get(name)


def test_steps_left_out_means_not_recorded():
    assert record_to_run({"run_id": "r"}).steps_recorded is False
    assert record_to_run({"run_id": "r", "steps": []}).steps_recorded is True
    assert "steps" in run_to_record(record_to_run({"run_id": "r", "steps": []}))


def test_unknown_keys_are_kept_in_extra():
    assert record_to_run({"run_id": "r", "weather": "fine"}).extra == {"weather": "fine"}


def test_recorded_scores_know_their_run():
    run = record_to_run({"run_id": 7, "feedback": [{"key": "reward", "score": True}]})
    (item,) = run.feedback
    assert (item.run_id, item.score, item.source, item.type) == ("7", True, "recorded", "bool")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({}, "field run_id: Field required"),
        ({"run_id": ""}, "field run_id: .*at least 1"),
        ({"run_id": "r", "duration_s": float("nan")}, "run 'r', field duration_s: .*finite"),
        ({"run_id": "r", "usage": {"total_cost": float("inf")}}, "field usage: .*total_cost"),
        ({"run_id": "r", "started_at": "yesterday"}, "field started_at"),
        ({"run_id": "r", "steps": [{"name": "x"}]}, r"field steps\.0\.step_id"),
        ({"run_id": "r", "metadata": 3, "tags": 4}, r"field metadata.*\(1 more\)"),
        ({"kind": "example", "inputs": {}}, "field example_id"),
    ],
)
def test_what_does_not_fit_is_named(record, says):
    with pytest.raises(RecordError, match=f"runs.jsonl:3: .*{says}"):
        read_record(record, "runs.jsonl:3")


@pytest.mark.parametrize(
    "value", ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", 1767323045, 1767323045000]
)
def test_times_of_every_form_are_one_time(value):
    run = record_to_run({"run_id": "r", "started_at": value})
    assert run.started_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_examples_read_back():
    example = Example(example_id="e", inputs={}, reference_outputs=None, split=("a", "b"))
    assert read_record(example_to_record(example), "x") == example
    assert read_record({"kind": "example", "id": 3, "outputs": 1}, "x").reference_outputs == 1
