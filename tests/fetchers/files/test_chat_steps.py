"""Chat messages of every dialect become the same steps; objects like steps become steps."""

import pytest

from evalkit.fetchers.files.mapping.messages import chat_steps
from evalkit.fetchers.files.mapping.steps import read_steps

ASK = {"role": "user", "content": "weather in Rome?"}
OPENAI = [
    {"role": "system", "content": "Help."},
    ASK,
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    {"role": "assistant", "content": "Sunny."},
]
LANGCHAIN = [
    {"type": "human", "content": "weather in Rome?"},
    {
        "type": "ai",
        "content": "",
        "tool_calls": [{"name": "weather", "args": {"city": "Rome"}, "id": "c1"}],
    },
    {"type": "tool", "name": "weather", "tool_call_id": "c1", "content": "sunny"},
    {"type": "AIMessageChunk", "content": "Sunny."},
]
CONSTRUCTORS = [
    {"lc": 1, "type": "constructor", "id": ["langchain", kind], "kwargs": kwargs}
    for kind, kwargs in [
        ("HumanMessage", {"content": "weather in Rome?"}),
        (
            "AIMessage",
            {
                "content": "",
                "tool_calls": [{"name": "weather", "args": {"city": "Rome"}, "id": "c1"}],
            },
        ),
        ("ToolMessage", {"content": "sunny", "tool_call_id": "c1"}),
        ("AIMessage", {"content": "Sunny."}),
    ]
]
ANTHROPIC = [
    ASK,
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Rome"}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "sunny"},
            {"type": "text", "text": "go on"},
        ],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "Sunny."}]},
]
AGENTDOJO = [
    ASK,
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": "weather", "args": {"city": "Rome"}}],
    },
    {
        "role": "tool",
        "content": "sunny",
        "tool_call_id": None,
        "tool_call": {"function": "weather", "args": {"city": "Rome"}},
        "error": None,
    },
    {"role": "assistant", "content": "Sunny.", "tool_calls": []},
]
DIALECTS = {
    "openai": OPENAI,
    "langchain": LANGCHAIN,
    "constructors": CONSTRUCTORS,
    "anthropic": ANTHROPIC,
    "agentdojo": AGENTDOJO,
    "batch": [OPENAI],
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_steps(dialect):
    steps = chat_steps(DIALECTS[dialect])
    assert [step.kind for step in steps] == ["llm", "tool", "llm"]
    tool = steps[1]
    assert (tool.name, tool.inputs, tool.outputs) == ("weather", {"city": "Rome"}, "sunny")
    assert tool.error is None
    assert len({step.step_id for step in steps}) == 3


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_run_answers_messages_tool_calls_and_trajectory(dialect, mapped):
    fetched = mapped([{"chat": DIALECTS[dialect]}], {"messages": "chat"})
    (run,) = fetched.runs
    assert run.messages[-1].text == "Sunny."
    assert [(c.name, c.arguments, c.result) for c in run.tool_calls] == [
        ("weather", {"city": "Rome"}, "sunny")
    ]
    assert run.trajectory == ("weather",)
    assert run.steps_recorded


def test_messages_are_not_kept_twice(mapped):
    fields = {"messages": "chat", "outputs": "{messages: chat}"}
    (run,) = mapped([{"chat": OPENAI}], fields).runs
    assert "messages" not in run.extra
    assert len(run.messages) == 5


def call(name, call_id=None):
    return {"id": call_id, "function": {"name": name, "arguments": "{}"}}


def asks(*calls):
    return {"role": "assistant", "content": "", "tool_calls": list(calls)}


def answer(content, **more):
    return {"role": "tool", "content": content, **more}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        # answered out of order, by id
        (
            [asks(call("a", "1"), call("b", "2")), answer("B", tool_call_id="2"),
             answer("A", tool_call_id="1")],
            [("a", "A"), ("b", "B")],
        ),
        # no ids: by name, then by order
        (
            [asks(call("a"), call("b")), answer("B", name="b"), answer("A")],
            [("a", "A"), ("b", "B")],
        ),
        ([asks(call("a"), call("a")), answer("1"), answer("2")], [("a", "1"), ("a", "2")]),
        # nobody answered
        ([asks(call("a", "1"))], [("a", None)]),
        # nobody asked
        ([answer("x", name="a")], [("a", "x")]),
        ([answer("x")], [("tool", "x")]),
        # the same id in two turns
        (
            [asks(call("a", "1")), answer("A", tool_call_id="1"), asks(call("b", "1")),
             answer("B", tool_call_id="1")],
            [("a", "A"), ("b", "B")],
        ),
    ],
)  # fmt: skip
def test_answers_find_their_calls(messages, expected):
    tools = [step for step in chat_steps(messages) if step.kind == "tool"]
    assert [(step.name, step.outputs) for step in tools] == expected


