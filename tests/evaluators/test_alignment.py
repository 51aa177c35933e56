"""Alignment: held against regular expressions, edit distance and brute force; reasons in words."""

import re
from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq, Levenshtein

from evalkit.evaluators.trajectory.align import align
from evalkit.evaluators.trajectory.compare import compare
from evalkit.evaluators.trajectory.expected import Rules, read_expected
from evalkit.evaluators.trajectory.score import (
    credit,
    node_path_match,
    trajectory_credit,
    trajectory_match,
)
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall
from evalkit.testing import make_run, make_step, node, tool

names = st.text(alphabet="abc", max_size=6)
item = st.one_of(
    st.sampled_from("abc"),
    st.just("..."),
    st.just({"name": "*"}),
    st.builds(lambda n: {"name": n, "optional": True}, st.sampled_from("abc")),
    st.builds(
        lambda n, r: {"name": n, "repeat": r},
        st.sampled_from("abc"),
        st.sampled_from(["+", "*", 2, [0, 2], [1, 3]]),
    ),
)
patterns = st.lists(item, max_size=4)


def calls(text: str) -> list[ToolCall]:
    return [ToolCall(name=each, arguments={}) for each in text]


def expected(items: Any) -> Any:
    return read_expected(items, Rules())


def as_regex(each: Any) -> str:
    if each == "...":
        return ".*"
    if isinstance(each, str):
        return each
    name = "." if each["name"] == "*" else each["name"]
    repeat = each.get("repeat", 1)
    times = f"{{{repeat[0]},{repeat[1]}}}" if isinstance(repeat, list) else repeat
    times = f"{{{times}}}" if isinstance(times, int) else times
    part = f"{name}{times}" if times != "{1}" else name
    return f"{part}?" if each.get("optional") else part


@settings(max_examples=500, deadline=None)
@given(text=names, items=patterns)
def test_strict_is_what_a_regular_expression_says(text: str, items: list[Any]) -> None:
    pattern = "".join(map(as_regex, items))
    passed = compare(calls(text), expected(items), "strict").passed
    assert passed == (re.fullmatch(pattern, text) is not None), pattern


@settings(max_examples=300, deadline=None)
@given(text=names, items=patterns)
def test_in_order_lets_others_stand_between(text: str, items: list[Any]) -> None:
    parts = [as_regex(each) for each in items if as_regex(each) != ".*"]
    # a repetition is not one piece here: others may stand between its steps too
    single = [part for part in parts if "{" not in part and "+" not in part]
    if single != parts:
        return
    pattern = ".*" + "".join(f"(?:{part})?.*" if "*" in part else f"{part}.*" for part in parts)
    passed = compare(calls(text), expected(items), "in_order").passed
    assert passed == (re.fullmatch(pattern, text) is not None), pattern


@settings(max_examples=300, deadline=None)
@given(text=names, want=names)
def test_names_alone_are_edit_distance_and_common_subsequence(text: str, want: str) -> None:
    alignment = align(calls(text), expected(list(want)))
    longer = max(len(text), len(want))
    assert alignment.cost == Levenshtein.distance(text, want)
    assert credit(alignment, "edit") == pytest.approx(1 - alignment.cost / longer if longer else 1)
    assert alignment.matched <= LCSseq.similarity(text, want)
    kept = [row.actual.name for row in alignment.rows if row.actual]
    assert "".join(kept) == text
    assert "".join(row.expected.name for row in alignment.rows if row.expected) == want


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="ab", max_size=4), items=st.lists(item, max_size=3))
@example(text="aab", items=[{"name": "*"}, {"name": "a", "repeat": "*"}])
def test_unordered_is_strict_in_some_order(text: str, items: list[Any]) -> None:
    orders = {"".join(order) for order in permutations(text)}
    some = any(compare(calls(each), expected(items), "strict").passed for each in orders)
    assert compare(calls(text), expected(items), "unordered").passed == some


@settings(max_examples=200, deadline=None)
@given(text=names, want=names)
def test_subset_and_superset_make_unordered(text: str, want: str) -> None:
    got, items = calls(text), expected(list(want))
    subset = compare(got, items, "subset").passed
    superset = compare(got, items, "superset").passed
    assert compare(got, items, "unordered").passed == (subset and superset)
    assert subset == all(text.count(each) <= want.count(each) for each in text)


@settings(max_examples=200, deadline=None)
@given(text=names, items=patterns, retries=st.integers(0, 2))
def test_credit_is_full_exactly_when_strict_passes(
    text: str, items: list[Any], retries: int
) -> None:
    verdict = compare(calls(text), expected(items), "strict", retries=retries)
    for figure in ("edit", "recall", "precision", "f1"):
        value = credit(verdict.alignment, figure)
        assert 0 <= value <= 1
        if verdict.passed:
            assert value == 1
    assert (credit(verdict.alignment, "edit") == 1) == verdict.passed
    assert (verdict.reason is None) == verdict.passed


