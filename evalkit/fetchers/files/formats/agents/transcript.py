"""Transcript: collects the model and tool calls of one session, and makes the run of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from evalkit.fetchers.files.mapping.convert import moment_or_note
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.timing import seconds_between
from evalkit.model.usage import Usage, total_usage

UNANSWERED = "unanswered"
"""How a session stands that breaks off where an answer is due."""


class Transcript:
    """The steps of one session, in order; a call that comes in pieces is one step."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        """The conversation as recorded, in any form evalkit reads."""
        self._calls: dict[str, dict[str, Any]] = {}
        self.first: datetime | None = None
        self.last: datetime | None = None

    def see(self, time: Any) -> datetime | None:
        """Take the time of a line; the session lasts from the first to the last of them."""
        moment = moment_or_note(time)
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)
        return moment

    def model(self, call_id: str, **fields: Any) -> dict[str, Any]:
        """Return the fields of a model call, new or known; `usage` stands for the whole call."""
        return self._step("llm", call_id, fields)

    def tool(self, call_id: str, **fields: Any) -> dict[str, Any]:
        """Return the fields of a tool call, new or known."""
        known = self._step("tool", call_id, fields)
        known.setdefault("metadata", {})["tool_call_id"] = call_id
        return known

    def _step(self, kind: str, call_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        known = self._calls.setdefault(f"{kind} {call_id}", {"kind": kind, "step_id": call_id})
        known.update(given)
        return known

    def has_tool(self, call_id: str) -> bool:
        """Tell whether a tool was called under this id."""
        return f"tool {call_id}" in self._calls

    @property
    def call_ids(self) -> set[str]:
        """The ids of the model calls so far."""
        return {str(each["step_id"]) for each in self.model_calls}

    @property
    def model_calls(self) -> list[dict[str, Any]]:
        """The model calls so far."""
        return [each for each in self._calls.values() if each["kind"] == "llm"]

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """The tool calls so far."""
        return [each for each in self._calls.values() if each["kind"] == "tool"]

    def steps(self) -> list[Step]:
        """Return the calls as steps."""
        return [Step(**self._finished(each)) for each in self._calls.values()]

    def _finished(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        usage = fields.get("usage")
        named = {**fields, "name": str(fields.get("name") or fields["kind"])}
        return {**named, "usage": usage if isinstance(usage, Usage) else usage_or_note(usage)}

    def usage(self) -> Usage | None:
        """Return what all calls used together."""
        return total_usage(step.usage for step in self.steps())

    def run(self, run_id: str, *, usage: Usage | None = None, **fields: Any) -> Run:
        """Return the run; `usage` is what the agent states for the whole of it, if it does."""
        steps = self.steps()
        extra = {"messages": self.messages} if self.messages else {}
        told = fields.pop("extra", None) or {}
        defaults: dict[str, Any] = {
            "thread_id": run_id,
            "started_at": self.first,
            "ended_at": self.last,
            "steps": steps,
            "usage": usage or total_usage(step.usage for step in steps),
            "extra": {**extra, **told},
        }
        return Run(run_id=run_id, **(defaults | fields))


def text_in(content: Any) -> str:
    """Return the text of a message's content: of a text itself, else of its text blocks."""
    if isinstance(content, str):
        return content
    blocks: Iterable[Any] = content if isinstance(content, list) else ()
    texts = [each.get("text") for each in blocks if isinstance(each, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))


def lasted(run: Run) -> float | None:
    """Return the seconds a run took by its first and last line."""
    return seconds_between(run.started_at, run.ended_at, None)