@pytest.mark.parametrize(
    ("more", "error"),
    [({"error": "ValueError: x"}, "ValueError: x"), ({"status": "error"}, "boom"), ({}, None)],
)
def test_a_failed_tool_says_so(more, error):
    steps = chat_steps([asks(call("a", "1")), answer("boom", tool_call_id="1", **more)])
    assert steps[1].error == error


def test_a_model_step_holds_what_was_new_and_what_it_cost():
    messages = [
        ASK,
        {
            "role": "assistant",
            "content": "hi",
            "model": "m-1",
            "usage": {"prompt_tokens": 3, "completion_tokens": 2,
                      "prompt_tokens_details": {"cached_tokens": 1}},
        },
        ASK,
        {"role": "assistant", "content": "again"},
    ]  # fmt: skip
    first, second = chat_steps(messages)
    assert first.inputs == {"messages": [ASK]} == second.inputs
    assert first.outputs == {"messages": [messages[1]]}
    assert (first.model, first.usage.total_tokens, first.usage.cache_read_tokens) == ("m-1", 5, 1)
    assert second.usage is None


def test_the_run_adds_up_what_its_model_steps_cost(mapped):
    message = {"role": "assistant", "content": "x", "usage": {"input_tokens": 3}}
    (run,) = mapped([{"chat": [message, message]}], {"messages": "chat"}).runs
    assert run.usage.input_tokens == 6
    assert run.usage.output_tokens is None


@pytest.mark.parametrize("junk", [[], [None, 3, "text", {}], [{"role": "user"}], [[]]])
def test_what_is_no_message_is_left_out(junk):
    assert chat_steps(junk) == []


# --- steps --------------------------------------------------------------------------------------


def test_steps_under_our_names_and_others():
    steps = read_steps(
        [
            {"tool": "search", "args": {"q": 1}, "result": "r", "score": 3},
            {"type": "generation", "name": "gpt", "usage": {"input": 1, "output": 2}},
            {"node": "plan", "start_time": 0, "end_time": 1.5, "error": False},
            {"kind": "odd", "duration_s": 2, "id": 7},
            "thought",
        ]
    )
    assert [(step.kind, step.name) for step in steps] == [
        ("tool", "search"),
        ("llm", "gpt"),
        ("node", "plan"),
        ("other", "odd"),
        ("other", "step 4"),
    ]
    assert (steps[0].inputs, steps[0].outputs, steps[0].metadata) == ({"q": 1}, "r", {"score": 3})
    assert steps[1].usage.total_tokens == 3
    assert (steps[2].latency, steps[2].error) == (1.5, None)
    assert (steps[3].latency, steps[3].step_id) == (2.0, "7")
    assert steps[4].outputs == "thought"


def test_steps_with_parents_come_out_as_one_walks_them():
    steps = read_steps(
        [
            {"id": "a"},
            {"id": "b"},
            {"id": "a1", "parent_id": "a"},
            {"id": "a2", "parent_id": "a"},
            {"id": "a11", "parent_id": "a1"},
        ]
    )
    assert [step.step_id for step in steps] == ["a", "a1", "a11", "a2", "b"]
    assert [step.parent_id for step in steps] == [None, "a", "a1", "a", None]


def test_steps_that_share_an_id_are_told_apart():
    steps = read_steps([{"id": "x"}, {"id": "x"}, {"id": "y"}])
    assert [step.step_id for step in steps] == ["x", "x~1", "y"]


def test_parallel_lists_are_steps(mapped):
    record = {"actions": ["ls", "submit"], "observations": ["file", ""], "valid": [True, False]}
    expression = "zip({tool: actions, outputs: observations, valid: valid})"
    (run,) = mapped([record], {"steps": expression}).runs
    assert [(s.kind, s.name, s.outputs, s.metadata) for s in run.steps] == [
        ("tool", "ls", "file", {"valid": True}),
        ("tool", "submit", "", {"valid": False}),
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([3], "step 0 is a int"),
        ({}, "not a list"),
    ],
)
def test_what_is_no_step_is_said(steps, said):
    with pytest.raises(ValueError, match=said):
        read_steps(steps)


def test_a_run_without_mapped_steps_did_not_record_any(mapped):
    (run,) = mapped([{"a": 1}], {"outputs": "a"}).runs
    assert run.steps_recorded is False
