"""Fifteen and more forms of message, in three places, say the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.evaluators.behaviour.rules import forbidden_tools
from evalkit.fetchers.files.mapping.messages import chat_steps
from evalkit.model.messages.blocks import BY_KEY, BY_TYPE
from evalkit.model.messages.envelope import EVENTS
from evalkit.model.messages.forms import FORMS as FORMS_TABLE
from evalkit.model.messages.read import read_messages
from evalkit.model.run import Run
from evalkit.testing import make_step
from tests.model.message_forms import ANSWER, ARGUMENTS, ASK, FORMS, RESULT, THOUGHT


def exchanges(form, *, history):
    """Part a conversation into model calls: with the whole history each time, or what is new."""
    groups, asked, known = [], [], []
    for record in form:
        (said,) = read_messages([record])[:1] or [None]
        speaks = said is None or said.role == "assistant"
        if speaks and groups and not asked:
            groups[-1][1].append(record)  # items of one answer
        elif speaks:
            groups.append(([*known, *asked] if history else asked, [record]))
        else:
            asked.append(record)
            continue
        known, asked = [*known, *asked, record], []
    return groups


def placed(form, place):
    """Return a run that holds the conversation in one of the places."""
    if place == "messages":
        return Run(run_id="r", extra={"messages": form}, steps=chat_steps(form))
    if place == "outputs.messages":
        return Run(run_id="r", outputs={"messages": form})
    steps = [
        make_step("model", "llm", inputs={"messages": asked}, outputs={"messages": said})
        for asked, said in exchanges(form, history=place == "whole steps")
    ]
    return Run(run_id="r", inputs={"q": 1}, outputs={"answer": "x"}, steps=steps)


PLACES = ("messages", "outputs.messages", "steps", "whole steps")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same_in_every_place(name, place):
    run = placed(FORMS[name], place)
    (call,) = run.tool_calls
    assert (call.name, call.arguments, call.result, call.error) == (
        "weather",
        ARGUMENTS,
        RESULT,
        None,
    )
    said = run.messages
    assert said[0].role == "user"
    assert said[0].text == ASK
    (picture,) = said[0].images
    assert picture.data or picture.url
    assert said[-1].role == "assistant"
    assert said[-1].text == ANSWER
    assert "".join(m.reasoning for m in said) == THOUGHT
    assert THOUGHT not in "".join(m.text for m in said)
    assert [m.text for m in said if m.role == "tool"] == [RESULT]
    assert run.tool_calls.unread == ()


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_steps(name):
    steps = chat_steps(FORMS[name])
    tools = [step for step in steps if step.kind == "tool"]
    assert [(t.name, t.inputs, t.outputs, t.error) for t in tools] == [
        ("weather", ARGUMENTS, RESULT, None)
    ]
    assert steps[0].kind == "llm"


def asks(*calls):
    made = [{"id": key, "function": {"name": name, "arguments": "{}"}} for name, key in calls]
    return {"role": "assistant", "content": "", "tool_calls": made}


def tells(content, key=None, name=None):
    return {"role": "tool", "content": content, "tool_call_id": key, "name": name}


USER = {"role": "user", "content": "go on"}


@pytest.mark.parametrize(
    ("messages", "results"),
    [
        # an id used again in the next turn
        ([asks(("a", "0")), tells("1", "0"), asks(("b", "0")), tells("2", "0")], ["1", "2"]),
        # the first turn was broken off, its id comes again
        ([asks(("a", "0")), USER, asks(("a", "0")), tells("2", "0")], [None, "2"]),
        ([asks(("a", "0")), tells("1", "0"), asks(("a", "0"))], ["1", None]),
        # one id twice in one turn
        ([asks(("a", "0"), ("a", "0")), tells("1", "0"), tells("2", "0")], ["1", "2"]),
        # answers in another order
        ([asks(("a", "0"), ("b", "1")), tells("2", "1"), tells("1", "0")], ["1", "2"]),
        # calls without ids, answers with
        ([asks(("a", None), ("b", None)), tells("1", "x"), tells("2", "y")], ["1", "2"]),
        # answers without ids: by name, by order
        ([asks(("a", "0"), ("b", "1")), tells("2", name="b"), tells("1", name="a")], ["1", "2"]),
        ([asks(("a", None)), asks(("a", None)), tells("2")], [None, "2"]),
        ([asks(("a", None)), asks(("b", None)), tells("1"), tells("2")], ["1", "2"]),
        # an answer to another call is not this one's
        ([asks(("a", "0")), tells("9", "other")], [None]),
        ([asks(("a", None)), tells("9", name="b")], [None]),
        # only one of two was answered
        ([asks(("a", "0"), ("b", "1")), tells("2", "1")], [None, "2"]),
    ],
)
def test_each_call_has_the_answer_of_its_own_turn(messages, results):
    run = Run(run_id="r", outputs={"messages": messages})
    assert [call.result for call in run.tool_calls] == results
    tools = [step.outputs for step in chat_steps(messages) if step.kind == "tool"]
    assert [r for r in tools if r != "9"] == results


@pytest.mark.parametrize(
    ("item", "call"),
    [
        ({"type": "mcp_call", "id": "m", "name": "find", "arguments": '{"q": 1}', "output": "x",
          "server_label": "s"}, ("find", {"q": 1}, "x", None)),
        ({"type": "mcp_call", "id": "m", "name": "find", "arguments": "{}", "error": "gone"},
         ("find", {}, "gone", "gone")),
        ({"type": "web_search_call", "id": "w", "status": "completed",
          "action": {"type": "search", "query": "q"}},
         ("web_search", {"type": "search", "query": "q"}, None, None)),
        ({"type": "file_search_call", "id": "f", "queries": ["q"], "results": [{"text": "t"}]},
         ("file_search", {"queries": ["q"]}, "t", None)),
        ({"type": "code_interpreter_call", "id": "c", "code": "1+1", "outputs": None},
         ("code_interpreter", {"code": "1+1"}, None, None)),
        ({"type": "custom_tool_call", "call_id": "k", "name": "sql", "input": "select 1"},
         ("sql", "select 1", None, None)),
        ({"type": "local_shell_call", "call_id": "k", "action": {"command": ["ls"]}},
         ("local_shell", {"command": ["ls"]}, None, None)),
        ({"role": "assistant", "content": None, "tool_calls": [
            {"id": "k", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}]},
         ("sql", "select 1", None, None)),
        ({"type": "ai", "content": "", "tool_calls": [], "invalid_tool_calls": [
            {"type": "invalid_tool_call", "id": "k", "name": "sql", "args": "{x", "error": "bad"}]},
         ("sql", "{x", None, "bad")),
        ({"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": "1"}},
                                     {"codeExecutionResult": {"outcome": "OUTCOME_FAILED",
                                                              "output": "no"}}]},
         ("code_execution", {"language": "PYTHON", "code": "1"}, "no", "no")),
    ],
)  # fmt: skip
def test_tools_of_other_kinds_are_calls_too(item, call):
    (found,) = Run(run_id="r", outputs={"messages": [item]}).tool_calls
    assert (found.name, found.arguments, found.result, found.error) == call


def test_what_is_not_read_is_named_and_never_no_calls():
    strange = [{"type": "teleport_call", "target": "x"}, {"role": "assistant", "content": "ok"}]
    for run in (
        Run(run_id="r", outputs={"messages": strange}),
        Run(run_id="r", extra={"messages": strange}),
    ):
        assert run.tool_calls.unread == ("'teleport_call'",)
        score = forbidden_tools(run.tool_calls, tools=["delete_*"])
        assert score.score is None
        assert "teleport_call" in score.comment
    harmless = [{"role": "assistant", "content": [{"type": "sparkle", "n": 1}]}]
    assert Run(run_id="r", outputs={"messages": harmless}).tool_calls.unread == ()


def test_a_refusal_is_no_text_and_stays():
    blocks = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    beside = {"role": "assistant", "content": None, "refusal": "No."}
    for raw in (blocks, beside):
        (message,) = read_messages([raw])
        assert (message.text, message.refusal) == ("", "No.")
        assert [part.kind for part in message.parts] == ["refusal"]


@pytest.mark.parametrize(
    "response",
    [
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}}]},
        {"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}},
        {"output": [{"type": "message", "role": "assistant", "status": "completed",
                     "content": [{"type": "output_text", "text": "hi"}]}]},
        {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}]},
        {"message": {"role": "assistant", "content": "hi"}, "done": True},
        {"generations": [[{"text": "hi", "message": {"type": "ai", "content": "hi"}}]]},
    ],
)  # fmt: skip
def test_responses_of_clients_hold_the_answer(response):
    step = make_step("m", "llm", inputs={"messages": [USER]}, outputs=response)
    run = Run(run_id="r", outputs=None, steps=[step])
    assert [(m.role, m.text) for m in run.messages] == [("user", "go on"), ("assistant", "hi")]


@pytest.mark.parametrize("name", FORMS)
def test_what_was_read_reads_the_same_again(name):
    once = read_messages(FORMS[name])
    again = read_messages([dict(message) for message in once])
    assert again == once


WORDS = st.sampled_from(
    ["user", "assistant", "tool", "ai", "human", "model", "text", "tool_use", "tool_result",
     "function_call", "function_call_output", "mcp_call", "message", "request", "response",
     "image", "thinking", "tool-invocation", "result", "TextMessage", "ToolCallRequestEvent"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["role", "type", "content", "parts", "tool_calls", "function", "name", "id", "text", "kind",
     "kwargs", "lc", "data", "message", "toolUse", "functionCall", "source", "additional_kwargs",
     "toolInvocation", "state", "toolCallId", "invalid_tool_calls", "error", "output", "from",
     "value", "message.role", "usage", "images", "part_kind", "reasoning"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_no_json_breaks_the_reader(records):
    run = Run(run_id="r", outputs={"messages": records})
    for message in run.messages:
        assert isinstance(message.text + message.reasoning + message.refusal, str)
        assert message.parts is not None
    assert run.tool_calls is not None
    chat_steps(records)


def test_the_table_of_the_documentation_names_what_is_read():
    names = {
        word
        for form in FORMS_TABLE
        for cell in form[2:]
        for word in re.findall(r"`([\w-]+)`", cell)
    }
    beside = {"tool_calls", "invalid_tool_calls", "additional_kwargs", "toolInvocations",
              "toolCalls", "toolExecutionRequests", "responses", "tool_call_id", "output",
              "results", "state", "tool-NAME", "TOOL_EXECUTION_RESULT"}  # fmt: skip
    known = set(BY_KEY) | set(EVENTS) | beside
    unknown = {n for n in names - known if n.replace("_", "-") not in BY_TYPE}
    assert unknown == set()


@pytest.mark.parametrize("outputs", [[1, 2.5, None], [], [True]])
def test_a_list_of_numbers_is_an_answer_and_no_messages(outputs):
    run = Run(run_id="r", outputs=outputs)
    assert (list(run.messages), run.tool_calls.unread) == ([], ())
