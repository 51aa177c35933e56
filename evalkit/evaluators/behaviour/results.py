"""Results: were tool results used, tool errors recovered from, and was there an answer after?"""

from __future__ import annotations

from typing import Any

from evalkit.evaluators.answers import not_read
from evalkit.evaluators.tokens import content_words
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, make_step, tool

FAILED = tool("pay", {"n": 1}, error="503")
PAID = tool("pay", {"n": 1}, "ok")


@evaluator(
    version="1",
    range=(0, 1),
    direction="lower",
    cases=[
        case(
            run=make_run(outputs="It costs 42 euro", steps=[tool("price", {}, "42 euro")]),
            expect=0.0,
        ),
        case(run=make_run(outputs="No idea", steps=[tool("price", {}, "42 euro")]), expect=1.0),
        case(
            run=make_run(
                outputs="ok", steps=[tool("find", {}, "id 77aa"), tool("get", {"id": "77aa"}, "")]
            ),
            expect=0.0,
        ),
        case(run=make_run(outputs="x"), expect=None),
    ],
)
def unused_tool_results(run: Run, *, least: int = 1) -> Score:
    """Share of tool results of which nothing comes back: not in later calls, not in the answer.

    A result is used when at least `least` of its content words (the question's own left out) appear
    later. Words only, so a paraphrase counts as unused. 0 to 1, lower is better; a run without tool
    results does not apply.
    """
    calls = run.tool_calls
    if unknown := not_read(calls):
        return unknown
    asked = set(content_words(_flat(run.inputs)))
    later = set(content_words(_flat(run.outputs))) - asked
    if isinstance(run.outputs, dict) and "messages" in run.outputs:
        later = set(content_words(run.messages[-1].text if run.messages else "")) - asked
    judged, unused = 0, []
    for call in reversed(calls):
        said = set(content_words(_flat(call.result))) - asked
        if said:
            judged += 1
            if len(said & later) < min(least, len(said)):
                unused.append(wording(call.name, call.arguments))
        later |= set(content_words(_flat(call.arguments))) - asked
    if not judged:
        return Score(comment="no tool gave a result")
    comment = f"unused: {', '.join(reversed(unused))}" if unused else None
    return Score(score=len(unused) / judged, comment=comment)


def _flat(value: Any) -> str:
    """Return every text and number inside a value, without the names of fields."""
    if isinstance(value, dict):
        return " ".join(_flat(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return " ".join(_flat(inner) for inner in value)
    return "" if value is None else str(value)


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=make_run(steps=[FAILED, PAID]), expect=1.0),
        case(run=make_run(steps=[FAILED]), expect=0.0),
        case(run=make_run(steps=[PAID]), expect=None),
    ],
)
def tool_errors_recovered(tool_calls: list[ToolCall]) -> Score:
    """Share of failed tool calls after which the same tool was called again and worked.

    0 to 1, higher is better; a run without tool errors does not apply.
    """
    failed = [i for i, call in enumerate(tool_calls) if call.error]
    if unknown := not_read(tool_calls):
        return unknown
    if not failed:
        return Score(comment="no tool failed")
    lost = [
        tool_calls[i]
        for i in failed
        if not any(c.name == tool_calls[i].name and not c.error for c in tool_calls[i + 1 :])
    ]
    said = ", ".join(wording(call.name, call.arguments) for call in lost[:3])
    return Score(
        score=1 - len(lost) / len(failed), comment=f"never worked: {said}" if lost else None
    )


@evaluator(
    version="1",
    cases=[
        case(run=make_run(outputs="x", steps=[tool("a"), make_step("model", "llm")]), expect=True),
        case(run=make_run(outputs="x", steps=[make_step("model", "llm"), tool("a")]), expect=False),
        case(run=make_run(messages=[{"role": "tool", "content": "x"}]), expect=False),
        case(run=make_run(error="x", steps=[tool("a")]), expect=False),
        case(run=make_run(outputs="x"), expect=None),
    ],
)
def answers_after_tools(run: Run) -> Score:
    """The run goes on to answer after its last tool call, instead of stopping on a tool's result.

    Judged by the steps (a model call after the last tool), else by the messages (the last one is
    the assistant's and asks for no tool). True or False, higher is better; a run without either, or
    whose model calls were not recorded, does not apply.
    """
    kinds = [step.kind for step in run.steps if step.kind in ("llm", "tool")]
    if "tool" in kinds and ("llm" in kinds or run.error):
        done = kinds[-1] == "llm"
        return Score(score=done, comment=None if done else "the last thing it did was a tool call")
    messages = run.messages
    if not messages:
        return Score(comment="neither model calls nor messages were recorded")
    last = messages[-1]
    done = last.role == "assistant" and not last.tool_calls
    return Score(score=done, comment=None if done else f"the last message is of {last.role!a}")
