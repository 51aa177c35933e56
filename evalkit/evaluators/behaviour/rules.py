"""Rules: tools that must not be called, and tools that must be called before others."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from evalkit.evaluators.answers import not_read
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator
from evalkit.testing import make_run, tool

TWICE = make_run(steps=[tool("search", {"q": "x"}), tool("search", {"q": "x"})])


@evaluator(
    version="1",
    cases=[
        case(run=TWICE, options={"tools": ["delete_*"]}, expect=True),
        case(run=TWICE, options={"tools": ["sea*"]}, expect=False),
        case(run=TWICE, expect=None),
    ],
)
def forbidden_tools(tool_calls: list[ToolCall], *, tools: Sequence[str] = ()) -> Score:
    """None of the forbidden `tools` (globs) was called; a call that failed was still a call.

    True or False, higher is better; without `tools` it does not apply.
    """
    if not tools:
        return Score(comment="no tools are named in the option 'tools'")
    bad = [c for c in tool_calls if any(fnmatchcase(c.name, pattern) for pattern in tools)]
    if not bad:
        return not_read(tool_calls) or Score(score=True)
    said = ", ".join(wording(call.name, call.arguments) for call in bad[:3])
    return Score(score=False, comment=f"called: {said}")


@evaluator(
    version="1",
    cases=[
        case(
            run=make_run(steps=[tool("verify"), tool("refund")]),
            options={"before": {"refund": "verify"}},
            expect=True,
        ),
        case(
            run=make_run(steps=[tool("refund"), tool("verify")]),
            options={"before": {"refund": "verify"}},
            expect=False,
        ),
        case(
            run=make_run(steps=[tool("verify", error="no"), tool("refund")]),
            options={"before": {"refund": ["verify"]}},
            expect=False,
        ),
        case(
            run=make_run(steps=[tool("verify")]),
            options={"before": {"refund": "verify"}},
            expect=True,
        ),
        case(run=TWICE, expect=None),
    ],
)
def tool_order(
    tool_calls: list[ToolCall], *, before: dict[str, str | list[str]] | None = None
) -> Score:
    """Before each call of a tool, the tools it needs have been called and have worked.

    `before = {refund = "verify_identity"}`: never a refund before the identity is verified; names
    may be globs. True or False, higher is better; without `before` it does not apply.
    """
    if not before:
        return Score(comment="no order is given in the option 'before'")
    done: list[str] = []
    for call in tool_calls:
        for pattern, needed in before.items():
            if not fnmatchcase(call.name, pattern):
                continue
            wanted = [needed] if isinstance(needed, str) else needed
            missing = [w for w in wanted if not any(fnmatchcase(name, w) for name in done)]
            if missing:
                if unknown := not_read(tool_calls):
                    return unknown
                said = f"{wording(call.name, call.arguments)} before {', '.join(missing)}"
                return Score(score=False, comment=said)
        if not call.error:
            done.append(call.name)
    return not_read(tool_calls) or Score(score=True)