SEARCH = {"name": "search", "args": {"q": "x", "k": 3}}


@pytest.mark.parametrize(
    ("steps", "items", "reason", "credit"),
    [
        (
            [tool("search", {"q": "y", "k": 3})],
            [SEARCH],
            "step 1: expected search(q='x', k=3), got search(q='y', k=3)",
            0.75,
        ),
        (
            [tool("find", {"q": "x", "k": 3})],
            [SEARCH],
            "step 1: expected search(q='x', k=3), got find(q='x', k=3)",
            0.0,
        ),
        ([], [SEARCH], "step 1: expected search(q='x', k=3), which is missing", 0.0),
        ([tool("a"), tool("b")], ["a"], "after step 1: b() was not expected", 0.5),
        ([tool("b"), tool("a")], ["a"], "at the start: b() was not expected", 0.5),
        (
            [tool(each) for each in "vwxyz"],
            list("abcde"),
            "step 1: expected a, got v(); step 2: expected b, got w(); "
            "step 3: expected c, got x(); and 2 more differences",
            0.0,
        ),
        ([tool("a")], ["a", {"name": "b", "optional": True}], None, 1.0),
    ],
)
def test_reasons(steps: Any, items: Any, reason: str | None, credit: float) -> None:
    score = trajectory_credit(make_run(steps=steps), {}, expected=items)
    assert (score.comment, score.score) == (reason, pytest.approx(credit))


def test_the_alignment_is_data_that_a_report_can_draw() -> None:
    run = make_run(steps=[tool("a"), tool("search", {"q": "y"}), tool("z")])
    score = trajectory_match(run, {}, expected=["a", {"name": "search", "args": {"q": "x"}}])
    assert score.metadata["alignment"] == [
        {"op": "match", "expected": "a", "actual": "a()", "step_id": "step-1", "cost": 0.0},
        {
            "op": "replace",
            "expected": "search(q='x')",
            "actual": "search(q='y')",
            "step_id": "step-2",
            "cost": 0.5,
        },
        {"op": "insert", "expected": None, "actual": "z()", "step_id": "step-3", "cost": 1.0},
    ]


@pytest.mark.parametrize(
    ("retries", "failures", "passed"), [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True)]
)
def test_retries(retries: int, failures: int, passed: bool) -> None:
    steps = [tool("pay", error="503")] * failures + [tool("pay"), tool("mail")]
    score = trajectory_match(make_run(steps=steps), {}, expected=["pay", "mail"], retries=retries)
    assert score.score is passed


def test_a_failed_call_that_nobody_tried_again_counts() -> None:
    run = make_run(steps=[tool("pay", error="503"), tool("mail")])
    assert trajectory_match(run, {}, expected=["mail"], retries=3).score is False


@pytest.mark.parametrize(
    ("match", "got", "passed"),
    [
        ("exact", {"q": "x", "n": 1.0}, True),
        ("exact", {"q": "X", "n": 1}, False),
        ({"q": "casefold"}, {"q": " X", "n": 1}, True),
        ({"q": "ignore"}, {"q": "anything", "n": 1}, True),
        ({"q": "ignore"}, {"n": 1}, True),
        ({"n": {"approx": 0.1}}, {"q": "x", "n": 1.05}, True),
        ({"n": {"approx": 0.1}}, {"q": "x", "n": 1.2}, False),
        ({"n": {"relative": 0.25}}, {"q": "x", "n": 1.2}, True),
        ({"n": {"approx": 0.1}}, {"q": "x", "n": "many"}, False),
        ({"q": {"regex": "x|y"}}, {"q": "y", "n": 1}, True),
        ({"*": "ignore", "q": "exact"}, {"q": "x", "other": 2}, True),
        (["q"], {"q": "x"}, True),
        ({"q": {"jmespath": "length(@)"}}, {"q": "y", "n": 1}, True),
        (lambda actual, expected: actual["n"] > 0, {"n": 5}, True),
    ],
)
def test_argument_rules(match: Any, got: dict[str, Any], passed: bool) -> None:
    run = make_run(steps=[tool("f", got)])
    wanted = [{"name": "f", "args": {"q": "x", "n": 1}, "match": match}]
    assert trajectory_match(run, {}, expected=wanted).score is passed


