"""Loops: the same calls again and again, in a row or not, and retrievals that bring nothing new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import orjson

from evalkit.evaluators.answers import not_read
from evalkit.evaluators.tokens import content_words, spaced
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall, text_of
from evalkit.model.messages.read import read_message
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, retrieval, tool

TWICE = make_run(steps=[tool("search", {"q": "x"}), tool("search", {"q": "x"})])
FAILED = tool("pay", {"n": 1}, error="503")
PAID = tool("pay", {"n": 1}, "ok")
POLLED = [tool("status", {"id": 1}, word) for word in ("waits", "waits", "waits", "done")]


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits
        return ascii(value).encode()


def _key(call: ToolCall) -> tuple[str, bytes]:
    return call.name, _written(call.arguments)


def _result(call: ToolCall) -> bytes:
    """Return what came back, without the ids that make every message another one."""
    result = call.result
    if isinstance(result, Mapping) and set(result) == {"output"}:
        result = result["output"]
    if isinstance(result, Mapping) and ("tool_call_id" in result or "lc" in result):
        message = read_message(result)
        result = result if message is None else message.content
    return _written(result)


def _unknown(tool_calls: Sequence[ToolCall], least: int) -> Score | None:
    """Say that too little is known of the calls to tell whether any came again."""
    blind = [call.name for call in tool_calls if not call.arguments_recorded]
    names = [name for name, n in Counter(blind).items() if n >= least] if blind else []
    if not names:
        return None
    return Score(comment=f"the arguments of {', '.join(names[:3])} were not recorded")


@evaluator(
    version="2",
    cases=[
        case(run=TWICE, expect=False),
        case(run=TWICE, options={"most": 2}, expect=True),
        case(run=make_run(steps=[FAILED, PAID]), expect=True),
        case(run=make_run(steps=POLLED), expect=True),
        case(run=make_run(), expect=True),
    ],
)
def no_repeated_calls(tool_calls: list[ToolCall], *, most: int = 1, tools: str = "*") -> Score:
    """No tool gives the same result to the same arguments more than `most` times.

    Failed calls do not count, nor does polling: a result that came again until it changed. `tools`
    (a glob) looks at some tools only. Calls whose arguments were not recorded are not taken for
    the same: it does not apply. True or False, higher is better.
    """
    looked = [call for call in tool_calls if not call.error and fnmatchcase(call.name, tools)]
    same: dict[tuple[str, bytes], list[ToolCall]] = {}
    for call in looked:
        if call.arguments_recorded:
            same.setdefault(_key(call), []).append(call)
    worst = [(calls[0], n) for calls in same.values() if (n := _again(calls)) > most]
    if not worst:
        return _unknown(looked, most + 1) or not_read(tool_calls) or Score(score=True)
    worst.sort(key=lambda pair: -pair[1])
    said = "; ".join(f"{wording(c.name, c.arguments)} {n} times" for c, n in worst[:3])
    return Score(score=False, comment=said)


def _again(calls: list[ToolCall]) -> int:
    """Return how often one result came of the same call, unless it changed in the end."""
    if len(calls) == 1:
        return 1
    results = [_result(call) for call in calls]
    return max(n if result == results[-1] else 1 for result, n in Counter(results).most_common())


@evaluator(
    version="2",
    cases=[
        case(run=make_run(steps=[tool("a"), tool("b")] * 3), expect=False),
        case(run=make_run(steps=[tool("a"), tool("b")]), expect=True),
        case(run=make_run(steps=[tool("a")] * 2), expect=True),
        case(run=make_run(steps=[tool("a")] * 3), expect=False),
        case(run=make_run(steps=POLLED), expect=True),
        case(run=make_run(steps=[FAILED] * 4), expect=True),
    ],
)
def no_loops(tool_calls: list[ToolCall], *, times: int = 3, longest: int = 6) -> Score:
    """No group of up to `longest` calls comes `times` times in a row with nothing new to show.

    Sees agents that go round in circles (a, b, a, b, a, b): the same arguments, and each time the
    same results. Polling until something changes, paging and retries after an error are no loops.
    Calls whose arguments were not recorded are not taken for the same: it does not apply. True or
    False, higher is better.
    """
    calls = [call for call in tool_calls if not call.error]
    if len(calls) < times:
        return not_read(tool_calls) or Score(score=True)
    keys = [_key(call) if call.arguments_recorded else n for n, call in enumerate(calls)]
    again = len(set(keys)) < len(keys)
    for size in range(1, longest + 1 if again else 1):
        for start in range(len(keys) - size * times + 1):
            group = keys[start : start + size]
            if keys[start : start + size * times] == group * times:
                if _progress(calls, keys, start, size):
                    continue
                said = ", ".join(wording(c.name, c.arguments) for c in calls[start : start + size])
                return Score(score=False, comment=f"{times} times in a row: {said}")
    return _unknown(calls, times) or not_read(tool_calls) or Score(score=True)


def _progress(calls: list[ToolCall], keys: Sequence[Any], start: int, size: int) -> bool:
    """Say whether the calls that come again brought anything new before they ended."""
    end = start + size
    while end < len(keys) and keys[end] == keys[end - size]:
        end += 1
    seen = [_result(call) for call in calls[start:end]]
    return any(seen[at] != seen[at - size] for at in range(size, len(seen)))


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
