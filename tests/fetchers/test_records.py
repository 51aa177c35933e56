"""An answer is read record by record once it is large: a record that is too much is a stub."""

from typing import Any

import orjson
import pytest

from evalkit.fetchers.http.attempts import Retryable
from evalkit.fetchers.http.records import LARGE, by_record
from evalkit.fetchers.http.transport import httpx

NONE = httpx.Headers()
MANY: list[Any] = [{}] * 3_000


def read(answer: Any, room: int = 200_000) -> Any:
    return by_record(bytearray(orjson.dumps(answer)), NONE, room)


def test_a_large_record_leaves_its_short_plain_members() -> None:
    large = {"id": "b", "trace_id": "t", "n": 1.5, "error": None, "text": "x" * 2_000}
    answer = {"runs": [{"id": "a"}, large | {"outputs": MANY, "tags": ["x"]}], "next": "c"}
    stub = {"id": "b", "trace_id": "t", "n": 1.5, "error": None, LARGE: True}
    assert read(answer) == {"runs": [{"id": "a"}, stub], "next": "c"}
    assert read(answer, 10_000_000) == answer


@pytest.mark.parametrize("answer", [[MANY, 1], MANY, {"a": {"b": MANY}}, {"a": "x" * 300_000}])
def test_what_is_no_list_of_records_is_read_as_it_is(answer: Any) -> None:
    assert read(answer) == answer


def test_a_record_that_is_no_object_leaves_nothing() -> None:
    assert read({"runs": [MANY, 1]}) == {"runs": [{LARGE: True}, 1]}


def test_many_small_records_are_all_read() -> None:
    answer = {"runs": [{"id": str(n), "o": [{}, [n]]} for n in range(3_000)]}
    assert read(answer) == answer


def test_what_only_others_read_is_read() -> None:
    body = b'{"runs": [{"a": NaN, "b": "\\ud800"}, ' + b"{}," * 3_000 + b"{}]}"
    found = by_record(bytearray(body), NONE, 200_000)
    assert [len(found["runs"]), found["runs"][0]["b"]] == [3_002, "\ud800"]


def test_what_remains_of_a_large_record_is_read_as_any_answer() -> None:
    body = b'{"runs": [{"total_cost": 1e400, "o": [' + b"{}," * 3_000 + b"{}]}]}"
    assert by_record(bytearray(body), NONE, 200_000) == {
        "runs": [{"total_cost": float("inf"), LARGE: True}]
    }


def test_an_answer_nested_too_deeply_is_no_whole_json() -> None:
    body = b'{"runs": [' + b"{}," * 3_000 + b"[" * 2_000 + b"]" * 2_000 + b"]}"
    with pytest.raises(Retryable, match="no whole JSON"):
        by_record(bytearray(body), NONE, 200_000)