@pytest.mark.parametrize(
    ("want", "got", "passed"),
    [
        ({"$any": True}, 5, True),
        ({"$regex": "FO-\\d+"}, "FO-12", True),
        ({"$regex": "FO-\\d+"}, "xFO-12", False),
        ({"$regex": "5"}, 5, False),
        ({"$approx": 3, "within": 0.2}, 3.1, True),
        ({"$one_of": ["a", {"b": {"$any": True}}]}, {"b": 1}, True),
        ([1, {"$any": True}], [1, 2], True),
        ([1, {"$any": True}], [1], False),
    ],
)
def test_markers_in_expected_values(want: Any, got: Any, passed: bool) -> None:
    run = make_run(steps=[tool("f", {"v": got})])
    assert trajectory_match(run, {}, expected=[{"name": "f", "args": {"v": want}}]).score is passed


def test_a_marker_wants_something_there() -> None:
    run = make_run(steps=[tool("f", {})])
    wanted = [{"name": "f", "args": {"v": {"$any": True}}}]
    assert trajectory_match(run, {}, expected=wanted).score is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "loose", "expected": ["a"]}, "strict, in_order"),
        ({"arguments": "fuzzy", "expected": ["a"]}, "exact, ignore"),
        ({"tools": {"a": {"x": "near"}}, "expected": ["a"]}, "casefold"),
        ({"tools": {"a": {"x": {"near": 1}}}, "expected": ["a"]}, "approx"),
        ({"expected": [{"args": {}}]}, "step 1 .* has no name"),
        ({"expected": ["a", 7]}, "step 2 .* is 7"),
        ({"expected": [{"name": "a", "repeat": "many"}]}, "repeat is 'many'"),
    ],
)
def test_mistakes_in_the_reference_say_where(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trajectory_match(make_run(steps=[tool("a")]), {}, **options)


def test_where_the_expected_steps_are_found() -> None:
    run = make_run(steps=[tool("a", {"x": 1})])
    for reference in (
        {"trajectory": ["a"]},
        {"tool_calls": [{"name": "a", "args": {"x": 1}}]},
        {"actions": [{"name": "a", "kwargs": {"x": 1}}]},
        {"tool_calls": [{"function": {"name": "a", "arguments": '{"x": 1}'}}]},
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [{"name": "a", "args": {"x": 1}}],
                }
            ]
        },
        ["a"],
    ):
        assert trajectory_match(run, reference).score is True, reference
    assert (
        trajectory_match(run, {"plan": {"calls": ["a"]}}, reference_at="plan.calls").score is True
    )
    assert trajectory_match(run, {"answer": "x"}).type is None


def test_no_steps_recorded_is_not_no_steps() -> None:
    unknown = make_run(steps_recorded=False)
    assert trajectory_match(unknown, {"trajectory": ["a"]}).type is None
    assert trajectory_match(make_run(), {"trajectory": ["a"]}).score is False
    assert trajectory_match(make_run(), {"trajectory": []}).score is True


def test_a_failed_run_is_judged_by_what_it_did() -> None:
    run = make_run(error="boom", steps=[tool("a")])
    assert trajectory_match(run, {"trajectory": ["a"]}).score is True


def nested() -> Any:
    return make_run(
        steps=[
            node("plan", step_id="1"),
            make_step("researcher", "agent", step_id="2"),
            node("look", step_id="3", inside="2"),
            tool("search", {"q": "x"}, step_id="4", inside="3"),
            node("inner", step_id="5", inside="3"),
            tool("write", step_id="6"),
        ]
    )


def test_inside_one_sub_agent() -> None:
    run = nested()
    assert trajectory_match(run, {"trajectory": ["search", "write"]}).score is True
    assert trajectory_match(run, {"trajectory": ["search"]}, within="researcher").score is True
    assert node_path_match(run, {"nodes": ["plan", "look", "look:inner"]}).score is True
    assert node_path_match(run, {"nodes": ["inner"]}, within="look").score is True
    assert node_path_match(run, {"nodes": ["plan", "*"]}, mode="in_order").score is True


def test_borders_are_left_out_and_an_interrupt_is_a_visit() -> None:
    run = make_run(steps=[node("__start__"), node("agent")], interrupts=[{"value": "?"}])
    assert node_path_match(run, {"nodes": ["agent", "__interrupt__"]}).score is True
    assert node_path_match(run, {"nodes": ["__start__", "agent", "__end__"]}).score is False


def test_wording_is_short_and_safe() -> None:
    said = wording("f\x1b[31m", {"a": "x" * 1000, "b": "</script>\n\ud800", "c": [1] * 1000})
    assert len(said) < 300
    assert said.isprintable()
    assert "\x1b" not in said
    many = wording("f", {str(n): n for n in range(100)})
    assert many.endswith(", …)")
    assert len(many) < 200


def test_a_long_trajectory_is_aligned() -> None:
    run = make_run(steps=[tool("a", {"n": n}) for n in range(300)])
    wanted = [{"name": "a", "args": {"n": n}} for n in range(300) if n != 150]
    assert trajectory_match(run, {}, expected=wanted).comment == (
        "after step 150: a(n=150) was not expected"
    )
