"""Tokens and money: what odd objects say, and how a tree adds up."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.model.accounting.reader import SHORT_TOTAL, UNKNOWN, read_usage, usage_or_note
from evalkit.model.accounting.rollup import DISAGREE, roll_up
from evalkit.model.accounting.usual import usual
from evalkit.model.usage import Usage, total_usage


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"tok_in": 3, "tok_out": 5}, "tok_in, tok_out"),
        ({"prompt_tokens": 3, "completion_tokens": 1, "draft_tokens": 9}, "draft_tokens"),
        ({"prompt_tokens": 3, "cost_of_tools": 0.5}, "cost_of_tools"),
        ({"audio": 2}, "audio"),
    ],
)
def test_usage_under_unknown_names_is_noted_with_the_names(raw: dict[str, Any], names: str) -> None:
    usage = read_usage(raw)
    assert usage is not None
    assert usage.notes == (f"{UNKNOWN} ({names})",)
    assert usage.total_tokens is None or "prompt_tokens" in raw


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt_tokens": 3, "audio_tokens": 2, "num_requests": 4, "total_time": 0.5},
        {"prompt_tokens": 3, "service_tier": "standard", "server_tool_use": {"web_search": 0}},
    ],
)
def test_what_is_no_count_is_kept_and_not_noted(raw: dict[str, Any]) -> None:
    usage = read_usage(raw)
    assert usage is not None
    assert usage.notes == ()
    assert usage.details == {k: v for k, v in raw.items() if k != "prompt_tokens"}


@pytest.mark.parametrize(
    ("raw", "currency", "cost"),
    [
        ({"cost_usd": 0.5}, "USD", 0.5),
        ({"totalCostEur": 0.5}, "EUR", 0.5),
        ({"cost": "$0.50"}, "USD", 0.5),
        ({"cost": 0.5}, None, 0.5),
        ({"cost": {"input": 0.25, "output": 0.25, "currency": "gbp"}}, "GBP", 0.5),
        ({"total_cost": 0.5, "currency": "CHF"}, "CHF", 0.5),
        ({"prompt_tokens": 3, "currency": "CHF"}, None, None),
    ],
)
def test_a_cost_has_a_currency_where_the_source_says_one(
    raw: dict[str, Any], currency: str | None, cost: float | None
) -> None:
    usage = read_usage(raw)
    assert usage is not None
    assert (usage.currency, usage.total_cost) == (currency, cost)


@pytest.mark.parametrize("value", ["many", True, 1.5, float("nan"), float("inf"), [3]])
def test_a_count_that_is_no_number_names_its_key(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^prompt_tokens: .* is (no|not) "):
        read_usage({"prompt_tokens": value})
    noted = usage_or_note({"prompt_tokens": value})
    assert noted is not None
    assert noted.input_tokens is None
    assert noted.notes[0].startswith("usage that cannot be read (prompt_tokens")


def test_minus_one_stands_for_not_counted() -> None:
    usage = read_usage({"prompt_tokens": -1, "completion_tokens": 5})
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (None, 5, None)


def test_a_total_below_its_parts_is_noted() -> None:
    usage = read_usage({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 12})
    assert usage is not None
    assert (usage.total_tokens, usage.notes) == (15, (SHORT_TOTAL,))


counts = st.integers(0, 10_000)


@given(read=counts, written=counts, fresh=counts, said=counts, thought=counts, total=st.booleans())
def test_a_split_and_a_whole_count_of_one_call_agree(
    read: int, written: int, fresh: int, said: int, thought: int, total: bool
) -> None:
    whole, out = fresh + read + written, said + thought
    stated = {"total": whole + out} if total else {}
    split = {"input": fresh, "output": said, "reasoning": thought,
             "cache": {"read": read, "write": written}, **stated}  # fmt: skip
    openai = {"prompt_tokens": whole, "completion_tokens": out,
              "prompt_tokens_details": {"cached_tokens": read, "cache_creation": written},
              "completion_tokens_details": {"reasoning_tokens": thought}}  # fmt: skip
    anthropic = {"input_tokens": fresh, "output_tokens": out, "cache_read_input_tokens": read,
                 "cache_creation_input_tokens": written}  # fmt: skip
    for raw in (split, openai, anthropic):
        usage = read_usage(raw)
        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (
            whole, out, whole + out,
        )  # fmt: skip


def tokens(given: int | None, taken: int | None, **more: Any) -> Usage:
    return Usage(input_tokens=given, output_tokens=taken, **more)


CALLS = [("chat", "agent", tokens(200, 40)), ("chat 2", "agent", None)]


@pytest.mark.parametrize(
    ("tree", "total", "notes"),
    [
        # one of two calls was streamed without counts
        ([("agent", None, tokens(500, 100)), *CALLS], (500, 100, 600), (DISAGREE,)),
        # only an embedding below it was counted
        ([("agent", None, tokens(500, 100)), ("e", "agent", Usage(input_tokens=8))],
         (500, 100, 600), (DISAGREE,)),
        # it leaves out what a call below it states
        ([("agent", None, tokens(100, 40)), *CALLS], (200, 40, 240), (DISAGREE,)),
        # both say the same
        ([("agent", None, tokens(200, 40)), *CALLS], (200, 40, 240), ()),
        # fields of different steps
        ([("agent", None, Usage(output_tokens=40)), ("c", "agent", Usage(input_tokens=200))],
         (200, 40, 240), ()),
        ([("a", None, tokens(1, 1)), ("b", None, tokens(2, 2))], (3, 3, 6), ()),
        ([("a", "gone", tokens(1, 1))], (1, 1, 2), ()),
    ],
)  # fmt: skip
def test_a_tree_adds_up_field_by_field(tree: Any, total: Any, notes: Any) -> None:
    rolled = roll_up(tree)
    assert rolled.total is not None
    assert (rolled.total.input_tokens, rolled.total.output_tokens, rolled.total.total_tokens) == (
        total
    )
    assert rolled.total.notes == notes
    again = total_usage(rolled.own)
    assert again is not None
    assert (again.input_tokens, again.output_tokens) == total[:2]


@given(st.data())
def test_no_tree_counts_less_than_it_states_nor_more_than_all_of_it(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 8))
    parents = [None] + [
        data.draw(st.none() | st.sampled_from([str(n) for n in range(i)])) for i in range(1, size)
    ]
    stated = data.draw(st.lists(st.none() | counts, min_size=size, max_size=size))
    run = data.draw(st.none() | counts)
    tree = [
        (str(place), parent, None if value is None else Usage(output_tokens=value))
        for place, (parent, value) in enumerate(zip(parents, stated, strict=True))
    ]
    rolled = roll_up(tree, None if run is None else Usage(output_tokens=run))
    known = [value for value in (*stated, run) if value is not None]
    if not known:
        assert rolled.total is None
        return
    assert rolled.total is not None
    assert max(known) <= (rolled.total.output_tokens or 0) <= sum(known)
    own = sum(usage.output_tokens or 0 for usage in rolled.own if usage)
    assert own <= (rolled.total.output_tokens or 0)
    if run is None:
        assert own == rolled.total.output_tokens


def test_costs_in_two_currencies_are_not_added_up() -> None:
    usages = [Usage(total_cost=1.0, currency=currency) for currency in ("USD", "EUR")]
    for order in permutations(usages):
        total = total_usage(order)
        assert total is not None
        assert (total.total_cost, total.currency) == (None, None)
        assert "EUR, USD" in total.notes[0]
    same = total_usage([usages[0], usages[0]])
    assert same is not None
    assert (same.total_cost, same.currency) == (2.0, "USD")


WORDS = st.sampled_from(["USD", " eur", "", " ", "prices 2026", None, 3])


@given(
    st.fixed_dictionaries(
        {"prompt_tokens": counts, "completion_tokens": counts},
        optional={"total_tokens": counts, "cached_tokens": counts, "reasoning_tokens": counts,
                  "cost_usd": st.floats(0, 1e6), "currency": WORDS, "cost_source": WORDS},
    )
)  # fmt: skip
def test_the_quick_way_says_what_the_long_one_says(raw: dict[str, Any]) -> None:
    quick = usual(raw)
    long = read_usage({**raw, "requests": 1})  # one more key takes the long way
    if quick is not None:
        assert long is not None
        assert replace(quick, details=long.details) == long
