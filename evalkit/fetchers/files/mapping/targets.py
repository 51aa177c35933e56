"""Which fields a mapping may name, how each is converted, and what they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from evalkit.errors import did_you_mean
from evalkit.fetchers.files.mapping.convert import (
    to_duration,
    to_error,
    to_identity,
    to_list,
    to_moment,
    to_names,
    to_number,
    to_object,
    to_plain,
    to_status,
    to_text,
    to_whole,
)
from evalkit.model.usage import USAGE_FIELDS

Convert = Callable[[Any], Any]


class Target(NamedTuple):
    """One field of a mapping."""

    convert: Convert
    doc: str
    silent: bool = False
    """Whether it is usual that many records have none."""


RUN_TARGETS = {
    "run_id": Target(to_identity, "Names the run. Default: a hash of the record."),
    "example_id": Target(to_identity, "Names the example. Default: a hash of `inputs`."),
    "repetition": Target(to_whole, "Counts runs of one example. Default: counted as they come."),
    "name": Target(to_text, "What the application or task is called."),
    "inputs": Target(to_plain, "What went in; any JSON value."),
    "outputs": Target(to_plain, "What came out; any JSON value."),
    "reference_outputs": Target(to_plain, "What should have come out; goes to the example."),
    "messages": Target(to_list, "Chat messages: become steps, and answer `run.messages`."),
    "steps": Target(to_list, "List of objects that describe steps; instead of `messages`."),
    "status": Target(to_status, "success, error, timeout, interrupted ...; or a truth value."),
    "error": Target(to_error, "Text or object of the error; false and empty are none.", True),
    "stopped": Target(to_text, "cancelled, paused or timeout.", True),
    "created_at": Target(to_moment, "When the run was asked for."),
    "updated_at": Target(to_moment, "When the record last changed."),
    "started_at": Target(to_moment, "When it began: ISO 8601, or an epoch in s, ms, us or ns."),
    "ended_at": Target(to_moment, "When it ended."),
    "first_token_at": Target(to_moment, "When its first token came."),
    "duration_s": Target(to_duration, "Seconds it took, where there are no clock times."),
    "first_token_s": Target(to_duration, "Seconds to its first token."),
    "usage": Target(to_object, "Object of token counts and costs, under any usual names."),
    "feedback": Target(to_plain, "Object of recorded scores by key, or a list of them."),
    "tags": Target(to_names, "List of texts."),
    "metadata": Target(to_object, "Object; slices are made by it."),
    "split": Target(to_names, "Dataset split of the example."),
    "example_metadata": Target(to_object, "Object; metadata of the example."),
    "thread_id": Target(to_identity, "Conversation the run belongs to."),
    "assistant_id": Target(to_identity, "Assistant that ran."),
    "url": Target(to_text, "Where people can see the run."),
    "interrupts": Target(to_list, "What a paused run waits for.", True),
    "attachments": Target(to_object, "Attachments by name.", True),
    "extra": Target(to_object, "Anything else worth keeping."),
}
NESTED = (
    "inputs",
    "outputs",
    "reference_outputs",
    "metadata",
    "example_metadata",
    "usage",
    "feedback",
    "extra",
)
"""Fields that may be given part by part, as in `"usage.total_cost" = "cost"`."""
EXAMPLE_TARGETS = {
    "example_id": Target(to_identity, "Names the example; runs are joined by it."),
    "inputs": Target(to_plain, "What goes in."),
    "reference_outputs": Target(to_plain, "What should come out."),
    "metadata": Target(to_object, "Object; metadata of the example."),
    "split": Target(to_names, "Split or splits it belongs to."),
}


def check_target(name: str, targets: Mapping[str, Target]) -> None:
    """Raise `ValueError`, with the closest name, for a field there is not."""
    top, dot, rest = name.partition(".")
    if top not in targets:
        known = [*targets, *(f"usage.{part}" for part in USAGE_FIELDS)]
        raise ValueError(f"no field is called {name!r}.{did_you_mean(name, known)}")
    if dot and (top not in NESTED or not rest or "" in rest.split(".")):
        raise ValueError(f"{name!r}: {top} has no parts; dotted are: {', '.join(NESTED)}")
    if top == "usage" and rest and rest not in USAGE_FIELDS:
        raise ValueError(f"{name!r}: usage has no {rest!r}. It has: {', '.join(USAGE_FIELDS)}")


def target_of(name: str, targets: Mapping[str, Target]) -> Target:
    """Return the target of a field or of a part of one."""
    top, dot, rest = name.partition(".")
    if not dot:
        return targets[top]
    if top == "usage":
        return targets[top]._replace(convert=to_number if rest.endswith("cost") else to_whole)
    return targets[top]._replace(convert=to_plain)
