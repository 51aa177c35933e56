"""Tool calls and their answers, however a block or an item spells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.model.messages.fields import Block, as_id, first, tag_of, words
from evalkit.model.messages.part import Answer, Atom, Call, Part

# fmt: off
NAMES = ("toolName", "tool_name", "name")
IDS = ("tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "call_id", "callId", "id")
ARGUMENTS = ("arguments", "args", "input", "parameters", "tool_kwargs", "kwargs", "action",
             "actions", "operation", "partial_args", "rawInput")
RESULTS = ("output", "content", "result", "response", "responseData", "results", "outputs", "tools",
           "errorText", "value", "artifact")
HOSTED = {
    "web-search-call": ("action", ()), "file-search-call": ("queries", ("results",)),
    "code-interpreter-call": ("code", ("outputs",)), "image-generation-call": ("", ("result",)),
    "mcp-call": ("arguments", ("output", "error")), "tool-search-call": ("arguments", ()),
}
"""Tools that OpenAI runs itself: where arguments and results of the one item stand."""
# fmt: on


def read_call(block: Block, name: str | None = None) -> list[Atom]:
    """Read a tool call of any spelling; a call without a name is none."""
    inner = block.get("function", block.get("custom"))
    inner = inner if isinstance(inner, Mapping) else block.get("functionCall")
    held = inner if isinstance(inner, Mapping) else block
    found = first(held, NAMES) or name
    if found is None and isinstance(block.get("function"), str):
        found = block["function"]  # AgentDojo and Inspect write the name alone
    if not isinstance(found, str):
        return []
    given = first(held, ARGUMENTS)
    if given is None and held is not block:
        given = first(block, ARGUMENTS)
    error = block.get("error", block.get("parse_error"))
    return [Call(found, given, as_id(first(block, IDS)), error if isinstance(error, str) else None)]


def item_call(block: Block) -> list[Atom]:
    """Read an item whose type is the tool: `computer_call`, `local_shell_call` and their like."""
    tag = tag_of(block) or "tool"
    return read_call(block, tag.removesuffix("-call").replace("-", "_"))


def hosted(block: Block) -> list[Atom]:
    """Read a call that the model's side made and answered in one item."""
    tag = tag_of(block) or ""
    asked, given = HOSTED[tag]
    name = block.get("name") or tag.removesuffix("-call").replace("-", "_")
    key = as_id(first(block, ("call_id", "id")))
    arguments = block.get(asked)
    if (arguments is not None and not isinstance(arguments, str | Mapping)) or asked == "code":
        arguments = {asked: arguments}
    call = Call(str(name), arguments, key)
    error = block.get("error")
    failed = bool(error) or block.get("status") in ("failed", "incomplete")
    content = error if error else first(block, given)
    if content is None and not failed:
        return [call]
    return [call, Answer(content, key, str(name), failed)]


def read_answer(block: Block) -> list[Atom]:
    """Read what a tool gave back."""
    content, wrapped_failure = _unwrapped(first(block, RESULTS))
    origin = block.get("origin")
    key, name = first(block, IDS), first(block, NAMES)
    if isinstance(origin, Mapping):  # Haystack repeats the call
        key, name = first(origin, IDS), first(origin, NAMES)
    failed = wrapped_failure or is_failure(block)
    if content is None and failed:
        content = first(block, ("error", "exception", "errorText"))
    return [Answer(content, as_id(key), name if isinstance(name, str) else None, failed)]


def is_failure(block: Block) -> bool:
    """Say whether an answer is that of a call that failed."""
    if block.get("is_error") or block.get("isError") or block.get("exception"):
        return True
    state = block.get("status", block.get("state"))
    if isinstance(state, str) and state.lower() in ("error", "failed", "output-error", "failure"):
        return True
    error = block.get("error")
    return (bool(error) and not isinstance(error, int | float)) or error is True


def _unwrapped(content: Any) -> tuple[Any, bool]:
    """Return an answer's value, and whether its wrapping says that the call failed."""
    if not isinstance(content, Mapping):
        return content, False
    kind = content.get("type")
    if isinstance(kind, str):
        if set(content) <= {"type", "value", "reason", "providerOptions"}:  # Vercel
            bad = kind in ("error-text", "error-json", "execution-denied")
            return content.get("value", content.get("reason")), bad
        if kind.endswith("_error") and "error_code" in content:  # Anthropic's own tools
            return content, True
    return content, False


def gemini_answer(inner: Any, _: Block) -> list[Atom] | None:
    """Read an answer of Gemini's form; its wrapping says whether the call failed."""
    if not isinstance(inner, Mapping):
        return None
    response = inner.get("response")
    failed = False
    if isinstance(response, Mapping) and len(response) == 1:
        ((key, value),) = response.items()
        if key in ("result", "output", "error"):
            response, failed = value, key == "error"
    return [Answer(response, as_id(inner.get("id")), inner.get("name"), failed)]


def ui_tool(block: Block, name: str) -> list[Atom]:
    """Read a tool part of a Vercel UI message, which holds the call and, later, its answer."""
    key, given = as_id(block.get("toolCallId")), first(block, ("input", "args", "rawInput"))
    named = str(block.get("toolName") or name)
    atoms: list[Atom] = [Call(named, given, key)]
    if block.get("state") in ("output-available", "result") or "result" in block:
        atoms.append(Answer(first(block, ("output", "result")), key, named))
    elif block.get("state") == "output-error":
        atoms.append(Answer(block.get("errorText"), key, named, True))
    return atoms


def ui_invocation(block: Block) -> list[Atom]:
    """Read the tool part of an older Vercel UI message."""
    inner = block.get("toolInvocation")
    held = inner if isinstance(inner, Mapping) else block
    return ui_tool(held, "tool")


def dynamic_tool(block: Block) -> list[Atom]:
    """Read a tool part whose name stands inside it."""
    return ui_tool(block, "tool")


def ran_code(inner: Any, _: Block) -> list[Atom] | None:
    """Read code that Gemini ran as a call of the tool that runs it."""
    return [Call("code_execution", dict(inner))] if isinstance(inner, Mapping) else None


def code_result(inner: Any, _: Block) -> list[Atom] | None:
    """Read what code that Gemini ran gave back."""
    if not isinstance(inner, Mapping):
        return None
    failed = str(inner.get("outcome", "OUTCOME_OK")).upper() not in ("OUTCOME_OK", "OK")
    return [Answer(inner.get("output"), as_id(inner.get("id")), "code_execution", failed)]


def retry(block: Block) -> list[Atom]:
    """Read pydantic-ai's demand to try again: a failed answer, or words to the model."""
    if block.get("tool_name") is None:
        return [Part(kind="text", text=words(block.get("content")))]
    name, key = block["tool_name"], as_id(block.get("tool_call_id"))
    return [Answer(block.get("content"), key, name, True)]
