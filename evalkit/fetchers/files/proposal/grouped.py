"""Lines that are parts of a run: spans, calls of a model, messages."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.files.proposal import names
from evalkit.fetchers.files.proposal.amounts import (
    duration,
    moment,
    usage_expression,
)
from evalkit.fetchers.files.proposal.taking import Guess


def spans(made: Guess) -> bool:
    """Lines that are spans of traces: each trace is a run, each line a step."""
    by = {c.plain: c for c in made.columns if len(c.path) == 1}
    trace, span = by.get("traceid"), by.get("spanid") or by.get("observationid")
    parent = next(
        (by[n] for n in ("parentid", "parentspanid", "parentobservationid") if n in by), None
    )
    if trace is None or span is None or parent is None:
        return False
    for each in (trace, span, parent):
        made.drop(each)
    made.found.options["group_by"] = trace.expression
    parts = [f"step_id: {span.expression}", f"parent_id: {parent.expression}"]
    top = f"!{parent.expression}"
    for part, wanted in (
        ("name", ("name", "spanname", "operation", "operationname")),
        ("kind", ("kind", "type", "runtype", "spankind", "spantype")),
        ("inputs", (*names.INPUTS, "inputvalue", "attributesinput")),
        ("outputs", (*names.OUTPUTS, "outputvalue")),
        ("error", (*names.ERROR, "statusmessage")),
    ):
        column = made.take(wanted)
        if column is not None:
            parts.append(f"{part}: {column.expression}")
            if part in ("inputs", "outputs"):
                made.give(part, f"when({top}, {column.expression}, `null`)")
            if part == "name":
                made.give("name", f"when({top}, {column.expression}, `null`)")
    for part, wanted in (("started_at", names.STARTED), ("ended_at", names.ENDED)):
        column = made.take(wanted, moment)
        if column is not None:
            parts.append(f"{part}: {column.expression}")
            made.give(part, column.expression)
    took = duration(made)
    if took is not None:
        parts.append(f"duration_s: {took[0]}")
        made.give("duration_s", f"when({top}, {took[0]}, `null`)")
    usage = usage_expression(made)
    if usage:
        parts.append(f"usage: {usage}")
    model = made.take(names.MODEL)
    if model is not None:
        parts.append(f"model: {model.expression}")
    status = made.take(names.STATUS, lambda c: c.scalar)
    if status is not None:
        made.give("status", f"when({top}, {status.expression}, `null`)")
    made.give("steps", f"[{{{', '.join(parts)}}}]", "a step for each line")
    return True


def groups(made: Guess) -> bool:
    """Lines that are calls or messages of a longer run: propose what makes them one."""
    top = [c for c in made.columns if c.scalar and c.most and len(c.path) <= 2]
    plains = {c.plain for c in made.columns}
    counted = any("usage" in c.plain or "tokens" in c.words for c in made.columns)
    call = counted and bool(plains & {"request", "response", "choices", "model"})
    message = {"role", "content"} <= {c.plain for c in made.columns if len(c.path) == 1}
    own = {c.plain for c in top if c.unique}
    for wanted in names.GROUP:
        for column in top:
            repeats = 1 < column.distinct < column.records or (
                column.distinct == 1 < column.records
            )
            if column.plain != wanted or not repeats or not (call or message):
                continue
            if "session" not in wanted and not (own or message) and "trace" not in wanted:
                continue
            made.found.options["group_by"] = column.expression
            made.found.notes.append(
                f"{column.records} lines, {column.distinct} different {column.name}: lines with "
                "the same one are made one run; without group_by every line is a run"
            )
            made.drop(column)
            line = made.take(names.LINE_ID, lambda c: c.unique)
            if line is not None:
                made.found.options["line_id"] = line.expression
            return True
    return False


def conversation(made: Guess, *, grouped: bool) -> None:
    """Messages and steps; of a log of messages every line is one."""
    by = {c.plain: c for c in made.left if len(c.path) == 1}
    if grouped and {"role", "content"} <= by.keys():
        parts = [f"{c.name}: {c.expression}" for c in made.left
                 if len(c.path) == 1 and c.name in
                 ("role", "content", "name", "tool_calls", "tool_call_id")]  # fmt: skip
        for name in ("role", "content", "toolcalls", "toolcallid"):
            if name in by:
                made.drop(by[name])
        made.give("messages", f"[{{{', '.join(parts)}}}]")
        made.give("inputs", "when(role == 'user', {input: content}, `null`)")
        made.give("outputs", "when(role == 'assistant', {output: content}, `null`)")
        return
    said = [c for c in made.left if c.messages]
    if said:
        best = min(said, key=lambda c: (c.plain not in names.MESSAGES, len(c.path)))
        answer = _choice(made)
        made.drop(best)
        if answer or grouped:
            made.give("inputs", f"{{messages: {best.expression}}}")
            if answer:
                made.give("outputs", f"{{answer: {answer}}}")
            return
        made.give("messages", best.expression)
        speaker = "role == 'user' || type == 'human' || from == 'human'"
        other = "role == 'assistant' || type == 'ai' || from == 'gpt'"
        if any(_asks(item) for value in best.values for item in value):
            made.give("inputs", f"{{input: {best.expression}[?{speaker}] | [0]}}")
        made.give("outputs", f"{{output: {best.expression}[?{other}] | [-1]}}")
    steps = [c for c in made.left if c.steps and (c.plain in names.STEPS or not c.messages)]
    if steps and not said:
        best = min(steps, key=lambda c: (c.plain not in names.STEPS, len(c.path)))
        made.drop(best)
        tools = best.plain in ("toolcalls", "calls")
        whole = f"{best.expression}[].merge({{kind: 'tool'}}, @)" if tools else best.expression
        made.give("steps", whole)


def _asks(message: Any) -> bool:
    roles = (message.get("role"), message.get("type"), message.get("from"))
    return bool({"user", "human"} & set(map(str, roles)))


def _choice(made: Guess) -> str | None:
    """Return the path to what a chat API answered."""
    for column in made.left:
        if column.plain == "choices" and column.all_are(list):
            made.drop(column)
            return f"{column.expression}[0].message.content"
    for column in made.left:
        inner = column.plain in ("message", "output") and column.all_are(dict)
        if inner and all("content" in value for value in column.values):
            made.drop(column)
            return f"{column.expression}.content"
    return None
