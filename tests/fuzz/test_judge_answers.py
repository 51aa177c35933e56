"""Whatever a judge's endpoint sends is an answer, a problem that is named, or worth another try."""

import json
import math
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError
from evalkit.evaluators.judge.client import ChatClient
from evalkit.evaluators.judge.session import Answer
from evalkit.evaluators.judge.settings import JudgeSettings
from evalkit.fetchers.http.attempts import Retryable

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\x00", "pass", '{"verdict": "pass"}', 10**400, "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
DEEP = "deep"
USAGE = ("prompt_tokens", "completion_tokens", "total_tokens", "cost", "prompt_tokens_details")
MESSAGE = ("content", "reasoning_content", "refusal", "tool_calls", "role")


def record(*names: str, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = dict.fromkeys(names, ODD) | fixed
    return ODD | st.fixed_dictionaries({}, optional=fields)


MESSAGES = record(*MESSAGE)
CHOICE = record("finish_reason", "text", "index", "error", message=MESSAGES, delta=MESSAGES)
REPLY = record(
    "model", "error", "id", choices=ODD | st.lists(CHOICE, max_size=2), usage=record(*USAGE)
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, str]:
    """Return a body and its type: JSON, pieces of a stream, hurt or deep, or anything."""
    kind = draw(st.sampled_from(["json", "stream", "cut", "deep", "bytes"]))
    if kind == "bytes":
        return draw(st.binary(max_size=60)), draw(st.sampled_from(["", "text/event-stream"]))
    if kind == "deep":
        return draw(st.sampled_from([b"%s", b"data: %s", b'{"choices": %s}'])), DEEP
    if kind == "stream":
        lines = [f"data: {json.dumps(each)}" for each in draw(st.lists(REPLY, max_size=3))]
        lines += draw(st.lists(st.sampled_from(["data: [DONE]", ": x", "data:", "event: e"])))
        return "\n".join(lines).encode("utf-8", "surrogatepass"), "text/event-stream"
    body = json.dumps(draw(REPLY)).encode("utf-8", "surrogatepass")
    return body[: draw(st.integers(0, len(body)))] if kind == "cut" else body, "application/json"


@pytest.fixture(scope="module")
def client() -> ChatClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    url = "http://127.0.0.1:1/v1"
    made = JudgeSettings(model="m", prompt="{{ outputs }}", price=(1.0, 10.0), base_url=url)
    return ChatClient(made, {}, transport=transport)


def heard(client: ChatClient, body: bytes, kind: str) -> Answer | None:
    if kind == DEEP:
        body = body.replace(b"%s", b"[" * 50_000 + b"]" * 50_000)
    try:
        reply = client._decode(body, httpx.Headers({"content-type": kind}))
        return client.heard(reply, 100)
    except (EvalkitError, Retryable):
        return None


@given(sent=bodies())
@settings(max_examples=400, deadline=None)
def test_an_answer_is_read_or_its_problem_named(
    client: ChatClient, sent: tuple[bytes, str]
) -> None:
    answer = heard(client, *sent)
    if answer is None:
        return
    assert isinstance(answer.text, str)
    assert isinstance(answer.model, str)
    assert answer.cost is None or (math.isfinite(answer.cost) and answer.cost >= 0)
    for count in (answer.input_tokens, answer.output_tokens):
        assert isinstance(count, int)
        assert 0 <= count < 2**63
    json.dumps(answer.text + answer.model).encode()


@given(status=st.integers(400, 599), sent=bodies())
@settings(max_examples=150, deadline=None)
def test_a_refusal_is_one_of_ours(client: ChatClient, status: int, sent: tuple[bytes, str]) -> None:
    headers = httpx.Headers({"retry-after": sent[1]})
    with pytest.raises((EvalkitError, Retryable)):
        client._refuse(status, headers, sent[0])
