"""Messages of every common form read as one form."""

from types import MappingProxyType

import pytest

from evalkit.model.document import read_documents
from evalkit.model.messages.pairing import pair_tool_calls
from evalkit.model.messages.read import read_message, read_messages
from evalkit.model.run import Run

CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "x"}'}}
LC = {
    "lc": 1,
    "type": "constructor",
    "id": ["langchain", "schema", "messages", "AIMessage"],
    "kwargs": {"content": "", "tool_calls": [{"name": "search", "args": {"q": "x"}, "id": "c1"}]},
}


@pytest.mark.parametrize(
    "raw",
    [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {
            "type": "ai",
            "content": "",
            "tool_calls": [{"name": "search", "args": {"q": "x"}, "id": "c1"}],
        },
        {"type": "ai", "content": "", "additional_kwargs": {"tool_calls": [CALL]}},
        LC,
        {"type": "ai", "data": {"content": "", "tool_calls": [CALL]}},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "search", "input": {"q": "x"}}],
        },
    ],
    ids=["openai", "langchain", "additional_kwargs", "constructor", "type-data", "blocks"],
)
def test_a_tool_call_reads_the_same_in_every_form(raw):
    message = read_message(raw)
    (call,) = message.tool_calls
    assert message.role == "assistant"
    assert (call.name, call.arguments, call.id) == ("search", {"q": "x"}, "c1")


@pytest.mark.parametrize(
    ("raw", "role", "text"),
    [
        ({"type": "human", "content": "hi"}, "user", "hi"),
        ({"role": "developer", "content": "be kind"}, "system", "be kind"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, "b"]}, "user", "ab"),
        ({"type": "tool", "content": "42", "tool_call_id": "c1"}, "tool", "42"),
        ({"role": "narrator", "content": "then"}, "narrator", "then"),
    ],
)
def test_roles_and_text(raw, role, text):
    message = read_message(raw)
    assert (message.role, message.text) == (role, text)


@pytest.mark.parametrize("raw", [None, 3, "text", {}, {"answer": 1}, {"type": "human"}, [1]])
def test_what_is_no_message_is_left_out(raw):
    assert read_messages([raw]) == []


def test_arguments_that_are_no_json_stay_text():
    broken = {"function": {"name": "search", "arguments": '{"q": '}}
    (call,) = read_message({"role": "assistant", "content": "", "tool_calls": [broken]}).tool_calls
    assert call.arguments == '{"q": '


def test_calls_pair_with_their_answers_by_id_then_by_order():
    named = read_messages(
        [
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "content": "broken", "tool_call_id": "c1", "status": "error"},
        ]
    )
    unnamed = read_messages(
        [
            {"role": "assistant", "content": "", "tool_calls": [{"name": "a", "args": {}}]},
            {"role": "tool", "content": "1"},
        ]
    )
    (failed,) = pair_tool_calls(named)
    (answered,) = pair_tool_calls(unnamed)
    assert (failed.result, failed.error) == ("broken", "broken")
    assert (answered.result, answered.error) == ("1", None)


def test_an_answer_given_as_a_block_is_a_tool_message():
    block = {"type": "tool_result", "tool_use_id": "c1", "content": "ok"}
    message = read_message({"role": "user", "content": [block]})
    assert (message.role, message["tool_call_id"], message.text) == ("tool", "c1", "ok")


def test_a_batch_of_prompts_is_one_list():
    assert len(read_messages([[LC, {"role": "user", "content": "x"}]])) == 2


def test_messages_of_a_run_begin_where_the_source_says():
    thread = [{"role": "user", "content": str(n)} for n in range(4)]
    run = Run(run_id="r", outputs={"messages": thread}, extra={"messages_start": 3})
    own = Run(run_id="r", outputs={"x": 1}, extra={"messages": thread[:1]})
    assert [message.text for message in run.messages] == ["3"]
    assert [message.text for message in own.messages] == ["0"]


@pytest.mark.parametrize(
    ("outputs", "seen"),
    [
        ({"documents": [{"page_content": "a", "metadata": {"id": "d1"}}]}, [("d1", "a")]),
        ([{"id": 3, "text": "b", "score": 0.5}], [("3", "b")]),
        ({"output": ["plain"]}, [(None, "plain")]),
        (
            {"docs": [{"lc": 1, "kwargs": {"page_content": "c", "metadata": {"source": "s"}}}]},
            [("s", "c")],
        ),
        ({"answer": "none here"}, []),
        (None, []),
    ],
)
def test_documents_of_every_form(outputs, seen):
    assert [(each.id, each.text) for each in read_documents(outputs)] == seen


@pytest.mark.parametrize(
    "inner",
    [
        {"role": "assistant", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "content": "", "id": 7, "name": "n"},
        {"role": "user", "content": "hi", "tool_calls": [{"name": "f", "args": {"a": 1}}]},
        {"role": "assistant", "content": "a", "tool_calls": [{"id": 1, "function": {"name": "f"}}]},
        {"role": "assistant", "content": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "content": "no", "refusal": "never"},
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        {},
        {"index": 0, "finish_reason": "stop"},
        {"text": "hi", "type": "ChatGeneration"},
        {"type": "message", "status": "completed"},
        {"role": "user", "content": "outer"},
        {"type": "human", "data": {"content": "data"}},
        {"message.role": "user", "message.content": "dotted"},
        {"lc": 1, "kwargs": {"content": "lc", "type": "ai"}},
    ],
)
def test_the_short_way_to_a_choice_reads_what_the_long_way_reads(inner, around):
    class Detour(dict):
        """A table that is no plain dict, which the short way passes by."""

    short = read_messages([{**around, "message": inner}])
    assert short == read_messages([Detour(**around, message=Detour(inner))])


@pytest.mark.parametrize(
    "answer",
    [
        {"role": "tool", "content": "a", "tool_call_id": "c1"},
        {"role": "tool", "content": "", "tool_call_id": "c1", "name": "find"},
        {"role": "tool", "content": "a", "tool_call_id": "c1", "name": None},
        {"role": "tool", "content": "a", "name": "find"},
        {"role": "tool", "content": None, "tool_call_id": "c1"},
        {"role": "tool", "content": [{"type": "text", "text": "a"}], "tool_call_id": "c1"},
        {"role": "tool", "content": "a", "tool_call_id": 7},
        {"role": "tool", "content": "no", "tool_call_id": "c1", "status": "error"},
    ],
)
def test_the_quick_look_at_an_answer_sees_what_the_long_one_sees(answer):
    """A mapping that is no dict takes the long way."""
    quick, long = read_messages([answer]), read_messages([MappingProxyType(answer)])
    assert [dict(each) for each in quick] == [dict(each) for each in long]
    assert len(quick) == 1


@pytest.mark.parametrize(
    ("calls", "answers", "results"),
    [
        (["a", "b"], ["b", "a"], ["1", "0"]),
        (["a", "b"], ["b"], [None, "0"]),
        (["a", "a"], ["a", "a"], ["0", "1"]),
        (["a", None], ["a", "x"], ["0", "1"]),
        (["a"], ["a", "a"], ["0"]),
        (["a"], ["z"], [None]),
    ],
)
def test_answers_find_the_call_of_their_id(calls, answers, results):
    asked = [{"id": key, "type": "function", "function": {"name": "f", "arguments": "{}"}}
             for key in calls]  # fmt: skip
    said = [{"role": "tool", "content": str(n), "tool_call_id": key}
            for n, key in enumerate(answers)]  # fmt: skip
    found = pair_tool_calls(read_messages([{"role": "assistant", "tool_calls": asked}, *said]))
    assert [call.result for call in found] == results
