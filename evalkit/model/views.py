"""Views of a run: what is derived from its fields when somebody asks, and never stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from evalkit.model.document import Document, read_documents
from evalkit.model.messages.message import Message, ToolCall, parse_arguments
from evalkit.model.messages.pairing import pair_tool_calls
from evalkit.model.messages.part import BLOCK, Unread
from evalkit.model.messages.places import ANSWERS, WHOLE, answer_in, conversation_in
from evalkit.model.messages.read import read_messages
from evalkit.model.messages.told import of_exchanges
from evalkit.model.step import Step

ERROR_TYPE = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(?:\(|:|$)")
TRACEBACK_END = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)


class Viewed(Protocol):
    """The fields of a run that views are made of."""

    @property
    def inputs(self) -> Any: ...  # noqa: D102
    @property
    def outputs(self) -> Any: ...  # noqa: D102
    @property
    def extra(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def steps(self) -> tuple[Step, ...]: ...  # noqa: D102
    @property
    def steps_recorded(self) -> bool: ...  # noqa: D102
    @property
    def messages(self) -> list[Message]: ...  # noqa: D102
    @property
    def tool_calls(self) -> list[ToolCall]: ...  # noqa: D102
    def find(self, name: str | None = None, kind: str | None = None) -> list[Step]: ...  # noqa: D102


def error_type(error: str | None) -> str | None:
    """Return the exception's class named in an error text, or `None`.

    Read are a repr (`ValueError('x')`), a line (`ValueError: x`) and a traceback, whose class
    stands on the last line that begins at the margin.
    """
    if not error:
        return None
    if "Traceback (most recent call last)" in error:
        found = TRACEBACK_END.findall(error)
        return found[-1].rpartition(".")[2] if found else None
    match = ERROR_TYPE.match(error)
    name = match.group(1).rpartition(".")[2] if match else ""
    return name if name[:1].isupper() and not error[match.end() :].startswith("//") else None  # type: ignore[union-attr]


def messages(run: Viewed, unread: Unread | None = None) -> list[Message]:
    """Return the messages of this run; forms that are not read are counted in `unread`.

    Taken from the source's own list (`extra["messages"]`) where it had one, else from the outputs,
    else from what the model steps were asked and answered, else from the inputs;
    `extra["messages_start"]` says where this run's own begin in a longer thread.
    """
    extra, outputs = run.extra, run.outputs
    if "messages" in extra:
        return read_messages(extra["messages"], unread)
    found = conversation_in(outputs, unread)
    if "messages_start" in extra or any(each["role"] in ASKS for each in found):
        return found[extra.get("messages_start", 0) :]
    if found:
        return _with_what_was_asked(run, found, unread)
    if answer := answer_in(outputs, unread):
        return [*conversation_in(run.inputs, unread), *answer]
    told = of_exchanges(((s.inputs, s.outputs) for s in run.find(kind="llm")), unread)
    if any(message["role"] == "assistant" for message in told):
        return told
    return conversation_in(run.inputs, unread)


def _with_what_was_asked(
    run: Viewed, answer: list[Message], unread: Unread | None
) -> list[Message]:
    """Return the conversation that ends with an answer, which the outputs hold alone.

    The model steps tell most of it, where the last of them gave that answer; else the inputs do.
    """
    told = of_exchanges(((s.inputs, s.outputs) for s in run.find(kind="llm")), unread)
    if told and told[-1].text == answer[-1].text and told[-1]["role"] == answer[-1]["role"]:
        return told
    asked = conversation_in(run.inputs, unread)
    repeated = answer[: len(asked)] == asked
    return answer if repeated else [*asked, *answer]


def unread_forms(run: Viewed) -> Unread:
    """Count the forms of messages in a run that are not read, where its calls come from messages.

    Runs whose tool calls were recorded as steps are not looked at, unless messages stand beside.
    """
    unread: Unread = Counter()
    if "messages" in run.extra or not run.find(kind="tool"):
        messages(run, unread)
    return unread


def unread_alone(inputs: Any, outputs: Any) -> Unread:
    """Count the same in a run of which nothing was recorded but what went in and came out."""
    unread: Unread = Counter()
    if _is_silent(inputs) and _is_silent(outputs):
        return unread
    found = conversation_in(outputs, unread)
    if not any(each["role"] in ASKS for each in found):
        if not found:
            answer_in(outputs, unread)
        conversation_in(inputs, unread)
    return unread


def _is_silent(payload: Any) -> bool:
    """Tell at a glance that a payload holds no messages, as those of most tables do."""
    if type(payload) is dict:
        return SPEAKING.isdisjoint(payload)
    return payload is None or type(payload) in (str, int, float, bool)


SPEAKING = frozenset((*WHOLE, *ANSWERS, "role"))
"""Keys of which an object has one that holds messages under a name, or is one itself."""
ASKS = ("user", "system")
"""Roles that tell that messages begin with what was asked."""
MAY_CALL = re.compile(r"call|tool|func|act|invo|exec|comput|command|use", re.IGNORECASE)


class ToolCalls(list[ToolCall]):
    """The calls of a run, and the forms of messages that may hold more but are not read."""

    unread: tuple[str, ...] = ()
    recorded: bool = True
    """False when the source kept neither steps nor messages: then nobody knows of any call."""


UNREAD = "unread_messages"
"""Where `extra` names forms that were not read when tool steps were made of messages."""


def tool_calls(run: Viewed) -> ToolCalls:
    """Return the tools called, from tool steps where recorded, else from the messages."""
    steps = run.find(kind="tool")
    if steps:
        calls = ToolCalls(map(_call_of, steps))
        unread = Counter(run.extra.get(UNREAD) or ())
    else:
        unread = Counter()
        said = messages(run, unread)
        calls = ToolCalls(pair_tool_calls(said))
        calls.recorded = bool(said) or run.steps_recorded
    if unread:
        calls.unread = tuple(name for name in sorted(unread) if may_call(name))
    return calls


def may_call(form: str) -> bool:
    """Say whether what is not read may be a tool call: a record, or a block named like one."""
    return not form.startswith(BLOCK) or MAY_CALL.search(form, len(BLOCK)) is not None


def _call_of(step: Step) -> ToolCall:
    arguments = step.inputs
    if isinstance(arguments, Mapping) and set(arguments) == {"input"}:
        arguments = arguments["input"]  # LangChain wraps a tool's text input
    return ToolCall(
        name=step.name,
        arguments=parse_arguments(arguments),
        id=(step.metadata or {}).get("tool_call_id"),
        result=step.outputs,
        error=step.error,
        step_id=step.step_id,
        arguments_recorded=arguments is not None,
    )


def documents(run: Viewed) -> list[Document]:
    """Return what the retriever steps returned, in order."""
    found: list[Document] = []
    for step in run.find(kind="retriever"):
        found.extend(read_documents(step.outputs, step.step_id))
    return found


class Trajectory(tuple[str, ...]):
    """The names of the tools a run called, in order, with the other ways to see its path."""

    nodes: tuple[str, ...]
    """Nodes visited, in order, from node steps."""
    tool_calls: list[ToolCall]
    messages: list[Message]

    def __new__(
        cls,
        calls: Sequence[ToolCall],
        nodes: Iterable[str] = (),
        messages: Sequence[Message] = (),
    ) -> Trajectory:
        """Make the tuple of tool names from calls."""
        self = super().__new__(cls, (call.name for call in calls))
        self.tool_calls = list(calls)
        self.nodes = tuple(nodes)
        self.messages = list(messages)
        return self


def trajectory(run: Viewed) -> Trajectory:
    """Return the path of a run: tools, nodes and messages."""
    nodes = [step.name for step in run.find(kind="node")]
    return Trajectory(run.tool_calls, nodes, run.messages)
