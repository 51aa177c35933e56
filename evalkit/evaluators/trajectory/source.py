"""Source: the steps of a run that are compared, and where in an example the expected ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from evalkit.evaluators.trajectory.expected import Expected, Rules, read_expected
from evalkit.evaluators.trajectory.pairing import pair
from evalkit.model.messages.message import Message, ToolCall
from evalkit.model.messages.read import read_messages
from evalkit.model.run import Run
from evalkit.model.step import Step

Of = Literal["tools", "nodes", "messages"]
KEYS: dict[str, tuple[str, ...]] = {
    "tools": ("trajectory", "tool_calls", "actions", "messages"),
    "nodes": ("nodes", "node_path", "path", "steps", "trajectory"),
    "messages": ("messages", "trajectory"),
}
BORDERS = ("__start__", "__end__")
INTERRUPT = "__interrupt__"


def actual_steps(run: Run, of: str, within: str | None = None) -> Sequence[ToolCall]:
    """Return what happened in `run`: its tool calls, node visits or messages.

    `within` names a step (a sub-agent, a subgraph) and keeps what happened inside it.
    """
    if of == "tools":
        calls: Sequence[ToolCall] = run.tool_calls
        if within is None:
            return calls
        inside = {step.step_id for step in run.steps if _is_within(step, within)}
        return [call for call in calls if call.step_id in inside]
    if of == "nodes":
        return _nodes(run, within)
    if of == "messages":
        return [message_step(message) for message in run.messages]
    raise ValueError(f"cannot compare {of!r}. Known: {', '.join(get_args(Of))}")


def _is_within(step: Step, name: str) -> bool:
    return any(around.name == name for around in step.ancestors)


def _nodes(run: Run, within: str | None) -> list[ToolCall]:
    """Return node visits; a node of a subgraph is named `outer:inner`, as LangGraph writes it."""
    visits = []
    for step in run.find(kind="node"):
        if step.name in BORDERS or (within is not None and not _is_within(step, within)):
            continue
        outer = [each.name for each in reversed(step.ancestors) if each.kind == "node"]
        if within in outer:
            outer = outer[outer.index(within) + 1 :]
        name = ":".join([*outer, step.name])
        visits.append(ToolCall(name=name, arguments=None, error=step.error, step_id=step.step_id))
    if run.interrupts and within is None:
        visits.append(ToolCall(name=INTERRUPT, arguments=None))
    return visits


def message_step(message: Message) -> ToolCall:
    """Return a message as a step: its role, with the calls it asks for as arguments."""
    return ToolCall(name=message.role, arguments=message.tool_calls)


def expected_steps(reference: Any, of: str, rules: Rules) -> list[Expected] | None:
    """Read the expected steps from `reference`, or return `None` when it holds none.

    Taken is a list itself, or the first key it has of those that name trajectories
    (`trajectory`, `tool_calls`, `actions`, `messages`; for nodes also `nodes`, `path`, `steps`).
    """
    items = reference
    if isinstance(reference, Mapping):
        items = next((reference[key] for key in KEYS[of] if reference.get(key) is not None), None)
        if isinstance(items, Mapping):  # {"trajectory": {"steps": [...]}}
            return expected_steps(items, of, rules)
    if items is None:
        return None
    if of == "messages":
        return [_expected_message(message, rules) for message in read_messages(items)]
    if of == "nodes":
        items = [name for name in _flat(items) if name not in BORDERS]
    return read_expected(items, rules)


def _flat(items: Any) -> list[Any]:
    """Turns of a thread are one path: a run is one turn."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        return [items]
    return [name for item in items for name in (_flat(item) if isinstance(item, list) else [item])]


def _expected_message(message: Message, rules: Rules) -> Expected:
    calls = [Expected(c.name, c.arguments, rules.matcher(c.name)) for c in message.tool_calls]
    return Expected(message.role, calls, _same_calls)


def _same_calls(actual: Sequence[ToolCall], expected: Sequence[Expected]) -> bool:
    """Calls of one message were asked for at once, so their order says nothing."""
    return len(actual) == len(expected) and len(pair(actual, expected)) == len(actual)
