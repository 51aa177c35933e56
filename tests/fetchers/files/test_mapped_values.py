"""One mapped value at a time: what each kind of field takes, and what it refuses."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from evalkit.fetchers.files.formats.otlp.describe import describe
from evalkit.fetchers.files.mapping import convert
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.reading.tables import plain
from evalkit.model.accounting.reader import read_usage

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.to_text, 3, "3"),
        (convert.to_text, None, None),
        (convert.to_identity, "", None),
        (convert.to_number, "1e3", 1000.0),
        (convert.to_number, "", None),
        (convert.to_whole, 4.0, 4),
        (convert.to_whole, "", None),
        (convert.to_duration, 0, 0.0),
        (convert.to_moment, "", None),
        (convert.to_moment, "2026-01-02T13:00:00+01:00", NOON),
        (convert.to_error, 0, None),
        (convert.to_error, {"error": "x", "type": 3}, "x"),
        (convert.to_error, [1], "[1]"),
        (convert.to_status, "", None),
        (convert.to_status, True, "success"),
        (convert.to_status, " OK ", "success"),
        (convert.to_status, 7, "7"),
        (convert.to_names, None, ()),
        (convert.to_names, ["a", None, 3, ""], ("a", "3")),
        (convert.to_object, '{"a": 1}', {"a": 1}),
        (convert.to_object, " ", None),
        (convert.to_list, "[1]", [1]),
        (convert.to_list, None, []),
        (convert.from_text, "plain", "plain"),
        (convert.from_cell, "1.0", 1.0),
        (convert.from_cell, "-2", -2),
        (convert.from_cell, "False", False),
        (convert.from_cell, "nan", None),
        (convert.from_cell, "n/a", "n/a"),
        (convert.from_cell, 3, 3),
    ],
)
def test_a_value_becomes(function, value, expected):
    found = function(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("function", "value", "said"),
    [
        (convert.to_text, {"a": 1}, "is no text"),
        (convert.to_identity, True, "is no text"),
        (convert.to_number, True, "is no number"),
        (convert.to_number, "x" * 99, "xxx... is no number"),
        (convert.to_number, "inf", "is not finite"),
        (convert.to_whole, 1.5, "is no whole number"),
        (convert.to_duration, -1, "is negative"),
        (convert.to_moment, True, "is no time"),
        (convert.to_moment, 1e30, "is no time"),
        (convert.to_object, [1], "is no object"),
        (convert.to_list, {"a": 1}, "is no list"),
        (convert.to_names, [{}], "is no text"),
    ],
)
def test_a_value_is_refused(function, value, said):
    with pytest.raises(ValueError, match=said):
        function(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (float("inf"), None),
        (NOON, "2026-01-02T12:00:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(1, 2), "01:02:00"),
        (timedelta(minutes=1), 60.0),
        (b"text", "text"),
        ([1, Decimal(2)], [1, 2.0]),
        ([("k", b"v")], {"k": "v"}),
        ([], []),
        ({"a": NOON}, {"a": "2026-01-02T12:00:00+00:00"}),
    ],
)
def test_a_parquet_value_as_json_would_hold_it(value, expected):
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("raw", "total", "details"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2}, 3, {}),
        ({"input": 1, "output": 2, "total": 9}, 9, {}),
        ({"inputTokens": "4", "outputTokens": 0}, 4, {}),
        ({"total_tokens": 5, "audio": 1}, 5, {"audio": 1}),
        ({"total_tokens": 5, "total": 6}, 5, {}),
    ],
)
def test_token_counts_under_their_many_names(raw, total, details):
    usage = read_usage(raw)
    assert (usage.total_tokens, usage.details) == (total, details)


@pytest.mark.parametrize("raw", [{}, {"audio": 0}, {"total_tokens": None}])
def test_no_counts_are_no_usage(raw):
    assert read_usage(raw) is None


def test_a_name_of_a_value_does_not_depend_on_the_order_of_its_keys():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) != digest({"a": 1, "b": [3]})
    deep: list = []
    for _ in range(400):
        deep = [deep]
    assert digest(deep) == digest(deep)


def test_messages_in_events_of_older_conventions():
    events = [
        ("gen_ai.system.message", {"content": "be nice"}),
        ("gen_ai.user.message", {"content": "hi"}),
        ("gen_ai.choice", {"message": '{"role": "assistant", "content": "ho"}', "index": 0}),
    ]
    found = describe("chat", {"gen_ai.operation.name": "chat"}, events)
    assert found.inputs == {
        "messages": [
            {"role": "system", "content": "be nice"},
            {"role": "user", "content": "hi"},
        ]
    }
    assert found.outputs == {"messages": [{"role": "assistant", "content": "ho"}]}


def test_messages_of_parts_become_plain_ones():
    asked = [
        {"role": "user", "parts": [{"type": "text", "content": "add"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "add",
                                         "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "2"}]},
    ]  # fmt: skip
    found = describe("chat", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked})
    roles = [message["role"] for message in found.inputs["messages"]]
    assert roles == ["user", "assistant", "tool"]
    assert found.inputs["messages"][0]["content"] == "add"
    assert found.inputs["messages"][1]["tool_calls"][0]["function"]["name"] == "add"
    assert found.inputs["messages"][2] == {"role": "tool", "tool_call_id": "c", "content": "2"}


def test_counts_that_are_no_numbers_are_noted_and_no_count():
    usage = describe("chat", {"gen_ai.usage.input_tokens": "many"}).usage
    assert (usage.input_tokens, usage.total_tokens) == (None, None)
    assert usage.notes == (
        "usage that cannot be read (gen_ai.usage.input_tokens: 'many' is no number)",
    )
