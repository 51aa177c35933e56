"""Trajectory scores: the run's tool calls, messages or nodes against the expected ones.

The expected steps are the example's (`trajectory`, `tool_calls`, `actions`, `messages`; or at
`reference_at`), or `expected` in the config for all examples. How they are written: see
`evalkit.evaluators.trajectory.expected`. How arguments compare: `evalkit.evaluators.matching`.
An example without expected steps does not apply, nor does a run whose source recorded no steps and
no messages. A failed run is judged by what it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from evalkit.evaluators.answers import at, no_reference, not_read
from evalkit.evaluators.matching import alike
from evalkit.evaluators.trajectory.align import Alignment, align
from evalkit.evaluators.trajectory.compare import compare, explain
from evalkit.evaluators.trajectory.expected import Expected, Rules
from evalkit.evaluators.trajectory.source import actual_steps, expected_steps
from evalkit.model.messages.message import ToolCall
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, node, tool

FOUND = make_run(steps=[tool("search", {"q": "x"}), tool("search", {"q": "y"}), tool("book")])
PATH = make_run(steps=[node("agent"), node("tools"), node("agent")])
CHAT = make_run(messages=[{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}])
RETRIED = make_run(steps=[tool("pay", {"n": 1}, error="503"), tool("pay", {"n": 1})])


def _wanted(
    reference: Any, reference_at: str, expected: Any, of: str, rules: Rules
) -> list[Expected] | None:
    if expected is not None:
        return expected_steps(expected, of, rules)
    return expected_steps(at(reference, reference_at), of, rules)


def _unseen(run: Run, of: str, actual: Sequence[ToolCall]) -> Score | None:
    """Say that the source kept no steps, or keeps them in messages that are not read."""
    if of != "nodes" and (unknown := not_read(run.tool_calls)):
        return unknown
    if actual or run.steps_recorded or run.messages:
        return None
    return Score(comment="the source recorded no steps")


def _matched(
    run: Run, of: str, within: str | None, wanted: list[Expected] | None, mode: str, retries: int
) -> Score:
    if wanted is None:
        return no_reference()
    actual = actual_steps(run, of, within)
    verdict = compare(actual, wanted, mode, retries=retries)
    return _unseen(run, of, actual) or Score(
        score=verdict.passed,
        comment=verdict.reason,
        metadata={"alignment": verdict.alignment.to_list()},
    )


def equal_at_sight(calls: Sequence[ToolCall], reference: Any) -> bool:
    """Say whether the calls are the reference, written in the plainest form, to the letter.

    The common case of a strict match, decided without reading the reference into patterns. False
    means only that a closer look is needed.
    """
    if not isinstance(reference, Mapping):
        return False
    items = reference.get("trajectory") or reference.get("tool_calls")
    if not isinstance(items, list) or len(items) != len(calls):
        return False
    try:
        told = orjson.dumps([{"name": call.name, "args": call.arguments} for call in calls])
        if told == orjson.dumps(items):  # the quickest way to see every value and its type
            return bool(items)
    except TypeError:
        pass
    for call, want in zip(calls, items, strict=True):
        if type(want) is not dict or len(want) != 2 or want.get("name") != call.name:
            return False
        wanted = want.get("args")
        if wanted != call.arguments or not alike(call.arguments, wanted):
            return False
    return bool(items)


@evaluator(
    version="1",
    cases=[
        case(
            run=FOUND, reference_outputs={"trajectory": ["search", "search", "book"]}, expect=True
        ),
        case(run=FOUND, reference_outputs={"trajectory": ["search", "book"]}, expect=False),
        case(
            run=FOUND,
            reference_outputs={"trajectory": ["search", "book"]},
            options={"mode": "in_order"},
            expect=True,
        ),
        case(
            run=FOUND,
            reference_outputs={
                "tool_calls": [{"name": "search", "args": {"q": "z"}}, "...", "book"]
            },
            expect=False,
        ),
        case(
            run=FOUND,
            options={"expected": [{"name": "search", "repeat": "+"}, "book"]},
            expect=True,
        ),
        case(run=RETRIED, options={"expected": ["pay"], "retries": 1}, expect=True),
        case(run=FOUND, expect=None),
    ],
)
def trajectory_match(
    run: Run,
    reference_outputs: Any,
    *,
    mode: str = "strict",
    arguments: Any = "exact",
    tools: dict[str, Any] | None = None,
    retries: int = 0,
    within: str | None = None,
    expected: list[Any] | None = None,
    reference_at: str = "",
) -> Score:
    """The tool calls are the expected ones: `mode` strict, in_order, unordered, subset or superset.

    `arguments` says how arguments compare, `tools` says so for single tools, `retries` forgives
    failed attempts that were tried again, `within` looks inside one sub-agent. True or False,
    higher is better; the comment names the first differences and the alignment is kept.
    """
    plain = mode == "strict" and arguments == "exact" and not tools and within is None
    own = expected is None and not reference_at
    calls = run.tool_calls
    if plain and own and equal_at_sight(calls, reference_outputs):
        return (getattr(calls, "unread", ()) and not_read(calls)) or PASSED
    rules = EXACT if plain else Rules(arguments, tools)
    wanted = _wanted(reference_outputs, reference_at, expected, "tools", rules)
    return _matched(run, "tools", within, wanted, mode, retries)


PASSED = Score(score=True)
EXACT = Rules()


@evaluator(
    version="1",
    cases=[
        case(
            run=CHAT,
            reference_outputs={
                "messages": [{"role": "user", "content": "a"}, {"role": "ai", "content": "b"}]
            },
            expect=True,
        ),
        case(
            run=CHAT,
            reference_outputs={"messages": [{"role": "user", "content": "a"}]},
            expect=False,
        ),
        case(run=CHAT, expect=None),
    ],
)
def message_match(
    run: Run,
    reference_outputs: Any,
    *,
    mode: str = "strict",
    arguments: Any = "exact",
    tools: dict[str, Any] | None = None,
    reference_at: str = "",
) -> Score:
    """The messages have the expected roles and ask for the expected tool calls; texts are not read.

    Calls of one message may stand in any order. True or False, higher is better. The same question
    as the strict match of langchain-ai/agentevals.
    """
    rules = Rules(arguments, tools)
    wanted = _wanted(reference_outputs, reference_at, None, "messages", rules)
    return _matched(run, "messages", None, wanted, mode, 0)


@evaluator(
    version="1",
    cases=[
        case(run=PATH, reference_outputs={"nodes": ["agent", "tools", "agent"]}, expect=True),
        case(run=PATH, reference_outputs={"nodes": ["agent", "agent"]}, expect=False),
        case(
            run=PATH,
            options={"expected": ["agent", {"name": "tools", "optional": True}, "..."]},
            expect=True,
        ),
        case(run=PATH, expect=None),
    ],
)
def node_path_match(
    run: Run,
    reference_outputs: Any,
    *,
    mode: str = "strict",
    within: str | None = None,
    expected: list[Any] | None = None,
    reference_at: str = "",
) -> Score:
    """The graph's nodes were visited as expected: `mode` as in `trajectory_match`.

    A node of a subgraph is `outer:inner`; `__start__` and `__end__` are left out; a run that
    stopped at an interrupt ends with `__interrupt__`. True or False, higher is better.
    """
    wanted = _wanted(reference_outputs, reference_at, expected, "nodes", Rules())
    return _matched(run, "nodes", within, wanted, mode, 0)


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=FOUND, options={"expected": ["search", "search", "book"]}, expect=1.0),
        case(run=FOUND, options={"expected": ["search", "search", "pay"]}, expect=2 / 3),
        case(
            run=FOUND,
            options={"expected": ["search", {"name": "search", "args": {"q": "z"}}, "book"]},
            expect=1 - 0.5 / 3,
        ),
        case(run=FOUND, options={"expected": ["search", "book"], "figure": "recall"}, expect=1.0),
        case(run=FOUND, options={"expected": ["search", "book"], "figure": "f1"}, expect=0.8),
        case(run=PATH, options={"expected": ["agent", "x"], "of": "nodes"}, expect=1 / 3),
        case(run=FOUND, expect=None),
    ],
)
def trajectory_credit(
    run: Run,
    reference_outputs: Any,
    *,
    of: str = "tools",
    figure: str = "edit",
    arguments: Any = "exact",
    tools: dict[str, Any] | None = None,
    retries: int = 0,
    within: str | None = None,
    expected: list[Any] | None = None,
    reference_at: str = "",
) -> Score:
    """How much of the expected trajectory was kept, 0 to 1, with the first differences as comment.

    `edit`: 1 minus the edit distance over the longer side; the right tool with wrong arguments
    costs at most half. `recall`: share of the expected steps that happened, in order. `precision`:
    share of what happened that was expected. `f1`: of these two. `of` is tools, nodes or messages.
    Higher is better.
    Sources: Wagner and Fischer (1974); F1 of the longest common subsequence as in pydantic-evals.
    """
    rules = Rules(arguments, tools)
    wanted = _wanted(reference_outputs, reference_at, expected, of, rules)
    if wanted is None:
        return no_reference()
    actual = actual_steps(run, of, within)
    alignment = align(actual, wanted, retries=retries, swaps=figure == "edit")
    return _unseen(run, of, actual) or Score(
        score=credit(alignment, figure),
        comment=explain(alignment.rows),
        metadata={"alignment": alignment.to_list()},
    )


def credit(alignment: Alignment, figure: str) -> float:
    """Return one of `edit`, `recall`, `precision`, `f1`; two empty sides give 1.

    The last three are those of the longest common subsequence when the alignment has no swaps.
    """
    if figure == "edit":
        return alignment.similarity
    costly = [row for row in alignment.rows if row.op == "match" or row.cost]
    wanted = sum(row.expected is not None for row in costly)
    happened = sum(row.actual is not None for row in costly)
    shares = {
        "recall": (alignment.matched, wanted),
        "precision": (alignment.matched, happened),
        "f1": (2 * alignment.matched, wanted + happened),
    }
    if figure not in shares:
        raise ValueError(f"unknown figure {figure!r}. Known: edit, {', '.join(shares)}")
    part, whole = shares[figure]
    return part / whole if whole else 1.0
