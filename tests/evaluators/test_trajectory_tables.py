"""The verdicts of langchain-ai's agentevals and openevals on trajectories, re-expressed as data.

Each row of the tables says what both must say. Where evalkit differs on purpose the row says why.
The library itself is asked too, so the table cannot drift from it.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.evaluators.trajectory.compare import compare
from evalkit.evaluators.trajectory.expected import Rules
from evalkit.evaluators.trajectory.score import message_match, trajectory_match
from evalkit.evaluators.trajectory.source import expected_steps
from evalkit.model.messages.message import ToolCall
from evalkit.testing import make_run

MODES = ("strict", "unordered", "subset", "superset")
Chat = list[dict[str, Any]]
Call = tuple[str, dict[str, Any]]


def chat(*turns: str | list[Call]) -> Chat:
    """Write a chat down: a role, or the calls an assistant asks for."""
    return [_message(turn, number) for number, turn in enumerate(turns)]


def _message(turn: str | list[Call], number: int) -> dict[str, Any]:
    if isinstance(turn, str):
        return {"role": turn, "content": f"text {number}"}
    calls = [
        {"function": {"name": name, "arguments": json.dumps(arguments)}} for name, arguments in turn
    ]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def langchain(*turns: str | list[Call]) -> Chat:
    """Write the same chat in LangChain's form."""
    kinds = {"user": "human", "assistant": "ai", "tool": "tool"}
    return [
        {
            "type": kinds[turn],
            "content": "text",
            **({"tool_call_id": "1"} if turn == "tool" else {}),
        }
        if isinstance(turn, str)
        else {
            "type": "ai",
            "content": "let me see",
            "tool_calls": [{"id": "1", "name": n, "args": a} for n, a in turn],
        }
        for turn in turns
    ]


def weather(city: str) -> Call:
    return "get_weather", {"city": city}


def flight(**arguments: Any) -> Chat:
    return chat("user", [("get_flight_info", arguments)], "assistant")


SF, LONDON = weather("SF"), weather("London")
ONE = chat("user", [SF], "tool", "assistant")
POLICY = {
    "got": [("lookup", {"query": "upgrades", "time": {"start": "18:34", "end": "20:34"}})],
    "want": [("lookup", {"query": "foo", "time": {"start": "18:34", "end": "baz"}})],
    "no_start": [("lookup", {"time": {"end": "20:34"}})],
}

# name, outputs, reference, options, verdicts in the order of MODES
TABLE: list[tuple[str, Chat, Chat, dict[str, Any], tuple[bool, bool, bool, bool]]] = [
    (
        "arguments left out of it",
        ONE,
        chat("user", [weather("San Francisco")], "tool", "assistant"),
        {"arguments": "ignore"},
        (True, True, True, True),
    ),
    ("texts are not compared", ONE, ONE, {}, (True, True, True, True)),
    (
        "calls of one message in another order",
        chat("user", [SF, LONDON], "tool", "tool", "assistant"),
        chat("user", [LONDON, SF], "tool", "tool", "assistant"),
        {},
        (True, True, True, True),
    ),
    (
        "the same calls over more messages",
        chat("user", [SF], "tool", [LONDON], "tool", "assistant"),
        chat("user", [LONDON, SF], "tool", "tool", "assistant"),
        {},
        (False, True, True, True),
    ),
    (
        "one call of two",
        chat("user", [SF], "tool", "assistant"),
        chat("user", [LONDON, SF], "tool", "tool", "assistant"),
        {},
        (False, False, True, False),
    ),
    (
        "another tool",
        ONE,
        chat("user", [("accuweather", {"city": "SF"})], "tool", "assistant"),
        {"arguments": "ignore"},
        (False, False, False, False),
    ),
    (
        "more calls than expected",
        chat("user", [SF, LONDON], "tool", "tool", "assistant"),
        chat("user", [weather("both")], "tool", "assistant"),
        {"arguments": "ignore"},
        (False, False, False, True),
    ),
    (
        "fewer calls than expected",
        chat("user", [weather("both")], "tool", "assistant"),
        chat("user", [SF, LONDON], "tool", "tool", "assistant"),
        {"arguments": "ignore"},
        (False, False, True, False),
    ),
    ("other arguments", ONE, chat("user", [LONDON], "tool", "assistant"), {}, (False,) * 4),
    (
        "a role more",
        chat("user", "assistant"),
        chat("user", "assistant", "user"),
        {},
        (False, True, True, True),
    ),
    (
        "one argument more, exact",
        flight(cool=True, no="LX"),
        flight(no="LX"),
        {},
        (False, False, False, False),
    ),
    (
        "only some paths are compared",
        chat("user", POLICY["got"], "assistant"),
        chat("user", POLICY["want"], "assistant"),
        {"tools": {"lookup": ["time.start"]}},
        (True, True, True, True),
    ),
    (
        "another matcher for one tool",
        chat("user", [SF], "assistant"),
        chat("user", [("get_weather", {"city": "sf"})], "assistant"),
        {"tools": {"get_weather": lambda a, b: a["city"].lower() == b["city"].lower()}},
        (True, True, True, True),
    ),
]
ARGUMENT_MODES = [
    # arguments, (one more than the reference, one fewer)
    ("exact", (False, False)),
    ("ignore", (True, True)),
    ("subset", (False, True)),
    ("superset", (True, False)),
]
ROWS = [
    pytest.param(outputs, reference, options, mode, verdicts[place], id=f"{name}-{mode}")
    for name, outputs, reference, options, verdicts in TABLE
    for place, mode in enumerate(MODES)
]


