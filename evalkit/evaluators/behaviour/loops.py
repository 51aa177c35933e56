"""Loops: the same calls again and again, in a row or not, and retrievals that bring nothing new."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

import orjson

from evalkit.evaluators.tokens import content_words, spaced
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall, text_of
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval, tool

TWICE = make_run(steps=[tool("search", {"q": "x"}), tool("search", {"q": "x"})])
FAILED = tool("pay", {"n": 1}, error="503")
PAID = tool("pay", {"n": 1}, "ok")


def _key(call: ToolCall) -> tuple[str, bytes]:
    try:
        arguments = orjson.dumps(call.arguments, option=orjson.OPT_SORT_KEYS, default=str)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits
        arguments = ascii(call.arguments).encode()
    return call.name, arguments


@evaluator(
    version="1",
    cases=[
        case(run=TWICE, expect=False),
        case(run=TWICE, options={"most": 2}, expect=True),
        case(run=make_run(steps=[FAILED, PAID]), expect=True),
        case(run=make_run(), expect=True),
    ],
)
def no_repeated_calls(tool_calls: list[ToolCall], *, most: int = 1, tools: str = "*") -> Score:
    """No tool is called more than `most` times with the same arguments; failed calls do not count.

    `tools` (a glob) looks at some tools only. True or False, higher is better.
    """
    counts = Counter(
        _key(call) for call in tool_calls if not call.error and fnmatchcase(call.name, tools)
    )
    worst = [(key, n) for key, n in counts.most_common(3) if n > most]
    if not worst:
        return Score(score=True)
    first = {_key(call): call for call in tool_calls}
    said = "; ".join(f"{wording(first[k].name, first[k].arguments)} {n} times" for k, n in worst)
    return Score(score=False, comment=said)


@evaluator(
    version="1",
    cases=[
        case(run=make_run(steps=[tool("a"), tool("b")] * 3), expect=False),
        case(run=make_run(steps=[tool("a"), tool("b")]), expect=True),
        case(run=make_run(steps=[tool("a")] * 2), expect=True),
        case(run=make_run(steps=[tool("a")] * 3), expect=False),
    ],
)
def no_loops(tool_calls: list[ToolCall], *, times: int = 3, longest: int = 6) -> Score:
    """No group of up to `longest` calls with the same arguments comes `times` times in a row.

    Sees agents that go round in circles (a, b, a, b, a, b). True or False, higher is better.
    """
    keys = [_key(call) for call in tool_calls]
    for size in range(1, longest + 1):
        for start in range(len(keys) - size * times + 1):
            if keys[start : start + size * times] == keys[start : start + size] * times:
                group = ", ".join(
                    wording(c.name, c.arguments) for c in tool_calls[start : start + size]
                )
                return Score(score=False, comment=f"{times} times in a row: {group}")
    return Score(score=True)


@evaluator(
    version="1",
    range=(0, 1),
    direction="lower",
    cases=[
        case(
            run=make_run(steps=[retrieval("a", query="Cats?"), retrieval("a", query="cats ?")]),
            expect=0.5,
        ),
        case(
            run=make_run(steps=[retrieval("a", query="cats"), retrieval("b", query="dogs")]),
            expect=0.0,
        ),
        case(run=make_run(), expect=None),
    ],
)
def redundant_retrievals(run: Run, *, retriever: str = "*") -> Score:
    """Share of retrievals that asked an earlier question again, or brought back nothing new.

    0 to 1, lower is better; a run without retrievals does not apply.
    """
    steps = run.find(name=retriever, kind="retriever")
    if not steps:
        return Score(comment="nothing was retrieved")
    asked: set[str] = set()
    known: set[str] = set()
    redundant = []
    for step in steps:
        question = " ".join(
            content_words(
                text_of(step.inputs if isinstance(step.inputs, str) else _values(step.inputs))
            )
        )
        brought = {d.id or spaced(d.text) for d in run.documents if d.step_id == step.step_id}
        if question in asked or (brought and brought <= known):
            redundant.append(question or step.name)
        asked.add(question)
        known |= brought
    said = f"again: {', '.join(ascii(q[:60]) for q in redundant[:3])}" if redundant else None
    return Score(score=len(redundant) / len(steps), comment=said)


def _values(inputs: Any) -> str:
    values = inputs.values() if isinstance(inputs, dict) else [inputs]
    return " ".join(str(value) for value in values if isinstance(value, str | int | float))
