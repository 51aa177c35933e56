"""Spans of a trace, whatever recorded them, become the steps of a run; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from evalkit.fetchers.assemble import Flat, assemble
from evalkit.model.accounting.rollup import roll_up
from evalkit.model.step import Step
from evalkit.model.usage import Usage

LAST = datetime.max
TEXT_LAYERS = 3
"""How often a payload may have been written as text inside text."""


@dataclass(slots=True, kw_only=True)
class Span:
    """One recorded operation, its parts already under the model's names."""

    id: str
    parent_id: str | None = None
    trace_id: str = ""
    name: str = ""
    kind: str = "other"
    inputs: Any = None
    outputs: Any = None
    error: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    first_token_at: datetime | None = None
    usage: Usage | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def step(self, parent_id: str | None, usage: Usage | None) -> Step:
        """Return the span as a step inside another one, or directly inside the run.

        `usage` is what it took beyond the spans inside it.
        """
        return Step(
            step_id=self.id,
            parent_id=parent_id,
            kind=self.kind,
            name=self.name,
            inputs=self.inputs,
            outputs=self.outputs,
            error=self.error,
            started_at=self.started_at,
            ended_at=self.ended_at,
            first_token_at=self.first_token_at,
            usage=usage,
            metadata=self.metadata,
        )


def roots_of(spans: Sequence[Span]) -> list[Span]:
    """Return the spans without a known parent, in start order."""
    known = {span.id for span in spans}
    found = [span for span in spans if span.parent_id not in known or span.parent_id == span.id]
    return sorted(found, key=_started)


class Walked(NamedTuple):
    """The steps of a trace in the order one walks them, and what they took."""

    steps: list[Step]
    usage: Usage | None
    orphans: int


def steps_of(spans: Sequence[Span], root: str, stated: Usage | None = None) -> Walked:
    """Return the steps below `root`; `stated` is what the root itself says it took.

    A step keeps what it states beyond the steps inside it, so that all steps add up.
    """
    flats = [
        Flat(span.id, [span.parent_id] if span.parent_id else [], _started(span), span)
        for span in spans
    ]
    tree = assemble(root, flats)
    rolled = roll_up([(each.record.id, each.parent_id, each.record.usage) for each in tree.placed],
                     stated)  # fmt: skip
    steps = [
        placed.record.step(placed.parent_id, usage)
        for placed, usage in zip(tree.placed, rolled.own, strict=True)
    ]
    return Walked(steps, rolled.total, len(tree.orphans))


def _started(span: Span) -> tuple[bool, datetime]:
    if span.started_at is None:
        return True, LAST
    return False, span.started_at.replace(tzinfo=None)


def payload(value: Any) -> Any:
    """Return what a payload holds that was written as JSON text, even twice over."""
    for _ in range(TEXT_LAYERS):
        if not isinstance(value, str) or value[:1] not in ('"', "{", "["):
            return value
        try:
            value = orjson.loads(value)
        except ValueError:
            return value
    return value


def tool_name(name: object) -> str:
    """Return a tool's own name where a tracer put words around it, as in `execute_tool add`."""
    text = str(name or "tool")
    for words in ("execute_tool ", "running tool: ", "tool: "):
        text = text.removeprefix(words)
    return text.removesuffix(".tool") or "tool"