def ours(outputs: Chat, reference: Chat, mode: str, **options: Any) -> bool:
    """Ask evalkit the same question: strict compares messages, the others the calls in them."""
    run = make_run(messages=outputs)
    if mode == "strict":
        score = message_match(run, {"messages": reference}, **options)
    else:
        score = trajectory_match(run, {"messages": reference}, mode=mode, **options)
    assert isinstance(score.score, bool)
    return score.score


@pytest.fixture(scope="module")
def theirs() -> Iterator[Callable[..., bool]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match = pytest.importorskip("agentevals.trajectory.match")

        def ask(outputs: Chat, reference: Chat, mode: str, **options: Any) -> bool:
            make = match.create_trajectory_match_evaluator(
                trajectory_match_mode=mode,
                tool_args_match_mode=options.get("arguments", "exact"),
                tool_args_match_overrides=options.get("tools"),
            )
            result = make(
                outputs=json.loads(json.dumps(outputs)),
                reference_outputs=json.loads(json.dumps(reference)),
            )
            return bool(result["score"])

        yield ask


@pytest.mark.parametrize(("outputs", "reference", "options", "mode", "verdict"), ROWS)
def test_the_table(
    outputs: Chat, reference: Chat, options: dict[str, Any], mode: str, verdict: bool
) -> None:
    assert ours(outputs, reference, mode, **options) is verdict


@pytest.mark.parametrize(("outputs", "reference", "options", "mode", "verdict"), ROWS)
def test_the_table_is_what_the_library_says(
    theirs: Callable[..., bool],
    outputs: Chat,
    reference: Chat,
    options: dict[str, Any],
    mode: str,
    verdict: bool,
) -> None:
    assert theirs(outputs, reference, mode, **options) is verdict


@pytest.mark.parametrize(("arguments", "verdicts"), ARGUMENT_MODES)
def test_argument_modes(
    theirs: Callable[..., bool], arguments: str, verdicts: tuple[bool, bool]
) -> None:
    more, fewer = flight(cool=True, no="LX"), flight(no="LX")
    for (got, want), verdict in zip([(more, fewer), (fewer, more)], verdicts, strict=True):
        assert ours(got, want, "strict", arguments=arguments) is verdict
        assert theirs(got, want, "strict", arguments=arguments) is verdict


def test_chats_in_other_forms(theirs: Callable[..., bool]) -> None:
    turns = ("user", [SF], "tool", "assistant")
    for mode in MODES:
        assert ours(langchain(*turns), chat(*turns), mode)
        assert ours(chat(*turns), langchain(*turns), mode)
        assert not ours(langchain("user", [LONDON], "tool", "assistant"), chat(*turns), mode)
    constructors = [
        {"lc": 1, "id": ["langchain", kind], "kwargs": {k: v for k, v in m.items() if k != "type"}}
        for m, kind in zip(
            langchain(*turns),
            ["HumanMessage", "AIMessage", "ToolMessage", "AIMessage"],
            strict=True,
        )
    ]
    assert ours(constructors, chat(*turns), "strict")


# Where evalkit differs on purpose.


def test_differs_arguments_keep_their_sides(theirs: Callable[..., bool]) -> None:
    """The library compares both ways round in `unordered` and swaps the sides in `subset`.

    So "the call may have more arguments" turns into "must have the same" there, and into the
    opposite here. evalkit always asks the matcher about (actual, expected).
    """
    got, want = flight(cool=True, no="LX"), flight(no="LX")
    for mode in ("unordered", "subset"):
        assert ours(got, want, mode, arguments="superset")
        assert not theirs(got, want, mode, arguments="superset")


def test_differs_the_best_pairing_counts(theirs: Callable[..., bool]) -> None:
    """The library pairs greedily: a loose expectation takes the call that a strict one needs."""
    got = chat("user", [("f", {"a": 1, "b": 1}), ("f", {"a": 1})], "assistant")
    want = chat("user", [("f", {"a": 1}), ("f", {"a": 1, "b": 1})], "assistant")
    assert ours(got, want, "superset", arguments="superset")
    assert not theirs(got, want, "superset", arguments="superset")


def test_differs_tool_calls_alone_do_not_know_messages() -> None:
    """`trajectory_match` asks for the same calls in the same order, however they were sent."""
    run = make_run(messages=chat("user", [SF], "tool", [LONDON], "tool", "assistant"))
    reference = {"messages": chat("user", [SF, LONDON], "tool", "assistant")}
    assert trajectory_match(run, reference).score is True
    assert message_match(run, reference).score is False


def test_a_path_that_is_compared_must_be_there() -> None:
    """As openevals' newest table has it; releases up to 0.2.2 say that absent equals absent."""
    got = chat("user", POLICY["no_start"], "assistant")
    for mode in MODES:
        assert not ours(got, got, mode, tools={"lookup": ["time.start"]})


def test_differs_no_reference_does_not_apply(theirs: Callable[..., bool]) -> None:
    """The library takes a reference that is missing for an empty one; evalkit does not judge."""
    assert message_match(make_run(messages=ONE), {}).type is None
    assert theirs(ONE, [], "superset") is True


turns = st.lists(
    st.one_of(
        st.sampled_from(["user", "assistant", "tool"]),
        st.lists(
            st.tuples(
                st.sampled_from(["f", "g"]),
                st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(got=turns, want=turns, same=st.booleans(), mode=st.sampled_from(MODES), exact=st.booleans())
def test_random_chats_get_the_same_verdict(
    theirs: Callable[..., bool], got: Any, want: Any, same: bool, mode: str, exact: bool
) -> None:
    outputs, reference = chat(*got), chat(*(got[::-1] if same else want))
    arguments = "exact" if exact else "ignore"
    expected = theirs(outputs, reference, mode, arguments=arguments)
    assert ours(outputs, reference, mode, arguments=arguments) == expected


# Graphs: the library's tables of node visits (strict is released, the other modes proposed).

GRAPHS: list[tuple[str, list[list[str]], list[list[str]], tuple[bool, bool, bool, bool]]] = [
    (
        "the same path",
        [["__start__", "agent", "tools", "__interrupt__"], ["agent"]],
        [["__start__", "agent", "tools", "__interrupt__"], ["agent"]],
        (True, True, True, True),
    ),
    (
        "another order",
        [["__start__", "tools", "agent"], ["agent"]],
        [["__start__", "agent", "tools"], ["agent"]],
        (False, True, True, True),
    ),
    (
        "a node more",
        [["__start__", "agent", "tools", "retriever"], ["agent"]],
        [["__start__", "agent", "tools"], ["agent"]],
        (False, False, False, True),
    ),
    (
        "nodes missing",
        [["__start__", "agent"]],
        [["__start__", "agent", "tools"], ["agent"]],
        (False, False, True, False),
    ),
    (
        "other nodes",
        [["__start__", "planner", "executor"]],
        [["__start__", "agent", "tools"]],
        (False, False, False, False),
    ),
    ("no nodes", [], [], (True, True, True, True)),
    (
        "nodes of a subgraph",
        [["__start__", "outer_1", "inner", "inner:inner_1"], ["outer_2"]],
        [["__start__", "outer_1", "inner", "inner:inner_1"], ["outer_2"]],
        (True, True, True, True),
    ),
    (
        "visits are counted",
        [["__start__", "agent", "tools", "agent"]],
        [["__start__", "agent", "tools", "agent", "agent"]],
        (False, False, True, False),
    ),
    (
        "an interrupt is a visit",
        [["__start__", "agent", "__interrupt__"]],
        [["__start__", "agent"]],
        (False, False, False, True),
    ),
]


def visits(turns: list[list[str]]) -> list[ToolCall]:
    names = [name for turn in turns for name in turn if name != "__start__"]
    return [ToolCall(name=name, arguments=None) for name in names]


@pytest.mark.parametrize(
    ("got", "want", "mode", "verdict"),
    [
        pytest.param(got, want, mode, verdicts[place], id=f"{name}-{mode}")
        for name, got, want, verdicts in GRAPHS
        for place, mode in enumerate(MODES)
    ],
)
def test_graphs(got: Any, want: Any, mode: str, verdict: bool) -> None:
    expected = expected_steps({"steps": want}, "nodes", Rules())
    assert expected is not None
    assert compare(visits(got), expected, mode).passed is verdict


def test_the_strict_graph_table_is_what_the_library_says() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strict = pytest.importorskip("agentevals.graph_trajectory.strict")
        for name, got, want, verdicts in GRAPHS:
            result = strict.graph_trajectory_strict_match(
                outputs={"results": [], "steps": got},
                reference_outputs={"results": [], "steps": want},
            )
            assert result["score"] is verdicts[0], name


def test_differs_turns_of_a_thread_are_one_path() -> None:
    """The library's strict match also asks where turns end. A run is one turn."""
    got, want = (
        [["__start__", "agent", "tools"], ["agent"]],
        [["__start__", "agent", "tools", "agent"]],
    )
    expected = expected_steps({"steps": want}, "nodes", Rules())
    assert expected is not None
    assert compare(visits(got), expected, "strict").passed
